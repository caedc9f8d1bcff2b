"""Answers that count, answers of something else than Landfall, and refusals: one endpoint asked."""

import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from forwarder.api_key import GivenKey
from forwarder.endpoint import Endpoint
from forwarder.failures import NotForwarded
from forwarder.reasons import REASONS
from tests.integration.conftest import (
    API_KEY,
    BUCKET,
    Answer,
    RecordingServer,
    landfall_says,
    recording_server,
    refusal,
)

MAX_ANSWER_BYTES = 256 * 1024
MESSAGE: dict[str, str | int] = {"Bucket": BUCKET, "ObjectKey": "one", "ETag": '"e"'}
LANDED = json.dumps(landfall_says("landed", MESSAGE)).encode()
OTHER = json.dumps(landfall_says("landed", MESSAGE | {"ObjectKey": "two"})).encode()
BOMB = gzip.compress(LANDED[:-1] + b" " * 50_000_000 + b"}")
TWO_DETAILS = json.dumps(
    {
        "error": {
            "message": "Wait.",
            "details": [{"reason": "DRAINING", "domain": "landfall"}, {"reason": "B"}],
        }
    }
).encode()
STRANGERS = {
    "health page": Answer(200, b'{"status": "ok"}'),
    "status alone": Answer(200, b'{"status": "landed"}'),
    "echo service": Answer(200, json.dumps({"inputMessage": MESSAGE}).encode()),
    "another object": Answer(200, OTHER),
    "web page": Answer(200, b"<html>It works!"),
    "log intake": Answer(202, b'{"status": "accepted"}'),
    "nothing": Answer(204, b""),
    "empty": Answer(200, b""),
    "landing": Answer(202, json.dumps(landfall_says("landing", MESSAGE)).encode()),
    "comparison": Answer(200, json.dumps(landfall_says("missing", MESSAGE)).encode()),
    "twice": Answer(200, LANDED[:-1] + b', "status": "landed"}'),
    "too long": Answer(200, LANDED + b" " * MAX_ANSWER_BYTES),
    "packed": Answer(200, gzip.compress(LANDED), {"Content-Encoding": "gzip"}),
    "packed bomb": Answer(200, BOMB, {"Content-Encoding": "gzip"}),
}


@pytest.fixture
def stranger() -> Iterator[RecordingServer]:
    with recording_server() as server:
        yield server


def ask(server: RecordingServer, **beside: object) -> dict[str, Any]:
    return Endpoint(f"{server.url}/x", GivenKey(API_KEY)).send(MESSAGE, seconds=10, **beside)


@pytest.mark.parametrize("answer", STRANGERS.values(), ids=STRANGERS)
def test_an_answer_that_is_not_landfalls_is_a_failure_that_names_the_endpoint(
    answer: Answer, stranger: RecordingServer
) -> None:
    stranger.answers = [answer]
    told = (
        f"127.0.0.1:{stranger.server_port} answered HTTP {answer.status}, but not as Landfall "
        r"does \(.+\), so nothing is landed: check ENDPOINT_URL"
    )
    with pytest.raises(NotForwarded, match=told) as failed:
        ask(stranger)
    assert failed.value.reason == "ENDPOINT_NOT_LANDFALL"
    assert failed.value.__suppress_context__
    assert len(stranger.requests) == 1


@pytest.mark.parametrize("status", ["landed", "already-landed", "superseded"])
@pytest.mark.parametrize("code", [200, 201, 202, 299])
def test_what_landfall_says_counts_with_any_2xx(
    code: int, status: str, stranger: RecordingServer
) -> None:
    stranger.answers = [Answer(code, says=status)]
    assert ask(stranger) == landfall_says(status, MESSAGE)


def test_an_answer_may_be_as_long_as_the_limit(stranger: RecordingServer) -> None:
    stranger.answers = [Answer(200, LANDED + b" " * (MAX_ANSWER_BYTES - len(LANDED)))]
    assert ask(stranger)["status"] == "landed"
    stranger.answers = [Answer(200, LANDED + b" " * (MAX_ANSWER_BYTES - len(LANDED) + 1))]
    with pytest.raises(NotForwarded, match="the body is no JSON object"):
        ask(stranger)


