"""Events as they come: bare, or wrapped by SQS, SNS and EventBridge, up to three deep.

Samples of every wrapping are in tests/payloads.
"""

import json
import logging
from typing import Any

from forwarder.events import S3Object, UnknownEvent, created_by_eventbridge, created_by_record

LOG = logging.getLogger(__name__)

DEEPEST = 3
WHAT_TO_SEND = "send S3 event notifications, directly or by SQS, SNS or EventBridge"


def queue_records(event: Any) -> list[dict[str, Any]] | None:
    """Return the messages of an SQS batch; None if the event is something else."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        return None
    from_queue = [isinstance(r, dict) and r.get("eventSource") == "aws:sqs" for r in records]
    return records if all(from_queue) else None


def created_objects(event: Any, depth: int = 1) -> list[S3Object]:
    """Return the objects to forward, in the event's order; none for events of other kinds.

    An SQS batch is no event here: its messages succeed and fail one by one.

    Raises:
        UnknownEvent: The event, or a part of it, has no shape that is known.
    """
    if depth > DEEPEST:
        raise UnknownEvent(f"an event wrapped more than {DEEPEST} times: {WHAT_TO_SEND}")
    if not isinstance(event, dict):
        raise UnknownEvent(f"the event is a JSON {type(event).__name__}: {WHAT_TO_SEND}")
    if event.get("Event") == "s3:TestEvent" and "Records" not in event:
        LOG.info("ignored: S3's test event")
        return []
    if event.get("source") == "aws.s3" and "detail-type" in event:
        created = created_by_eventbridge(event)
        return [created] if created else []
    if event.get("Type") == "Notification" and "TopicArn" in event:
        return _inside(event.get("Message"), depth)
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        fields = sorted(map(str, event))
        raise UnknownEvent(f"unknown event with the fields {fields}: {WHAT_TO_SEND}")
    return [created for record in records for created in _in_record(record, depth)]


def created_in_body(body: Any) -> list[S3Object]:
    """Return the objects to forward of one message of a queue.

    Raises:
        UnknownEvent
    """
    return _inside(body, depth=1)


def _in_record(record: Any, depth: int) -> list[S3Object]:
    if isinstance(record, dict):
        if record.get("eventSource") == "aws:s3":
            created = created_by_record(record)
            return [created] if created else []
        if record.get("EventSource") == "aws:sns" and isinstance(record.get("Sns"), dict):
            return _inside(record["Sns"].get("Message"), depth)
    source = record.get("eventSource") if isinstance(record, dict) else None
    raise UnknownEvent(f"unknown event with a record of eventSource {source!r}: {WHAT_TO_SEND}")


def _inside(text: Any, depth: int) -> list[S3Object]:
    if not isinstance(text, str):
        raise UnknownEvent(f"a wrapping without text in it: {WHAT_TO_SEND}")
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise UnknownEvent(
            "a message that is not JSON: if it was cut off, look for the object that it meant "
            f"with forwarder.sync; else {WHAT_TO_SEND}"
        ) from None
    return created_objects(event, depth + 1)
