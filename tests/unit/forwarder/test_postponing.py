"""Failed messages of a queue come again: when, in which requests, and what if that is refused."""

from collections.abc import Iterator
from typing import Any

import pytest

from forwarder.postponing import postpone, queue_of, seconds_until_next
from tests.servers.aws_json import AwsJson

ARN = "arn:aws:sqs:eu-west-2:123456789012:heron-objects"


URL = "https://queue.example/1/heron-objects"


@pytest.fixture
def queue(aws: pytest.MonkeyPatch) -> Iterator[AwsJson]:
    url: dict[str, Any] = {"QueueUrl": URL}
    with AwsJson({"GetQueueUrl": [url], "ChangeMessageVisibilityBatch": [{}]}) as server:
        aws.setenv("AWS_ENDPOINT_URL_SQS", server.origin)
        queue_of.cache_clear()
        yield server
        queue_of.cache_clear()


def batches(queue: AwsJson) -> list[dict[str, Any]]:
    return [body for deed, body in queue.asked if deed == "ChangeMessageVisibilityBatch"]


def message(number: int, **attributes: str) -> dict[str, Any]:
    return {
        "receiptHandle": f"handle-{number}",
        "eventSourceARN": ARN,
        "attributes": attributes,
    }


@pytest.mark.parametrize(
    ("receives", "asked", "least", "most"),
    [
        (1, None, 21, 30),
        (2, None, 42, 60),
        (3, 0, 84, 120),
        (7, None, 1344, 1920),
        (8, None, 2520, 3600),
        (10**9, None, 2520, 3600),
        (1, 77, 77, 77),
        (5, 10, 336, 480),
        (1, 7200, 3600, 3600),
    ],
)
def test_the_wait_doubles_up_to_an_hour_and_landfalls_own_wait_is_kept(
    receives: int, asked: float | None, least: int, most: int
) -> None:
    waits = {seconds_until_next(receives, asked) for _ in range(200)}

    assert least <= min(waits) <= max(waits) <= most
    assert least == most or len(waits) > 5


def test_the_queue_is_asked_in_its_own_region_for_its_url(queue: AwsJson) -> None:
    postpone([(message(1, ApproximateReceiveCount="2"), None), (message(2), 77)])

    (deed, wanted), _ = queue.asked
    assert (deed, wanted) == (
        "GetQueueUrl",
        {"QueueName": "heron-objects", "QueueOwnerAWSAccountId": "123456789012"},
    )
    assert queue.region == "eu-west-2"
    [batch] = batches(queue)
    assert batch["QueueUrl"] == URL
    first, second = batch["Entries"]
    assert 42 <= first.pop("VisibilityTimeout") <= 60
    assert first == {"Id": "0", "ReceiptHandle": "handle-1"}
    assert second == {"Id": "1", "ReceiptHandle": "handle-2", "VisibilityTimeout": 77}


@pytest.mark.parametrize("number", [0, 1, 10, 11, 20, 21])
def test_no_request_has_more_than_ten_and_the_url_is_asked_once(
    number: int, queue: AwsJson
) -> None:
    postpone([(message(one), None) for one in range(number)])

    sizes = [len(batch["Entries"]) for batch in batches(queue)]
    assert sizes == [10] * (number // 10) + ([number % 10] if number % 10 else [])
    handles = [e["ReceiptHandle"] for batch in batches(queue) for e in batch["Entries"]]
    assert handles == [f"handle-{one}" for one in range(number)]
    assert len(queue.asked) == len(sizes) + (number > 0)


@pytest.mark.parametrize("count", ["0", "-1", "1"])
def test_a_count_below_one_counts_as_one(count: str, queue: AwsJson) -> None:
    postpone([(message(1, ApproximateReceiveCount=count), None)])

    assert 21 <= batches(queue)[0]["Entries"][0]["VisibilityTimeout"] <= 30


def test_without_attributes_a_message_comes_for_the_first_time(queue: AwsJson) -> None:
    postpone([({"receiptHandle": "1", "eventSourceARN": ARN}, None)])

    assert 21 <= batches(queue)[0]["Entries"][0]["VisibilityTimeout"] <= 30


def test_what_goes_well_is_not_worth_a_warning(
    queue: AwsJson, caplog: pytest.LogCaptureFixture
) -> None:
    postpone([(message(1), None)])

    assert not [r for r in caplog.records if r.levelname == "WARNING"]


@pytest.mark.parametrize(
    ("refusal", "told"), [({"Code": "NoSuchHandle"}, "NoSuchHandle"), ({"Id": "0"}, "refused")]
)
def test_a_refused_message_is_a_warning_with_the_right_that_is_needed(
    refusal: dict[str, str],
    told: str,
    queue: AwsJson,
    caplog: pytest.LogCaptureFixture,
) -> None:
    queue.answers["ChangeMessageVisibilityBatch"] = [{"Failed": [refusal]}]

    postpone([(message(1), None)])

    [record] = [r for r in caplog.records if r.levelname == "WARNING"]
    assert f"({told}): give the function's role sqs:ChangeMessageVisibility" in record.getMessage()


def test_a_message_that_names_no_queue_is_a_warning_too(caplog: pytest.LogCaptureFixture) -> None:
    postpone([({"receiptHandle": "1"}, None)])

    assert "come again only after the queue's visibility timeout (KeyError)" in caplog.text
