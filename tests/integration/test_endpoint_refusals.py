"""What Landfall or a gateway refuses: the reason, what to do, the wait, and a renewed key."""

import json

import pytest

from forwarder.endpoint import Endpoint
from forwarder.failures import NotForwarded
from forwarder.reasons import REASONS
from tests.integration.asking import LANDED, MESSAGE, ask
from tests.integration.conftest import (
    Answer,
    RecordingServer,
)

TWO_DETAILS = json.dumps(
    {
        "error": {
            "message": "Wait.",
            "details": [{"reason": "DRAINING", "domain": "landfall"}, {"reason": "B"}],
        }
    }
).encode()


def error(
    status: int,
    reason: object = "SOURCE_GONE",
    domain: str = "landfall",
    message: object = "canary",
    **headers: str,
) -> Answer:
    detail = {"reason": reason, "domain": domain}
    body = {"error": {"message": message, "details": [detail]}}
    return Answer(status, json.dumps(body).encode(), headers)


ARCHIVED = "canary. The answer was 403 InvalidObjectState."
RESTORE = (
    "S3 answered it InvalidObjectState: the object is archived: restore it in S3, then send it"
)


RIGHT_URL = "check ENDPOINT_URL: it must be the URL of Landfall's /processmessage"
RIGHT_KEY = "check the API key, in ENDPOINT_API_KEY or its secret, against Landfall's API_KEYS"
BOTH = f"{RIGHT_URL}; if it is right, {RIGHT_KEY} and the gateway"
ALLOW = "allow the bucket for this key in Landfall's API_KEYS and SOURCE_BUCKETS"
SLOWER = "lower the function's concurrency, or raise Landfall's MAX_MESSAGES_PER_MINUTE"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        *((error(503, reason), f"{reason}: {words}") for reason, words in REASONS.items()),
        (error(422, "SOURCE_REFUSED", message=ARCHIVED), f"SOURCE_REFUSED: {RESTORE} again"),
        *(
            (
                error(422, "SOURCE_REFUSED", message=said),
                f"SOURCE_REFUSED: {REASONS['SOURCE_REFUSED']}",
            )
            for said in ("AccessDenied", "AnotherError", 3000 * "x" + " NoSuchVersion", [5])
        ),
        (error(503, "OVERLOADED", message=ARCHIVED), f"OVERLOADED: {REASONS['OVERLOADED']}"),
        (error(503, "A_LATER_REASON"), "HTTP_503"),
        (error(400, "A_LATER_REASON"), "HTTP_400"),
        (error(401, "A_LATER_REASON"), f"HTTP_401: {RIGHT_KEY}"),
        (error(403, "A_LATER_REASON"), f"HTTP_403: {ALLOW}"),
        (error(404, "A_LATER_REASON"), f"HTTP_404: {RIGHT_URL}"),
        (error(405, "A_LATER_REASON"), f"HTTP_405: {RIGHT_URL}"),
        (error(429, "A_LATER_REASON"), f"HTTP_429: {SLOWER}"),
        (error(503, "canary"), "HTTP_503"),
        (error(503, "OVERLOADED canary"), "HTTP_503"),
        (error(503, ["OVERLOADED"]), "HTTP_503"),
        (error(400, "API_KEY_INVALID", domain="googleapis.com"), f"API_KEY_INVALID: {BOTH}"),
        (error(418, domain="canary"), f"SOURCE_GONE: {RIGHT_URL}"),
        (error(500, domain="canary"), "SOURCE_GONE"),
        (Answer(400, b"[]"), f"HTTP_400: {BOTH}"),
        (Answer(401, b"{}"), f"HTTP_401: {BOTH}"),
        (Answer(403, b'{"error": []}'), f"HTTP_403: {BOTH}"),
        (Answer(499, b'{"error": {"details": [{"reason": 5}]}}'), f"HTTP_499: {RIGHT_URL}"),
        (Answer(500, b'{"error": {"details": [{"reason": "a b"}]}}'), "HTTP_500"),
        (Answer(502, b"<html>canary"), "HTTP_502"),
        (Answer(503, TWO_DETAILS), f"DRAINING: {REASONS['DRAINING']}"),
        (Answer(300, LANDED), f"HTTP_300: {RIGHT_URL}"),
        (Answer(199, LANDED), f"HTTP_199: {RIGHT_URL}"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_with_its_reason_and_what_to_do(
    answer: Answer, told: str, stranger: RecordingServer
) -> None:
    stranger.answers = [answer]
    with pytest.raises(NotForwarded) as failed:
        ask(stranger)
    assert str(failed.value) == f"Landfall answered HTTP {answer.status}, {told}"
    assert failed.value.reason == told.partition(":")[0]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("3601", 3600.0),
        ("9" * 5000, 3600.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("Tue, 11 Aug 2026 09:30:15 GMT", None),
    ],
)
def test_the_wait_that_landfall_asks_for_is_kept(
    value: str, seconds: float | None, stranger: RecordingServer
) -> None:
    stranger.answers = [error(503, **{"Retry-After": value})]
    with pytest.raises(NotForwarded) as failed:
        ask(stranger)
    assert failed.value.retry_after == seconds


class TwoKeys:
    """A key, and the one that has replaced it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def current(self) -> str:
        return "old"

    def after(self, refused: str) -> str | None:
        self.asked.append(refused)
        return "new"


@pytest.mark.parametrize(
    ("answer", "renews"),
    [
        (error(401), True),
        (error(401, domain="other"), True),
        (error(400, domain="other"), True),
        (error(403, domain="other"), True),
        (error(400), False),
        (error(403), False),
        (error(404, domain="other"), False),
        (error(503), False),
    ],
)
def test_a_key_is_renewed_once_if_it_may_be_the_reason(
    answer: Answer, renews: bool, stranger: RecordingServer
) -> None:
    stranger.answers = [answer]
    keys = TwoKeys()
    with pytest.raises(NotForwarded, match="SOURCE_GONE"):
        Endpoint(f"{stranger.url}/x", keys).send(MESSAGE, seconds=10)
    sent = [headers["x-api-key"] for _, headers, _ in stranger.requests]
    assert sent == (["old", "new"] if renews else ["old"])
    assert keys.asked == (["old"] if renews else [])


def test_a_renewed_key_gets_its_answer(stranger: RecordingServer) -> None:
    stranger.answers = [error(401), Answer()]
    assert Endpoint(f"{stranger.url}/x", TwoKeys()).send(MESSAGE, seconds=10)["status"] == "landed"
