"""`python -m forwarder.sync`: what it does with a bucket, what it prints, and how it ends."""

import gzip
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forwarder.sync import __main__ as sync
from tests.integration.conftest import Answer, RecordingServer, refusal
from tests.servers.whole_s3 import WholeS3

SOURCE = "s3://heron-meadow"
Program = Callable[..., int]


@pytest.fixture
def bucket(forwarder_environment: pytest.MonkeyPatch) -> Iterator[WholeS3]:
    with WholeS3() as server:
        forwarder_environment.setenv("AWS_ENDPOINT_URL_S3", server.origin)
        for key in ("in/1", "in/2", "out/3"):
            server.put(key, key.encode())
        yield server


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, endpoint: RecordingServer) -> Iterator[Program]:
    handlers, terminating = (
        logging.getLogger("forwarder").handlers,
        signal.getsignal(signal.SIGTERM),
    )
    logging.getLogger("forwarder").handlers = []

    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["sync", *words])
        return sync.main()

    # A shell starts what is in its background without a handler.
    interrupting = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield run
    signal.signal(signal.SIGINT, interrupting)
    logging.getLogger("forwarder").handlers = handlers
    signal.signal(signal.SIGTERM, terminating)


def keys(endpoint: RecordingServer) -> set[str]:
    return {message["ObjectKey"] for message in endpoint.messages}


