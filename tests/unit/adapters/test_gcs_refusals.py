"""What is read from an answer that refuses a request, and what is never taken for a reason."""

import json
from typing import Any

import pytest

from adapters.gcs_errors import meaning_of
from adapters.gcs_refusals import Refusal, refusal_of
from adapters.kept_connections import Answer
from tests.refusals import HASH, INVALID, MISCONFIGURED, PASSES, PHRASES, Told
from transfer.errors import LandfallError, Misconfigured, StoreUnavailable, TokenMoved

CONDITION = "At least one of the pre-conditions you specified did not hold."


def told(status: int, reason: str | None, message: str) -> Refusal:
    if reason is None:
        return refusal_of(Answer(status, {}, message.encode()))
    error: dict[str, Any] = {"code": status, "message": message}
    if reason.isupper():
        error["details"] = [
            {"@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": []},
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason},
        ]
    else:
        error["errors"] = [{"message": message, "domain": "global", "reason": reason}]
    return refusal_of(Answer(status, {}, json.dumps({"error": error}).encode()))


def meaning(refusal: Refusal, *, is_conditional: bool = False) -> LandfallError | TokenMoved:
    return meaning_of(refusal, "landing", is_conditional=is_conditional)


@pytest.mark.parametrize("is_conditional", [False, True])
@pytest.mark.parametrize("case", MISCONFIGURED.values(), ids=MISCONFIGURED)
def test_what_an_operator_can_mend_is_said(case: Told, is_conditional: bool) -> None:
    refusal = told(case.status, case.reason, case.message)

    error = meaning(refusal, is_conditional=is_conditional)

    assert not refusal.may_pass
    with pytest.raises(Misconfigured, match=case.words):
        raise error
    assert "{" not in str(error)


@pytest.mark.parametrize("is_conditional", [False, True])
@pytest.mark.parametrize("case", [*PASSES.values(), *INVALID.values()], ids=[*PASSES, *INVALID])
def test_what_no_setting_is_the_cause_of_is_said_by_its_reason(
    case: Told, is_conditional: bool
) -> None:
    refusal = told(case.status, case.reason, case.message)

    assert refusal.may_pass == (case in PASSES.values())
    with pytest.raises(StoreUnavailable, match=case.words):
        raise meaning(refusal, is_conditional=is_conditional)


@pytest.mark.parametrize("message", HASH.values(), ids=HASH)
@pytest.mark.parametrize("status", [400, 412])
@pytest.mark.parametrize("reason", ["invalid", "badRequest", "conditionNotMet", None])
def test_a_refused_checksum_is_known_by_its_message(
    message: str, status: int, reason: str | None
) -> None:
    assert isinstance(meaning(told(status, reason, message), is_conditional=True), TokenMoved)


@pytest.mark.parametrize("reason", ["conditionNotMet", None])
def test_a_condition_that_does_not_hold_counts_only_if_it_was_sent(reason: str | None) -> None:
    refusal = told(412, reason, CONDITION)

    assert isinstance(meaning(refusal, is_conditional=True), TokenMoved)
    with pytest.raises(StoreUnavailable, match="412"):
        raise meaning(refusal)


XML = {
    "OrgPolicyConstraintFailed": "organization policy",
    "UserProjectMissing": "--no-requester-pays",
    "AccessDenied": "roles/storage.objectUser",
    "NoSuchBucket": "does not exist: create it",
    "RetentionPolicyNotMet": "--clear-retention-period",
}


@pytest.mark.parametrize(("code", "words"), XML.items())
@pytest.mark.parametrize("head", ["", "<?xml version='1.0' encoding='UTF-8'?>"])
def test_xml_is_read_as_well(code: str, words: str, head: str) -> None:
    """https://github.com/GoogleCloudPlatform/gsutil/pull/1782"""
    body = f"{head}<Error><Code>{code}</Code><Message>m</Message><Details>d</Details></Error>"

    with pytest.raises(Misconfigured, match=words):
        raise meaning(refusal_of(Answer(403, {}, body.encode())))


@pytest.mark.parametrize("phrase", PHRASES)
@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (404, "notFound", "No such object: landing/{}"),
        (404, "notFound", "Object landing/{} (generation: 17) not found."),
        (404, None, "No such object: landing/{}"),
        (400, "invalid", "Invalid object name: '{}'"),
        (403, "newReason", "a@b does not have storage.objects.get access to landing/{}."),
        (412, "conditionNotMet", "The object '{}' is another by now."),
    ],
)
def test_a_name_in_a_text_is_no_reason(
    status: int, reason: str | None, message: str, phrase: str
) -> None:
    for name in (phrase, f"a/{phrase}/b", f"x' {phrase}", f"{phrase}\n{phrase}"):
        refusal = told(status, reason, message.format(name))

        assert (refusal.status, refusal.reason) == (status, reason or "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'{"error": "invalid_grant"}',
        b'{"error": null}',
        b'{"error": {"errors": 7, "message": []}}',
        b'{"error": {"errors": [7, null]}}',
        b'{"error": {"errors": [{"reason": ["forbidden"]}]}}',
        b'{"error": {"errors": [{"reason": "https://secret?upload_id=1"}]}}',
        b'{"error": {"errors": [{"reason": "' + b"a" * 61 + b'"}]}}',
        b'{"error": ' * 100_000,
        b"[" * 100_000,
        b"<Error>" * 10_000,
        b"<html><title>Error 502 (Server Error)!!1</title>" + b"x" * 100_000,
    ],
)
def test_what_cannot_be_read_leaves_the_status(body: bytes) -> None:
    refusal = refusal_of(Answer(502, {}, body))

    assert str(refusal) == "502"
    assert str(meaning(refusal)) == "Cloud Storage answered 502."


@pytest.mark.parametrize("message", ["https://secret?upload_id=1", *HASH.values()])
def test_no_foreign_text_is_kept(message: str) -> None:
    refusal = told(400, "invalid", message)

    assert message not in repr(vars(refusal)) + repr(refusal) + str(meaning(refusal))


def test_space_before_an_error_in_xml_is_passed_over() -> None:
    body = b"\n <?xml version='1.0'?>\n<Error>\n <Code>SlowDown</Code></Error>"

    assert refusal_of(Answer(503, {}, body)).key == "slowdown"


@pytest.mark.timeout(4)  # tried from each of its bytes anew, it takes 5 s and more
@pytest.mark.parametrize("body", [64_000 * b"\n", 64_000 * b"[", b"<Error>" + 64_000 * b" "])
def test_an_answer_of_nothing_but_the_same_has_no_reason(body: bytes) -> None:
    assert refusal_of(Answer(503, {}, body)).reason == ""
