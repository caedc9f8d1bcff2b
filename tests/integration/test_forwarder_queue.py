"""Batches of SQS: messages fail one by one, side by side, in time, and come again in a while."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.forwarding import Forwarder, Outcome
from forwarder.lambda_function import ForwardingFailed, lambda_handler
from forwarder.side_by_side import AT_ONCE, forward_all
from tests.integration.conftest import (
    BUCKET,
    Answer,
    Context,
    RecordingServer,
    recording_server,
    refusal,
)
from tests.integration.events import QUEUE_ARN, created, in_queue, log_lines, payload
from tests.servers.raw import RawServer, reset


@pytest.fixture
def queue(forwarder_environment: pytest.MonkeyPatch) -> Iterator[RecordingServer]:
    """An SQS that keeps what it is asked."""
    with recording_server() as server:
        forwarder_environment.setenv("AWS_ENDPOINT_URL_SQS", server.url)
        server.answers = [Answer(body=b'{"QueueUrl": "https://queue.example/1/heron-objects"}')]
        yield server


def failed(answer: Any) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def fails(event: Any, told: str = "", seconds_left: float = 60) -> None:
    """All messages of the batch fail, so that the function does."""
    number = len(event["Records"])
    with pytest.raises(ForwardingFailed, match=f"none of {number} messages .* is done .*{told}"):
        lambda_handler(event, Context(seconds_left))


def waits(queue: RecordingServer) -> dict[str, int]:
    """The seconds until each message comes again, by its handle."""
    asked = [json.loads(body) for _, headers, body in queue.requests if _changes(headers)]
    return {e["ReceiptHandle"]: e["VisibilityTimeout"] for one in asked for e in one["Entries"]}


def _changes(headers: dict[str, str]) -> bool:
    return headers["x-amz-target"].endswith("ChangeMessageVisibilityBatch")


def test_a_batch_fails_message_by_message(
    s3: Any, endpoint: RecordingServer, queue: RecordingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in ("one", "two", "three", "four"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    endpoint.by_key = {"three": refusal(503, "OVERLOADED", **{"Retry-After": "77"})}
    event = in_queue(
        created("one"),
        '{"Records": [{"eventVer',
        payload("s3-test-event"),
        created("two", "three"),
        payload("s3-unknown-major"),
        payload("s3-removed"),
        created("four"),
    )
    assert failed(lambda_handler(event, Context(60))) == ["2", "5", "4"]
    assert {m["ObjectKey"] for m in endpoint.messages} == {"one", "two", "three", "four"}
    assert sorted(waits(queue)) == ["handle-2", "handle-4", "handle-5"]
    assert waits(queue)["handle-4"] == 77
    lines = log_lines(capsys)
    errors = {
        x.get("messageId") or x["key"]: x["reason"] for x in lines if x.get("level") == "ERROR"
    }
    assert errors == {"2": "UNKNOWN_EVENT", "5": "UNKNOWN_EVENT", "three": "OVERLOADED"}
    assert [line["Failed"] for line in lines if "_aws" in line] == [3]


def test_a_batch_without_failures_is_answered_with_an_empty_list(
    s3: Any, endpoint: RecordingServer, queue: RecordingServer
) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    assert lambda_handler(in_queue(created("one")), Context(60)) == {"batchItemFailures": []}
    assert queue.requests == []


def test_messages_of_a_batch_are_forwarded_side_by_side(s3: Any, endpoint: RecordingServer) -> None:
    keys = [f"key {number}" for number in range(8)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    endpoint.answers = [Answer(delay=1)]
    began = time.monotonic()
    assert failed(lambda_handler(in_queue(*map(created, keys)), Context(60))) == []
    assert time.monotonic() - began < 6
    assert len(endpoint.messages) == 8


def test_without_time_left_the_whole_batch_is_reported_and_nothing_is_begun(
    s3: Any, endpoint: RecordingServer, queue: RecordingServer
) -> None:
    fails(in_queue(created("one"), created("two")), r"\(2 NO_TIME\)", seconds_left=7)
    assert sorted(waits(queue)) == ["handle-1", "handle-2"]
    assert endpoint.requests == []


def test_a_batch_of_which_nothing_is_done_raises_after_all_that_a_failure_needs(
    s3: Any, endpoint: RecordingServer, queue: RecordingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mapping without ReportBatchItemFailures deletes whatever does not end in an exception."""
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    s3.put_object(Bucket=BUCKET, Key="two", Body=b"1")
    endpoint.answers = [refusal(503, "OVERLOADED", **{"Retry-After": "77"})]
    endpoint.by_key = {"two": Answer()}
    fails(
        in_queue("not JSON", created("one", "two"), created("one")),
        r"\(1 UNKNOWN_EVENT, 2 OVERLOADED\): the log has more",
    )
    assert waits(queue).keys() == {"handle-1", "handle-2", "handle-3"}
    assert waits(queue)["handle-2"] == 77
    assert [x["Failed"] for x in log_lines(capsys) if "_aws" in x] == [3]


