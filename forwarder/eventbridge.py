"""What an EventBridge event about S3 says, turned into the object that was created."""

import logging
from typing import Any

from forwarder.cloudtrail import created_by_api_call
from forwarder.events import (
    S3Object,
    UnknownEvent,
    as_region,
    decoded_otherwise,
    optional_text,
    required_text,
    shown,
    without_quotes,
)

LOG = logging.getLogger(__name__)

CREATION = "Object Created"
API_CALL = "AWS API Call via CloudTrail"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
NO_CREATIONS = (
    "Object Deleted",
    "Object Restore Initiated",
    "Object Restore Completed",
    "Object Restore Expired",
    "Object Storage Class Changed",
    "Object Access Tier Changed",
    "Object ACL Updated",
    "Object Tags Added",
    "Object Tags Deleted",
)


def is_about_s3(event: dict[str, Any]) -> bool:
    """Whether it is an event of EventBridge, and of S3 or of somebody who sends S3's events on.

    A source of its own is what PutEvents demands: names that begin with `aws.` are AWS's.
    """
    source = event.get("source")
    if "detail-type" not in event or not isinstance(source, str):
        return False
    return source == "aws.s3" or not source.startswith("aws.")


def created_by_eventbridge(event: Any) -> S3Object | None:
    """Return the object that an event of EventBridge is about; None if it was not created.

    Raises:
        UnknownEvent: It is of an unknown detail-type, or damaged.
    """
    kind = event["detail-type"]
    if kind == API_CALL:
        return created_by_api_call(event.get("detail"))
    if kind in NO_CREATIONS:
        LOG.info("ignored: %s is no creation", kind)
        return None
    if kind != CREATION:
        raise UnknownEvent(
            f"EventBridge event of the unknown detail-type {shown(kind)}: let the rule match "
            f'"{CREATION}"; if this event created an object, send it with forwarder.send'
        )
    return _created(event)


def _created(event: Any) -> S3Object:
    try:
        detail = event["detail"]
        one = detail["object"]
        key = required_text(one["key"])
        return S3Object(
            bucket=required_text(detail["bucket"]["name"]),
            key=key,
            region=as_region(event.get("region")),
            version_id=optional_text(one.get("version-id")),
            # moto names it as in S3's records.
            etag=without_quotes(one.get("etag", one.get("eTag"))),
            event_time=optional_text(event.get("time")),
            sequencer=optional_text(one.get("sequencer")),
            # AWS does not say whether EventBridge encodes keys; its emulators disagree.
            other_key=decoded_otherwise(key),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise UnknownEvent(
            "EventBridge event without detail.bucket.name or detail.object.key "
            f"({type(error).__name__}): send it as EventBridge made it, without a transformer"
        ) from None
