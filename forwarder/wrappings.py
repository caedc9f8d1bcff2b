"""Events as they come: bare, or wrapped by SQS, SNS and EventBridge, up to three deep.

Samples of every wrapping are in tests/payloads.
"""

import json
import logging
from typing import Any

from forwarder.eventbridge import created_by_eventbridge, is_about_s3
from forwarder.events import S3Object, UnknownEvent, created_by_record, is_s3_record, shown

LOG = logging.getLogger(__name__)

DEEPEST = 3
MOST_FIELDS = 20
WHAT_TO_SEND = "send S3 event notifications, directly or by SQS, SNS or EventBridge"
# Neither text shows the Token or the SubscribeURL: anybody who has one can confirm.
CONFIRMATIONS = {
    "SubscriptionConfirmation": "SNS sends nothing until the subscription to topic {topic} is "
    "confirmed: run `aws sns confirm-subscription --topic-arn TOPIC --token TOKEN`, with the Token "
    "of this message (in the queue, or among its dead letters), then delete the message",
    "UnsubscribeConfirmation": "the subscription to topic {topic} was ended, so SNS sends nothing "
    "more: if that is a mistake, subscribe again, or run `aws sns confirm-subscription "
    "--topic-arn TOPIC --token TOKEN` with the Token of this message, then delete the message",
}


def queue_records(event: Any) -> list[dict[str, Any]] | None:
    """Return the messages of an SQS batch; None if the event is something else.

    EventBridge Pipes sends the bare list.
    """
    records = event.get("Records") if isinstance(event, dict) else event
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
    if isinstance(event, list) and event:  # as EventBridge Pipes sends them
        return [created for one in event for created in created_objects(one, depth + 1)]
    if not isinstance(event, dict):
        raise UnknownEvent(f"the event is a JSON {type(event).__name__}: {WHAT_TO_SEND}")
    if event.get("Event") == "s3:TestEvent" and "Records" not in event:
        LOG.info("ignored: S3's test event")
        return []
    if is_about_s3(event):
        created = created_by_eventbridge(event)
        return [created] if created else []
    if "Type" in event and "TopicArn" in event:
        return _in_sns(event, depth)
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        fields = sorted(map(str, event))[:MOST_FIELDS]
        raise UnknownEvent(f"unknown event with the fields {fields}: {WHAT_TO_SEND}")
    return [created for record in records for created in _in_record(record, depth)]


def created_in_body(body: Any) -> list[S3Object]:
    """Return the objects to forward of one message of a queue.

    Raises:
        UnknownEvent
    """
    return _inside(body, depth=1)


def _in_record(record: Any, depth: int) -> list[S3Object]:
    if is_s3_record(record):
        created = created_by_record(record)
        return [created] if created else []
    if isinstance(record, dict) and record.get("EventSource") == "aws:sns":
        return _in_sns(record.get("Sns"), depth)
    source = record.get("eventSource") if isinstance(record, dict) else None
    raise UnknownEvent(
        f"unknown event with a record of eventSource {shown(source)}: {WHAT_TO_SEND}"
    )


def _in_sns(message: Any, depth: int) -> list[S3Object]:
    kind = message.get("Type") if isinstance(message, dict) else None
    if kind == "Notification":
        return _inside(message.get("Message"), depth)
    for confirmation, text in CONFIRMATIONS.items():
        if kind == confirmation:
            raise UnknownEvent(text.format(topic=shown(message.get("TopicArn"))))
    raise UnknownEvent(f"unknown message of SNS of Type {shown(kind)}: {WHAT_TO_SEND}")


def _inside(wrapped: Any, depth: int) -> list[S3Object]:
    if isinstance(wrapped, dict):  # EventBridge Pipes parses bodies for its transformers
        return created_objects(wrapped, depth + 1)
    if not isinstance(wrapped, str):
        raise UnknownEvent(f"a wrapping without text in it: {WHAT_TO_SEND}")
    try:
        event = json.loads(wrapped)
    except (ValueError, RecursionError):
        raise UnknownEvent(
            "a message that is not JSON: if it was cut off, look for the object that it meant "
            f"with forwarder.sync; else {WHAT_TO_SEND}"
        ) from None
    return created_objects(event, depth + 1)
