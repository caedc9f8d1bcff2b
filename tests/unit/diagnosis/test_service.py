"""What the answers of a running Landfall, or of whatever stands before it, are taken for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from diagnosis.finding import Finding, Verdict
from diagnosis.service import check_service
from transfer.errors import Unavailable

KEY = "canary-api-key-5d1f"
NOW = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
DATE = "Fri, 27 Nov 2026 18:00:00 GMT"


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"date": DATE})


def answer(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode())


def refusal(status: int, reason: str) -> Answer:
    return answer(status, {"error": {"details": [{"reason": reason, "domain": "landfall"}]}})


class FakeService:
    """Healthy, but for the answers that a test sets."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | None] = {
            "/healthz": answer(200, {"status": "ok"}),
            "/readyz": answer(200, {"status": "ready", "checks": {"store": "ok", "topic": "ok"}}),
            "without a key": refusal(401, "API_KEY_MISSING"),
            "with a key": answer(200, {"status": "missing"}),
        }
        self.messages: list[dict[str, Any]] = []

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        if method == "POST":
            self.messages.append(json.loads(body))
            path = "with a key" if "x-api-key" in (headers or {}) else "without a key"
        found = self.answers[path]
        if found is None:
            raise Unavailable("The host takes no connection.")
        return found

    def findings(self, key: str | None = KEY, bucket: str | None = None) -> list[Finding]:
        found = list(check_service(self, key, bucket, "landfall.example", lambda: NOW))
        assert all(KEY not in one.text for one in found)
        return found

    def fault(self, check: str, bucket: str | None = None) -> str:
        (fault,) = [one for one in self.findings(bucket=bucket) if one.verdict is Verdict.FAILED]
        assert fault.check == check
        return fault.text


@pytest.fixture
def service() -> FakeService:
    return FakeService()


def test_a_healthy_one_has_no_fault_and_is_only_asked(service: FakeService) -> None:
    assert {one.verdict for one in service.findings()} == {Verdict.OK}
    assert all(message["validateOnly"] is True for message in service.messages)


def test_nobody_answers(service: FakeService) -> None:
    service.answers["/healthz"] = None

    assert "Correct the URL" in service.fault("health")
    assert [one.verdict for one in service.findings()[1:]] == [Verdict.NOT_CHECKED] * 3


def test_somebody_else_answers(service: FakeService) -> None:
    service.answers["/healthz"] = Answer(200, b"<html>")

    assert "which is not Landfall. Correct the URL" in service.fault("health")


STRANGE: dict[str, dict[str, Answer | None]] = {
    "another page": {"/healthz": Answer(200, b"<html>")},
    "a health page that answers every path": {"/readyz": answer(200, {"status": "ok"})},
    "a service that is not ready": {"/readyz": answer(503, {"status": "starting"})},
    "checks of a service that is not ready": {"/readyz": answer(503, {"checks": {"db": "down"}})},
    "a gateway without an instance": {"/readyz": Answer(503, b"<html>")},
    "an error page": {"/readyz": Answer(404, b"<html>")},
    "a server that hangs up": {"/readyz": None},
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_what_is_not_landfall_never_gets_the_key(
    strange: dict[str, Answer | None], service: FakeService
) -> None:
    service.answers |= strange

    findings = service.findings()

    assert service.messages == []
    assert [one.verdict for one in findings[-2:]] == [Verdict.NOT_CHECKED] * 2


@pytest.mark.parametrize("body", [{"status": "ok"}, {"status": "landing"}, {}, [], "ok", None])
def test_a_200_that_landfall_does_not_give_is_a_fault(service: FakeService, body: Any) -> None:
    service.answers["with a key"] = answer(200, body)

    assert "answered 200, not as Landfall does" in service.fault("message")


def test_a_gateway_with_nothing_behind_it(service: FakeService) -> None:
    service.answers["/healthz"] = Answer(502)

    assert "see that an instance runs behind its gateway" in service.fault("health")


def test_what_a_stranger_says_is_not_repeated(service: FakeService) -> None:
    service.answers["/readyz"] = answer(200, {"checks": {"\x1b[2J": KEY}})
    service.answers["with a key"] = refusal(400, f"\x1b[2J{KEY}")

    texts = [one.text for one in service.findings()]

    assert not any("\x1b" in text for text in texts)
    assert any("it found: ? ?" in text for text in texts)


def test_a_store_that_was_not_usable_when_it_started(service: FakeService) -> None:
    service.answers["/readyz"] = answer(200, {"checks": {"store": "MISCONFIGURED", "topic": "ok"}})

    assert "it found: store MISCONFIGURED. Look at its log" in service.fault("readiness")


def test_one_that_is_about_to_end(service: FakeService) -> None:
    service.answers["/readyz"] = refusal(503, "DRAINING")

    assert "answers 503: it is starting or about to end" in service.fault("readiness")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer(200, {"status": "missing"}), "anybody gets in. Take it off the net"),
        (refusal(403, "BUCKET_NOT_ALLOWED"), "anybody gets in. Take it off the net"),
        (Answer(302), "302, not 401. Correct the URL"),
        (Answer(404), "404, not 401. Correct the URL"),
        (Answer(502), "502. Look at its log"),
        (None, "takes no connection. Look at its log"),
    ],
)
def test_strangers_are_not_refused(service: FakeService, given: Answer | None, words: str) -> None:
    service.answers["without a key"] = given

    assert words in service.fault("strangers")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (refusal(401, "API_KEY_INVALID"), "Landfall refuses the key: see that its entry"),
        (answer(400, {"code": 3, "message": KEY}), "gateway refuses the key (400): see in the"),
        (answer(403, {"code": 7, "message": "no"}), "gateway refuses the key (403): see in the"),
        (refusal(403, "BUCKET_NOT_ALLOWED"), "objects of models in AWS: add it to SOURCE_BU"),
        (refusal(500, "MISCONFIGURED"), "answered 500 MISCONFIGURED. Look at its log"),
        (refusal(429, "RATE_LIMITED"), "answered 429 RATE_LIMITED. See the README"),
    ],
)
def test_the_message_is_refused(service: FakeService, given: Answer, words: str) -> None:
    service.answers["with a key"] = given

    assert words in service.fault("message", bucket="models")


@pytest.mark.parametrize("reason", ["BUCKET_NOT_ALLOWED", "URL_REFUSED"])
def test_a_refusal_after_the_key_was_taken_is_no_fault(service: FakeService, reason: str) -> None:
    service.answers["with a key"] = refusal(403, reason)

    message = service.findings()[-1]

    assert message.verdict is Verdict.OK
    assert "taken" in message.text


def test_a_bucket_that_was_not_looked_at_is_not_called_taken(service: FakeService) -> None:
    service.answers["with a key"] = refusal(400, "URL_REFUSED")

    message = service.findings(bucket="models")[-1]

    assert message.verdict is Verdict.NOT_CHECKED
    assert "The key is taken. Neither the bucket nor the store" in message.text


def test_without_a_key_no_message_is_tried(service: FakeService) -> None:
    message = service.findings(key=None)[-1]

    assert message.verdict is Verdict.NOT_CHECKED
    assert "ENDPOINT_API_KEY" in message.text
    assert len(service.messages) == 1


def test_a_key_that_no_header_can_carry_is_not_sent(service: FakeService) -> None:
    message = service.findings(key=f"{KEY}\n")[-1]

    assert message.verdict is Verdict.FAILED
    assert "white space" in message.text
    assert len(service.messages) == 1
