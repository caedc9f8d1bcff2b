"""What S3 and EventBridge tell, turned into the objects that were created. Pure: no network."""

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

LOG = logging.getLogger(__name__)

KNOWN_MAJOR_VERSION = "2"


class UnknownEvent(ValueError):
    """The event is not one that this forwarder understands; it must not pass for handled."""


@dataclass(frozen=True)
class S3Object:
    """An object of S3 that is to be forwarded; its `key` is decoded."""

    bucket: str
    key: str
    region: str | None = None
    """Where the bucket is; if it is not known, S3 is asked."""
    version_id: str | None = None
    etag: str | None = None
    """Without quotes, as events have it."""
    event_time: str | None = None
    sequencer: str | None = None
    other_key: str | None = None
    """What the key is if it came encoded, or not encoded, against what is expected."""

    def __str__(self) -> str:
        """For logs: quoted, because a key may hold line ends and other control characters."""
        return repr(f"{self.bucket}/{self.key}")


def created_by_record(record: Any) -> S3Object | None:
    """Return the object that this record of an S3 event tells of; None if it was not created.

    Raises:
        UnknownEvent: It is no S3 record, of an unknown major version, or damaged.
    """
    version = record.get("eventVersion")
    if str(version).partition(".")[0] != KNOWN_MAJOR_VERSION:
        raise UnknownEvent(
            f"S3 record of eventVersion {version!r}, but only {KNOWN_MAJOR_VERSION}.x is known: "
            "deploy a forwarder that knows it, then send the event again"
        )
    name = record.get("eventName")
    if not isinstance(name, str):
        raise UnknownEvent("S3 record without an eventName: send it as S3 made it")
    # S3 sends names without the prefix, but documentation and emulators show it.
    if not name.removeprefix("s3:").startswith("ObjectCreated:"):
        LOG.info("ignored: %s is no creation", name)
        return None
    try:
        s3 = record["s3"]
        literal = _text(s3["object"]["key"])
        # S3 encodes keys; transformers and emulators send them as they are.
        decoded = _decoded_otherwise(literal)
        return S3Object(
            bucket=_text(s3["bucket"]["name"]),
            key=decoded or literal,
            region=record.get("awsRegion"),
            version_id=s3["object"].get("versionId"),
            etag=s3["object"].get("eTag"),
            event_time=record.get("eventTime"),
            sequencer=s3["object"].get("sequencer"),
            other_key=literal if decoded else None,
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise UnknownEvent(
            "S3 record without s3.bucket.name or s3.object.key "
            f"({type(error).__name__}): send it as S3 made it"
        ) from None


def created_by_eventbridge(event: Any) -> S3Object | None:
    """Return the object that an event of EventBridge tells of; None if it was not created.

    Raises:
        UnknownEvent: It is damaged.
    """
    kind = event["detail-type"]
    if kind != "Object Created":
        LOG.info("ignored: %s is no creation", kind)
        return None
    try:
        detail = event["detail"]
        key = _text(detail["object"]["key"])
        return S3Object(
            bucket=_text(detail["bucket"]["name"]),
            key=key,
            region=event.get("region"),
            version_id=detail["object"].get("version-id"),
            etag=detail["object"].get("etag"),
            event_time=event.get("time"),
            sequencer=detail["object"].get("sequencer"),
            other_key=_decoded_otherwise(key),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise UnknownEvent(
            "EventBridge event without detail.bucket.name or detail.object.key "
            f"({type(error).__name__}): send it as EventBridge made it, without a transformer"
        ) from None


def _decoded_otherwise(key: str) -> str | None:
    """Return the key decoded; None if that changes nothing, or gives no UTF-8.

    S3 encodes keys in its own events. AWS does not say whether EventBridge does, and its emulators
    disagree.
    """
    try:
        decoded = unquote_plus(key, errors="strict")
    except UnicodeDecodeError:
        return None
    return decoded if decoded != key else None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value
