"""When the failed messages of a queue come again: soon at first, then more and more slowly.

Without it they would come after the queue's visibility timeout, which must be so long that no
running invocation is overtaken (six times its timeout).
"""

import logging
import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from botocore.config import Config

from forwarder.aws import make_client
from forwarder.aws_failures import AWS_ERRORS, word_for

LOG = logging.getLogger(__name__)

FIRST_SECONDS = 30
LONGEST_SECONDS = 3600
BATCH = 10
"""SQS takes no more entries at once."""


def postpone(failed: Sequence[tuple[Mapping[str, Any], float | None]]) -> None:
    """Set when these messages come again; each is given with the wait that Landfall asked for.

    If that fails they come again later, so it is no failure of the message. It ends at the first
    batch that cannot be sent: the time left is short, and the others would wait for the same.
    """
    for start in range(0, len(failed), BATCH):
        try:
            refused = _change(failed[start : start + BATCH])
        except (*AWS_ERRORS, AttributeError, KeyError, TypeError) as error:
            _warn(word_for(error))
            return
        if refused:
            _warn(refused[0].get("Code", "refused"))


def _change(batch: Sequence[tuple[Mapping[str, Any], float | None]]) -> list[dict[str, Any]]:
    """Return the entries that SQS refused."""
    entries = [
        {
            "Id": str(number),
            "ReceiptHandle": record["receiptHandle"],
            "VisibilityTimeout": seconds_until_next(_receives(record), asked),
        }
        for number, (record, asked) in enumerate(batch)
    ]
    client, url = queue_of(batch[0][0]["eventSourceARN"])
    answer = client.change_message_visibility_batch(QueueUrl=url, Entries=entries)
    refused: list[dict[str, Any]] = answer.get("Failed", [])
    return refused


def _warn(problem: str) -> None:
    LOG.warning(
        "failed messages come again only after the queue's visibility timeout (%s): give the "
        "function's role sqs:ChangeMessageVisibility and sqs:GetQueueUrl on the queue, and a way "
        "to SQS",
        problem,
    )


def seconds_until_next(receives: int, asked: float | None) -> int:
    """Twice as long after each time that a message was received, and not all at one moment."""
    longest: int = min(FIRST_SECONDS << min(receives - 1, 20), LONGEST_SECONDS)
    spread = longest * random.uniform(0.7, 1)  # noqa: S311 - no secret
    return round(min(max(spread, asked or 0), LONGEST_SECONDS))


def _receives(record: Mapping[str, Any]) -> int:
    return max(int(record.get("attributes", {}).get("ApproximateReceiveCount", 1)), 1)


@cache
def queue_of(arn: str) -> tuple[Any, str]:
    """Return a client for the queue, and the queue's URL."""
    _, _, _, region, account, name = arn.split(":")
    config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})
    client = make_client("sqs", region, config)
    url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    return client, url
