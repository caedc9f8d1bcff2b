"""One object by hand: what a person types, reads, and gets as the exit code."""

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from forwarder import send
from forwarder.forwarding import Outcome
from forwarder.send import lines_about, parse
from tests.integration.conftest import REGION, Answer, RecordingServer

ADDRESS = "s3://heron-meadow/one"
THERE = {"name": "heron-meadow/one", "bucket": "heron-landing", "size": 3, "generation": "7"}
Program = Callable[..., int]


@pytest.fixture
def landfall(endpoint: RecordingServer, scripted_s3: RecordingServer) -> RecordingServer:
    """Landfall's endpoint; S3 has an object of three bytes under each key."""
    headers = {"ETag": '"e"', "x-amz-bucket-region": REGION}
    scripted_s3.answers = [Answer(200, b"123", headers)]
    return endpoint


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["send", *words])
        return send.main()

    # A shell starts what is in its background without a handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield run
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("says", ["landed", "already-landed"])
def test_it_succeeds_if_the_object_is_landed(
    says: str,
    landfall: RecordingServer,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    landfall.answers = [Answer(says=says)]

    assert program(ADDRESS) == 0

    assert capsys.readouterr().out.startswith(f"{says}  {ADDRESS}, 3 bytes\n")
    assert not any(b"validateOnly" in body for _, _, body in landfall.requests)


def test_an_object_that_landfall_finds_changed_each_time_is_not_landed(
    landfall: RecordingServer, program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    landfall.answers = [Answer(says="superseded")]

    assert program(ADDRESS) == 1

    assert "not forwarded" in capsys.readouterr().err


@pytest.mark.parametrize(("says", "code"), [("landed", 0), ("missing", 1), ("different", 1)])
def test_a_dry_run_only_asks(
    says: str, code: int, landfall: RecordingServer, program: Program
) -> None:
    landfall.answers = [Answer(says=says)]

    assert program(ADDRESS, "--dry-run") == code

    [(_, _, body)] = landfall.requests
    assert json.loads(body)["validateOnly"] is True


def test_an_object_that_is_not_there_is_not_landed(
    landfall: RecordingServer,
    scripted_s3: RecordingServer,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    missing = b"<Error><Code>NoSuchKey</Code><Message>m</Message></Error>"
    scripted_s3.answers = [*scripted_s3.answers, Answer(404, missing)]

    assert program(ADDRESS) == 1

    assert capsys.readouterr().out == f"gone  {ADDRESS}: S3 has no such object\n"
    assert landfall.requests == []


def test_a_failure_is_an_error_with_its_address(
    landfall: RecordingServer, program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    landfall.answers = [Answer(says="fine")]

    assert program(ADDRESS) == 1

    written = capsys.readouterr()
    assert written.err.startswith(f"not forwarded  {ADDRESS}: ")
    assert written.err.endswith("\n")
    assert written.out == ""


def test_a_wrong_environment_is_another_exit_code(
    landfall: RecordingServer,
    forwarder_environment: pytest.MonkeyPatch,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forwarder_environment.delenv("ENDPOINT_API_KEY")

    assert program(ADDRESS) == 2

    assert "ENDPOINT_API_KEY" in capsys.readouterr().err
    assert landfall.requests == []


def test_a_warning_is_a_bare_line(
    landfall: RecordingServer,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger("forwarder"), "propagate", True)

    program(ADDRESS)
    logging.getLogger("forwarder.anything").warning("look %s", "here")

    assert "look here" in capsys.readouterr().err.splitlines()


def test_an_interruption_ends_as_a_shell_expects(
    landfall: RecordingServer, program: Program
) -> None:
    landfall.before_answer = lambda: os.kill(os.getpid(), signal.SIGINT)

    assert program(ADDRESS) == 130


def test_an_address_needs_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse([ADDRESS]).source == ("heron-meadow", "one")
    assert parse([ADDRESS]).dry_run is False
    for wrong, told in [
        ("heron-meadow/one", "is not like s3://bucket/key"),
        ("s3://heron-meadow", "name one object: s3://BUCKET/KEY"),
    ]:
        with pytest.raises(SystemExit) as ended:
            parse([wrong])
        assert ended.value.code == 2
        assert told in capsys.readouterr().err


def test_the_help_says_what_the_exit_codes_mean(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])

    told = capsys.readouterr().out
    assert told.startswith("usage: python -m forwarder.send [-h] [--dry-run] s3://BUCKET/KEY\n")
    assert "\nmay read the object. Exit codes: 0 it is landed" in told
    assert "only report whether it is landed" in told


def test_what_landfall_knows_is_shown() -> None:
    answer: dict[str, Any] = {
        "object": THERE,
        "verified": ["size", "md5"],
        "notification": {"messageId": "11"},
    }

    assert list(lines_about(ADDRESS, Outcome("landed", 3, answer))) == [
        f"landed  {ADDRESS}, 3 bytes",
        "  object        heron-meadow/one in heron-landing, 3 bytes",
        "  generation    7",
        "  verified      size, md5",
        "  notification  11",
    ]


def test_what_landfall_does_not_know_is_said_too() -> None:
    answer = json.loads(json.dumps({"object": THERE, "verified": [], "notification": None}))

    told = list(lines_about(ADDRESS, Outcome("landed", None, answer)))

    assert told[0] == f"landed  {ADDRESS}, size unknown"
    assert told[3:] == ["  verified      nothing", "  notification  none yet"]
    assert list(lines_about(ADDRESS, Outcome("missing", 3, {"object": None}))) == [
        f"missing  {ADDRESS}, 3 bytes"
    ]
