"""What the function writes: one JSON object a line, for queries and for CloudWatch's metrics."""

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.forwarding import Outcome
from forwarder.report import start_logging, tell_failure, tell_metrics, tell_outcome

ONE = S3Object("heron-meadow", "a b", "eu-west-2", version_id="v1", sequencer="0A")
NAMED = {
    "bucket": "heron-meadow",
    "key": "a b",
    "versionId": "v1",
    "sequencer": "0A",
    "requestId": "r1",
}


@pytest.fixture(autouse=True)
def fresh_loggers() -> Iterator[None]:
    """Loggers as a new process has them; afterwards as they were."""
    ours, botocores = logging.getLogger("forwarder"), logging.getLogger("botocore")
    handlers, level, propagates, of_botocore = (
        ours.handlers, ours.level, ours.propagate, botocores.level,
    )  # fmt: skip
    ours.handlers = []
    ours.setLevel(logging.NOTSET)
    ours.propagate = True
    botocores.setLevel(logging.DEBUG)
    yield
    ours.handlers, ours.propagate = handlers, propagates
    ours.setLevel(level)
    botocores.setLevel(of_botocore)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_done_is_one_line_with_all_that_a_query_needs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logging("INFO")
    tell_outcome(ONE, Outcome("landed", 7, {"verified": ["size", "md5"]}), 1.23456, "r1")

    [line] = lines(capsys)
    written = datetime.fromisoformat(line.pop("timestamp"))
    assert abs((datetime.now(UTC) - written).total_seconds()) < 60
    assert written.utcoffset() == datetime.now(UTC).utcoffset()
    assert line == NAMED | {
        "level": "INFO",
        "message": "'heron-meadow/a b': landed",
        "status": "landed",
        "size": 7,
        "seconds": 1.235,
        "verified": ["size", "md5"],
    }


def test_what_is_not_known_is_left_out_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("INFO")
    tell_outcome(S3Object("heron-meadow", "a"), Outcome("landed"), 0, None)

    [line] = lines(capsys)
    assert set(line) == {"timestamp", "level", "message", "bucket", "key", "status", "seconds"}


def test_an_object_that_is_gone_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("WARNING")
    tell_outcome(ONE, Outcome("landed"), 0.1, "r1")
    tell_outcome(ONE, Outcome("gone"), 0.1, "r1")

    [line] = lines(capsys)
    assert (line["level"], line["status"]) == ("WARNING", "gone")
    assert "deleted in the meantime" in line["message"]


def test_a_failure_is_an_error_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("ERROR")
    tell_failure(ONE, NotForwarded("OVERLOADED", "Landfall answered HTTP 503"), "r1")

    [line] = lines(capsys)
    assert line.pop("timestamp")
    assert line == NAMED | {
        "level": "ERROR",
        "message": "'heron-meadow/a b': Landfall answered HTTP 503",
        "status": "failed",
        "reason": "OVERLOADED",
    }


def test_a_line_is_written_once_however_often_the_function_is_invoked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    elsewhere: list[logging.LogRecord] = []
    of_lambda = logging.Handler()
    of_lambda.emit = elsewhere.append  # type: ignore[assignment, method-assign]
    logging.getLogger().addHandler(of_lambda)
    for _ in range(3):
        start_logging("INFO")

    logging.getLogger("forwarder.anything").info("once")

    logging.getLogger().removeHandler(of_lambda)
    assert [line["message"] for line in lines(capsys)] == ["once"]
    assert elsewhere == []


def test_lines_do_not_wait_for_a_handler_of_another_kind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.getLogger("forwarder").addHandler(logging.NullHandler())
    start_logging("INFO")

    logging.getLogger("forwarder.anything").info("here")

    assert [line["message"] for line in lines(capsys)] == ["here"]


def test_botocore_never_logs_at_debug() -> None:
    """At that level it logs signatures and session tokens."""
    start_logging("DEBUG")

    assert logging.getLogger("forwarder.anything").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("botocore.auth").isEnabledFor(logging.DEBUG)
    assert logging.getLogger("botocore.auth").isEnabledFor(logging.INFO)


def test_metrics_are_in_cloudwatchs_embedded_format(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [
        Outcome("landed", 5),
        Outcome("landed", 6),
        Outcome("landed", None),
        Outcome("already-landed", 100),
        Outcome("superseded", 100),
        Outcome("gone"),
    ]
    tell_metrics(outcomes, 2, [0.0014, 2.5], "heron")

    [line] = lines(capsys)
    head = line.pop("_aws")
    assert abs(head["Timestamp"] / 1000 - time.time()) < 60
    assert line == {
        "FunctionName": "heron",
        "Landed": 3,
        "AlreadyLanded": 1,
        "Superseded": 1,
        "Gone": 1,
        "Failed": 2,
        "LandedBytes": 11,
        "ForwardingTime": [1, 2500],
    }
    [directive] = head.pop("CloudWatchMetrics")
    assert set(head) == {"Timestamp"}
    assert directive == {
        "Namespace": "Landfall/Forwarder",
        "Dimensions": [["FunctionName"]],
        "Metrics": [
            {"Name": "Landed", "Unit": "Count"},
            {"Name": "AlreadyLanded", "Unit": "Count"},
            {"Name": "Superseded", "Unit": "Count"},
            {"Name": "Gone", "Unit": "Count"},
            {"Name": "Failed", "Unit": "Count"},
            {"Name": "LandedBytes", "Unit": "Bytes"},
            {"Name": "ForwardingTime", "Unit": "Milliseconds"},
        ],
    }


def test_without_objects_there_is_no_time_to_tell(capsys: pytest.CaptureFixture[str]) -> None:
    tell_metrics([], 1, [], "heron")

    [line] = lines(capsys)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert line["Failed"] == 1
    assert "ForwardingTime" not in line
    assert "ForwardingTime" not in [metric["Name"] for metric in directive["Metrics"]]


def test_no_more_times_are_written_than_cloudwatch_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell_metrics([], 0, [number / 1000 for number in range(101)], "heron")

    [line] = lines(capsys)
    assert line["ForwardingTime"] == list(range(100))
