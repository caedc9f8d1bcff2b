"""Every failure is an answer of one form, and its status says whether to send again."""

import inspect
import logging
from collections.abc import Callable

import pytest
from flask import Flask, Response, abort, jsonify, request
from werkzeug.test import TestResponse

from handlers.api_key import CallerCheck
from handlers.app import create_app
from handlers.body import MAX_BYTES, read_message_body
from handlers.errors import TABLE, RequestRefused, answer_with
from handlers.spec import Operation
from transfer import errors
from transfer.errors import LandfallError, Misconfigured, Refused, Unavailable

CANARY = "X-Amz-Signature=5ec2e7"
THING = Operation("doThing", "POST", "/thing", None)


def leaves() -> list[type[LandfallError]]:
    """What adapters and rules may raise."""
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    branches = (LandfallError, Refused, Unavailable)
    return [kind for kind in found if issubclass(kind, LandfallError) and kind not in branches]


def answer_to(handler: Callable[[], Response], data: bytes = b"") -> TestResponse:
    app = create_app([THING], {"doThing": handler}, CallerCheck([THING], lambda: ()))
    return app.test_client().post("/thing", data=data, content_type="application/json")


def answer_to_raising(error: Exception) -> TestResponse:
    def handler() -> Response:
        raise error

    return answer_to(handler)


def assert_envelope(answer: TestResponse, code: int, status: str, reason: str) -> str:
    """Check everything but the words, which are returned."""
    assert answer.status_code == code
    assert answer.mimetype == "application/json"
    body = answer.get_json()
    message: str = body["error"]["message"]
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "landfall",
    }
    assert body == {
        "error": {"code": code, "status": status, "message": message, "details": [detail]}
    }
    return message


@pytest.mark.parametrize("kind", leaves())
def test_every_condition_is_in_the_table(kind: type[LandfallError]) -> None:
    code, status = TABLE[kind.reason]

    assert_envelope(answer_to_raising(kind("words")), code, status, kind.reason)


@pytest.mark.parametrize("kind", leaves())
def test_a_server_error_means_that_sending_again_may_help(kind: type[LandfallError]) -> None:
    code, _ = TABLE[kind.reason]

    assert (code == 503) is issubclass(kind, Unavailable)
    assert (code == 500) is issubclass(kind, Misconfigured)
    assert (400 <= code < 500) is issubclass(kind, Refused)


def test_conditions_share_a_reason_only_with_their_own_parent() -> None:
    by_reason: dict[str, list[type[LandfallError]]] = {}
    for kind in leaves():
        by_reason.setdefault(kind.reason, []).append(kind)

    for kinds in by_reason.values():
        parent = min(kinds, key=lambda kind: len(kind.__mro__))
        assert all(issubclass(kind, parent) for kind in kinds)


def test_the_table_is_that_of_the_contract() -> None:
    by_code: dict[tuple[int, str], set[str]] = {}
    for reason, row in TABLE.items():
        by_code.setdefault(row, set()).add(reason)

    assert by_code == {
        (400, "INVALID_ARGUMENT"): {
            "MALFORMED_BODY",
            "INVALID_MESSAGE",
            "URL_REFUSED",
            "KEY_IN_QUERY",
            "METHOD_OVERRIDE",
        },
        (401, "UNAUTHENTICATED"): {"API_KEY_MISSING", "API_KEY_INVALID"},
        (403, "PERMISSION_DENIED"): {"BUCKET_NOT_ALLOWED"},
        (404, "NOT_FOUND"): {"NOT_FOUND", "NOT_LANDED"},
        (405, "UNIMPLEMENTED"): {"METHOD_NOT_ALLOWED"},
        (410, "FAILED_PRECONDITION"): {"SOURCE_GONE"},
        (413, "INVALID_ARGUMENT"): {"BODY_TOO_LARGE", "OBJECT_TOO_LARGE"},
        (415, "INVALID_ARGUMENT"): {"NOT_JSON"},
        (422, "FAILED_PRECONDITION"): {"SOURCE_REFUSED"},
        (429, "RESOURCE_EXHAUSTED"): {"RATE_LIMITED"},
        (500, "INTERNAL"): {"MISCONFIGURED", "INTERNAL"},
        (503, "UNAVAILABLE"): {
            "URL_EXPIRED",
            "SOURCE_UNAVAILABLE",
            "SOURCE_CORRUPT",
            "STORE_UNAVAILABLE",
            "NOTIFY_UNAVAILABLE",
            "OVERLOADED",
            "DRAINING",
            "STARTING",
        },
    }


