"""Answers that count, answers of something else than Landfall, and what is sent."""

import gzip
import json
from contextlib import suppress

import pytest

from forwarder.api_key import GivenKey
from forwarder.endpoint import Endpoint
from forwarder.failures import NotForwarded
from tests.integration.asking import LANDED, MESSAGE, ask
from tests.integration.conftest import (
    API_KEY,
    Answer,
    RecordingServer,
    landfall_says,
    recording_server,
    refusal,
)

MAX_ANSWER_BYTES = 256 * 1024
OTHER = json.dumps(landfall_says("landed", MESSAGE | {"ObjectKey": "two"})).encode()
BOMB = gzip.compress(LANDED[:-1] + b" " * 50_000_000 + b"}")
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