@pytest.mark.parametrize("status", ["already-landed", "superseded"])
def test_a_comparison_is_not_answered_as_a_landing_is(
    status: str, stranger: RecordingServer
) -> None:
    stranger.answers = [Answer(says=status)]
    with pytest.raises(NotForwarded, match="the status is none of landed, different, missing"):
        ask(stranger, validateOnly=True)


@pytest.mark.parametrize("status", ["landed", "different", "missing"])
def test_a_comparison_is_answered(status: str, stranger: RecordingServer) -> None:
    stranger.answers = [Answer(says=status)]
    assert ask(stranger, validateOnly=True)["status"] == status


def test_what_is_not_to_be_compared_is_landed(stranger: RecordingServer) -> None:
    stranger.answers = [Answer(says="already-landed")]
    assert ask(stranger, validateOnly=False)["status"] == "already-landed"


def test_an_answer_that_is_cut_off_is_none(stranger: RecordingServer) -> None:
    """Landfall may have been cut off, so this may pass: it says nothing of whose answer it was."""
    more = {"Content-Length": str(len(LANDED) + 1), "Connection": "close"}
    stranger.answers = [Answer(200, LANDED, more)]
    with pytest.raises(NotForwarded, match="no answer from ENDPOINT_URL") as failed:
        ask(stranger)
    assert failed.value.reason == "ENDPOINT_UNREACHABLE"


def test_a_redirect_is_not_followed_to_one_who_says_landed(stranger: RecordingServer) -> None:
    with recording_server() as other:
        for code in (301, 302, 303, 307, 308):
            stranger.answers = [Answer(code, LANDED, {"Location": f"{other.url}/x"})]
            with pytest.raises(NotForwarded, match=f"HTTP {code}"):
                ask(stranger)
        assert other.requests == []


@pytest.mark.parametrize("code", [200, 503])
def test_the_answer_to_one_message_leaves_its_connection_to_the_next(
    code: int, stranger: RecordingServer
) -> None:
    stranger.answers = [refusal(503, "OVERLOADED") if code == 503 else Answer()]
    landfall = Endpoint(f"{stranger.url}/x", GivenKey(API_KEY))
    for _ in range(3):
        with suppress(NotForwarded):
            landfall.send(MESSAGE, seconds=10)
    assert (len(stranger.requests), len(stranger.connections)) == (3, 1)


def test_connections_that_were_not_used_for_a_while_are_replaced(
    stranger: RecordingServer,
) -> None:
    now = 0.0
    landfall = Endpoint(stranger.url, GivenKey(API_KEY), now=lambda: now)
    for now in (0.0, 29.0, 58.0, 89.0, 119.0):  # noqa: B007 - the clock that `landfall` reads
        landfall.send(MESSAGE, seconds=5)
    assert len(stranger.requests) == 5
    assert len(stranger.connections) == 2


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


def test_a_message_is_sent_once_more_if_the_connection_breaks(stranger: RecordingServer) -> None:
    stranger.answers = [Answer(cut=True), Answer()]
    assert ask(stranger)["status"] == "landed"
    stranger.answers = [Answer(cut=True)]
    with pytest.raises(NotForwarded, match="no answer from ENDPOINT_URL"):
        ask(stranger)
    assert len(stranger.requests) == 4


def test_without_time_nothing_is_sent(stranger: RecordingServer) -> None:
    with pytest.raises(NotForwarded, match="no time left to send the message") as failed:
        Endpoint(f"{stranger.url}/x", GivenKey(API_KEY)).send(MESSAGE, seconds=0)
    assert failed.value.reason == "NO_TIME"
    assert stranger.requests == []


def test_what_is_sent(stranger: RecordingServer) -> None:
    ask(stranger, validateOnly=True)
    [(path, headers, body)] = stranger.requests
    assert (path, json.loads(body)) == ("/x", {"inputMessage": MESSAGE, "validateOnly": True})
    assert (headers["content-type"], headers["x-api-key"]) == ("application/json", API_KEY)
    assert headers["accept-encoding"] == "identity"