@pytest.mark.parametrize("kind", [kind for kind in leaves() if issubclass(kind, Refused)])
def test_a_refusal_explains_itself(kind: type[LandfallError]) -> None:
    assert answer_to_raising(kind("what to do")).get_json()["error"]["message"] == "what to do"


@pytest.mark.parametrize("kind", [kind for kind in leaves() if not issubclass(kind, Refused)])
def test_details_of_a_server_error_go_to_the_log_only(
    kind: type[LandfallError], caplog: pytest.LogCaptureFixture
) -> None:
    answer = answer_to_raising(kind("the bucket canary-landing is missing"))

    assert "canary" not in answer.text
    assert "canary-landing" in caplog.text
    assert kind.reason in caplog.text


@pytest.mark.parametrize("kind", [kind for kind in leaves() if issubclass(kind, Unavailable)])
def test_every_503_says_when_to_come_back(kind: type[Unavailable]) -> None:
    assert answer_to_raising(kind("words", 7)).headers["Retry-After"] == "7"
    assert answer_to_raising(kind("words")).headers["Retry-After"] == "5"


def test_only_a_503_says_when_to_come_back() -> None:
    assert "Retry-After" not in answer_to_raising(Misconfigured("words")).headers
    assert "Retry-After" not in answer_to_raising(RequestRefused("NOT_JSON", "words")).headers


def test_a_401_names_the_scheme() -> None:
    with Flask("test").test_request_context():
        assert answer_with("API_KEY_MISSING", "words").headers["WWW-Authenticate"] == "ApiKey"
        assert "WWW-Authenticate" not in answer_with("NOT_JSON", "words").headers


@pytest.mark.parametrize(
    "error", [ValueError(CANARY), KeyError(CANARY), RecursionError(), OSError()]
)
def test_the_unexpected_is_internal_and_shows_nothing(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    answer = answer_to_raising(error)

    assert CANARY not in assert_envelope(answer, 500, "INTERNAL", "INTERNAL")
    assert type(error).__name__ in caplog.text
    assert caplog.records[-1].levelno == logging.ERROR


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (404, "NOT_FOUND", "NOT_FOUND"),
        (405, "UNIMPLEMENTED", "METHOD_NOT_ALLOWED"),
        (413, "INVALID_ARGUMENT", "BODY_TOO_LARGE"),
        (415, "INVALID_ARGUMENT", "NOT_JSON"),
    ],
)
def test_the_frameworks_own_errors_have_the_same_form(code: int, status: str, reason: str) -> None:
    assert_envelope(answer_to(lambda: abort(code)), code, status, reason)


@pytest.mark.parametrize("code", [400, 408, 414, 431])
def test_the_frameworks_other_refusals_are_of_a_malformed_request(code: int) -> None:
    assert_envelope(answer_to(lambda: abort(code)), 400, "INVALID_ARGUMENT", "MALFORMED_BODY")


def test_a_failure_of_the_framework_is_ours() -> None:
    assert_envelope(answer_to(lambda: abort(503)), 500, "INTERNAL", "INTERNAL")


@pytest.mark.parametrize(("length", "code"), [(MAX_BYTES, 200), (MAX_BYTES + 1, 413)])
def test_a_body_has_at_most_64_kib(length: int, code: int) -> None:
    body = b"{}" + (length - 2) * b" "

    answer = answer_to(lambda: jsonify(read_message_body(request).fields), body)

    assert answer.status_code == code
    assert MAX_BYTES == 64 * 1024
