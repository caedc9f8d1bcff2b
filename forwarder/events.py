"""What Lambda hands over, turned into the objects that were created. Pure: no AWS, no network."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

KNOWN_MAJOR_VERSION = "2"


class UnknownEvent(ValueError):
    """The event is not one that this forwarder understands; it must not pass for handled."""


@dataclass(frozen=True)
class CreatedObject:
    """An object of S3 that an event says was created; `key` is decoded."""

    region: str
    bucket: str
    key: str
    event_time: str | None
    sequencer: str | None

    def __str__(self) -> str:
        """For logs: quoted, because a key may hold line ends and other control characters."""
        return repr(f"{self.bucket}/{self.key}")


def created_objects(event: Any) -> list[CreatedObject]:
    """Return the objects to forward, in the event's order; none for events of other kinds.

    Raises:
        UnknownEvent: The event, or one of its records, has no shape that is known.
    """
    if not isinstance(event, dict):
        raise UnknownEvent(f"the event is a JSON {type(event).__name__}: send an S3 event")
    if event.get("Event") == "s3:TestEvent" and "Records" not in event:
        return []
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        raise UnknownEvent(
            f"unknown event with the fields {sorted(map(str, event))}: "
            "trigger this function with S3 event notifications"
        )
    return [_created_object(record) for record in records if _tells_of_creation(record)]


def _tells_of_creation(record: Any) -> bool:
    source = record.get("eventSource") if isinstance(record, dict) else None
    if source != "aws:s3":
        raise UnknownEvent(
            f"unknown event with a record of eventSource {source!r}, not 'aws:s3': "
            "trigger this function with S3 event notifications"
        )
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
    return name.removeprefix("s3:").startswith("ObjectCreated:")


def _created_object(record: dict[str, Any]) -> CreatedObject:
    try:
        s3 = record["s3"]
        return CreatedObject(
            region=record["awsRegion"],
            bucket=s3["bucket"]["name"],
            key=unquote_plus(s3["object"]["key"], errors="strict"),
            event_time=record.get("eventTime"),
            sequencer=s3["object"].get("sequencer"),
        )
    except (AttributeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise UnknownEvent(
            "S3 record without awsRegion, s3.bucket.name or a form-encoded UTF-8 s3.object.key "
            f"({type(error).__name__}): send it as S3 made it"
        ) from None