def test_what_landed_before_is_asked_about_and_no_more(
    bucket: WholeS3,
    endpoint: RecordingServer,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert program(SOURCE) == 0

    assert keys(endpoint) == {"in/1", "in/2", "out/3"}
    assert all(json.loads(body)["validateOnly"] for _, _, body in endpoint.requests)
    assert capsys.readouterr().out.endswith(" s: 3 landed before\n")


def test_only_keys_under_the_prefix_are_forwarded(
    bucket: WholeS3, endpoint: RecordingServer, program: Program
) -> None:
    assert program(f"{SOURCE}/in/") == 0

    assert keys(endpoint) == {"in/1", "in/2"}


def test_keys_up_to_one_can_be_passed_over(
    bucket: WholeS3, endpoint: RecordingServer, program: Program
) -> None:
    assert program(SOURCE, "--start-after", "in/2") == 0

    assert any(b"start-after=in%2F2" in head for head in bucket.requests)


def test_a_dry_run_tells_what_is_missing_and_lands_nothing(
    bucket: WholeS3,
    endpoint: RecordingServer,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.answers = [Answer(says="missing")]

    assert program(f"{SOURCE}/out/", "--dry-run") == 1

    told = capsys.readouterr().out
    assert f"missing  5 bytes  {SOURCE}/out/3\n" in told
    assert told.endswith(" s: 1 missing\n")
    assert all(json.loads(body)["validateOnly"] for _, _, body in endpoint.requests)


def test_what_failed_is_told_and_written_down(
    bucket: WholeS3,
    endpoint: RecordingServer,
    program: Program,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.by_key = {"in/2": refusal(403, "SOURCE_REFUSED")}
    failures = tmp_path / "failures"

    assert program(SOURCE, "--failures", str(failures)) == 1

    written = capsys.readouterr()
    assert f"failed  {SOURCE}/in/2: Landfall answered HTTP 403" in written.err
    assert "2 landed before" in written.out
    assert "1 failed" in written.out
    [line] = failures.read_text().splitlines()
    failure = json.loads(line)
    assert failure.pop("message").startswith("Landfall answered HTTP 403")
    assert failure == {
        "bucket": "heron-meadow",
        "key": "in/2",
        "size": 4,
        "etag": bucket.objects["in/2"].etag,
        "reason": "SOURCE_REFUSED",
    }


def test_without_failures_the_file_is_empty(
    bucket: WholeS3, program: Program, tmp_path: Path
) -> None:
    assert program(SOURCE, "--failures", str(tmp_path / "failures")) == 0

    assert (tmp_path / "failures").read_text() == ""


def test_a_file_for_failures_that_cannot_be_written_ends_the_run_before_it_begins(
    bucket: WholeS3,
    endpoint: RecordingServer,
    program: Program,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert program(SOURCE, "--failures", str(tmp_path / "no" / "folder")) == 2

    assert "No such file" in capsys.readouterr().err
    assert endpoint.requests == []


def test_a_wrong_environment_ends_the_run_before_it_begins(
    bucket: WholeS3,
    program: Program,
    forwarder_environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forwarder_environment.delenv("ENDPOINT_API_KEY")

    assert program(SOURCE) == 2

    assert "ENDPOINT_API_KEY" in capsys.readouterr().err


def test_a_key_that_landfall_refuses_ends_the_run(
    bucket: WholeS3,
    endpoint: RecordingServer,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.answers = [refusal(401, "API_KEY_INVALID")]

    assert program(SOURCE, "--concurrency", "1") == 2

    written = capsys.readouterr()
    assert "HTTP 401, API_KEY_INVALID" in written.err
    assert "To go on" not in written.err
    assert written.out == ""


def test_a_run_that_ends_early_says_how_to_go_on(
    bucket: WholeS3,
    endpoint: RecordingServer,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.by_key = {"out/3": refusal(401, "API_KEY_INVALID")}

    assert program(SOURCE, "--concurrency", "1") == 2

    written = capsys.readouterr()
    assert "2 objects in " in written.out
    assert written.err.endswith("It may pass over what is done: --start-after in/2\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_how_far_it_got(
    number: signal.Signals,
    bucket: WholeS3,
    endpoint: RecordingServer,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt_at_the_last() -> None:
        if len(endpoint.requests) == 3:
            os.kill(os.getpid(), number)

    endpoint.before_answer = interrupt_at_the_last

    assert program(SOURCE, "--concurrency", "1") == 130

    written = capsys.readouterr()
    assert "interrupted\n" in written.err
    assert "To go on, run the same again." in written.err
    assert "2 objects in " in written.out or "3 objects in " in written.out


def test_none_got_through_for_what_may_be_the_set_up_is_no_success(
    bucket: WholeS3,
    endpoint: RecordingServer,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.answers = [Answer(404, b"<html>")]

    assert program(f"{SOURCE}/out/") == 2

    assert "HTTP 404" in capsys.readouterr().err


def test_warnings_come_on_lines_of_their_own(
    bucket: WholeS3, program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program(SOURCE) == 0

    logging.getLogger("forwarder.anything").warning("look %s", "here")

    assert capsys.readouterr().err.endswith("look here\n")


def inventory(bucket: WholeS3, source: str) -> None:
    manifest = {
        "sourceBucket": source,
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, ETag",
        "files": [{"key": "data.csv.gz"}],
    }
    bucket.put("manifest.json", json.dumps(manifest).encode())


def test_an_inventory_of_another_bucket_is_refused(
    bucket: WholeS3,
    endpoint: RecordingServer,
    program: Program,
    capsys: pytest.CaptureFixture[str],
) -> None:
    inventory(bucket, "heron-lake")

    assert program(SOURCE, "--inventory", "s3://heron-reports/manifest.json") == 2

    assert "the inventory is of the bucket heron-lake, not heron-meadow" in capsys.readouterr().err
    assert endpoint.requests == []


def test_objects_can_come_from_an_inventory(
    bucket: WholeS3, endpoint: RecordingServer, program: Program
) -> None:
    inventory(bucket, "heron-meadow")
    bucket.put(
        "data.csv.gz", gzip.compress(b'"heron-meadow","in/1","4","e"\n"heron-meadow","x","1","e"\n')
    )

    assert program(f"{SOURCE}/in/", "--inventory", "s3://heron-reports/manifest.json") == 0

    assert keys(endpoint) == {"in/1"}


def test_the_help_says_what_the_exit_codes_mean(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        program("--help")

    told = capsys.readouterr().out
    assert told.startswith("usage: python -m forwarder.sync ")
    assert "\nExit codes: 0 all are landed, 1 some are not, 2 it cannot work" in told
    for words in (
        "s3://BUCKET[/PREFIX]\n",
        "--inventory s3://BUCKET/KEY\n",
        "--start-after KEY ",
        "--concurrency N ",
        "--failures FILE ",
    ):
        assert words in told