@pytest.mark.parametrize("done", ["s3-test-event", "s3-removed", "s3-put"])
def test_a_batch_of_which_anything_is_done_names_what_is_not(
    done: str, s3: Any, endpoint: RecordingServer, queue: RecordingServer
) -> None:
    """What is ignored, or gone from S3, is done too; an exception would bring it back."""
    event = in_queue("not JSON", payload(done), "not JSON")
    assert failed(lambda_handler(event, Context(60))) == ["1", "3"]


def test_a_batch_of_eventbridge_pipes_fails_message_by_message_too(
    s3: Any, endpoint: RecordingServer, queue: RecordingServer
) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    batch = in_queue("not JSON", created("one"))["Records"]
    assert failed(lambda_handler(batch, Context(60))) == ["1"]
    assert [m["ObjectKey"] for m in endpoint.messages] == ["one"]


class Hanging(Forwarder):
    """A forwarder that hangs at one key, whatever time it is given."""

    def __init__(self) -> None:
        pass

    def forward(self, wanted: S3Object, seconds: float) -> Outcome:
        if wanted.key == "hangs":
            time.sleep(seconds + 1)
        return Outcome("landed", 1)


def test_what_hangs_has_failed_in_time_and_holds_up_nothing_else() -> None:
    keys = ["hangs", *["quick"] * AT_ONCE * 2]
    began = time.monotonic()
    tried = forward_all(Hanging(), [S3Object(BUCKET, key) for key in keys], 3.1, None)
    assert time.monotonic() - began < 3.6
    first, *others = [one.result for one in tried]
    assert isinstance(first, NotForwarded)
    assert first.reason == "NO_TIME"
    assert others == [Outcome("landed", 1)] * AT_ONCE * 2


@pytest.mark.parametrize(
    ("receives", "least", "most"), [(1, 21, 30), (2, 42, 60), (5, 336, 480), (40, 2520, 3600)]
)
def test_failed_messages_come_again_more_and_more_slowly(
    receives: int, least: int, most: int, queue: RecordingServer
) -> None:
    fails(in_queue("not JSON", receives=receives))
    assert least <= waits(queue)["handle-1"] <= most


def test_more_failures_than_sqs_takes_at_once_go_in_several_requests(
    queue: RecordingServer,
) -> None:
    fails(in_queue(*["not JSON"] * 25), r"\(25 UNKNOWN_EVENT\)")
    assert len(waits(queue)) == 25
    assert sum(_changes(headers) for _, headers, _ in queue.requests) == 3


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, b'{"__type": "AccessDenied"}'),
        Answer(
            200, b'{"QueueUrl": "https://x/1/q", "Failed": [{"Id": "0", "Code": "NoSuchHandle"}]}'
        ),
    ],
)
def test_if_the_wait_cannot_be_set_the_message_fails_all_the_same_and_a_warning_says_so(
    answer: Answer, queue: RecordingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.answers = [answer]
    fails(in_queue("not JSON"))
    [warning] = [line for line in log_lines(capsys) if line.get("level") == "WARNING"]
    assert "give the function's role sqs:ChangeMessageVisibility" in warning["message"]


@pytest.mark.parametrize(
    "odd",
    [
        {"attributes": None},
        {"attributes": {"ApproximateReceiveCount": "many"}},
        {"attributes": {"ApproximateReceiveCount": None}},
        {"receiptHandle": None},
        {"eventSourceARN": None},
        {"eventSourceARN": "arn:aws:sqs"},
    ],
    ids=str,
)
@pytest.mark.parametrize("is_missing", [False, True])
def test_a_record_of_an_odd_form_fails_alone(
    odd: dict[str, Any],
    is_missing: bool,
    s3: Any,
    endpoint: RecordingServer,
    queue: RecordingServer,
) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    event = in_queue("not JSON", created("one"))
    event["Records"][0] |= odd
    if is_missing:
        for name in odd:
            del event["Records"][0][name]

    assert failed(lambda_handler(event, Context(60))) == ["1"]
    assert len(endpoint.messages) == 1


def test_a_queue_that_cannot_be_reached_is_asked_once(
    forwarder_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with RawServer([reset()]) as server:
        forwarder_environment.setenv("AWS_ENDPOINT_URL_SQS", server.origin)
        fails(in_queue(*["not JSON"] * 25))

    assert server.connections == 1
    [warning] = [line for line in log_lines(capsys) if line.get("level") == "WARNING"]
    assert "a way to SQS" in warning["message"]


def test_the_queue_is_found_by_its_arn(queue: RecordingServer) -> None:
    fails(in_queue("not JSON"))
    (_, headers, body), *_ = queue.requests
    assert headers["x-amz-target"].endswith("GetQueueUrl")
    account, name = QUEUE_ARN.split(":")[4:]
    assert json.loads(body) == {"QueueName": name, "QueueOwnerAWSAccountId": account}
