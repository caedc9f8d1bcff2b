"""An endpoint that is not Landfall and answers all the same: nothing of it passes for done."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forwarder import send
from forwarder.api_key import GivenKey
from forwarder.endpoint import MAX_ANSWER_BYTES, Endpoint
from forwarder.failures import NotForwarded
from forwarder.lambda_function import ForwardingFailed
from tests.integration.conftest import (
    API_KEY,
    BUCKET,
    Answer,
    RecordingServer,
    landfall_says,
    recording_server,
    refusal,
)
from tests.integration.events import forward

ROOT = Path(__file__).parents[2]
MESSAGE: dict[str, str | int] = {"Bucket": BUCKET, "ObjectKey": "one", "ETag": '"e"'}
LANDED = json.dumps(landfall_says("landed", MESSAGE)).encode()
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
@pytest.mark.parametrize("code", [200, 201, 202])
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


@pytest.mark.parametrize("answer", STRANGERS.values(), ids=STRANGERS)
def test_the_function_fails(answer: Answer, s3: Any, endpoint: RecordingServer) -> None:
    endpoint.answers = [answer]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with pytest.raises(ForwardingFailed, match="not as Landfall does") as failed:
        forward("one")
    assert API_KEY not in str(failed.value)


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_one_object_sent_by_hand_is_not_landed(
    options: list[str],
    s3: Any,
    endpoint: RecordingServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.answers = [STRANGERS["health page"]]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    monkeypatch.setattr(sys, "argv", ["send", f"s3://{BUCKET}/one", *options])
    assert send.main() == send.NOT_LANDED
    assert "not as Landfall does" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
@pytest.mark.parametrize("answer", STRANGERS.values(), ids=STRANGERS)
def test_a_run_of_sync_ends_at_once(
    answer: Answer, options: list[str], s3: Any, endpoint: RecordingServer
) -> None:
    endpoint.answers = [answer]
    s3.put_object(Bucket=BUCKET, Key="run/1", Body=b"1")
    program = [sys.executable, "-m", "forwarder.sync", f"s3://{BUCKET}/run/", *options]
    ended = subprocess.run(
        program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert "not as Landfall does" in ended.stderr
    assert "landed before" not in ended.stdout + ended.stderr
    assert len(endpoint.requests) == 1


def test_an_error_of_landfall_keeps_its_reason(stranger: RecordingServer) -> None:
    stranger.answers = [refusal(503, "OVERLOADED")]
    with pytest.raises(NotForwarded, match="HTTP 503, OVERLOADED") as failed:
        ask(stranger)
    assert failed.value.reason == "OVERLOADED"
