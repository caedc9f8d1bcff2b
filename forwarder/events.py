"""What an S3 record says, turned into the object that was created. Pure: no network.

Amazon S3 and S3-compatible servers send records of one shape:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

import logging
import re
import reprlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

LOG = logging.getLogger(__name__)

S3_SOURCE = re.compile("[a-z0-9.-]+:s3")
"""`aws:s3`, and the names of other servers: minio:s3, ceph:s3, rustfs:s3, noobaa:s3, sgws:s3 ..."""
KNOWN_MAJOR_VERSION = "2"
OTHER_MAJOR_VERSIONS = {"scality:s3": "1"}
"""https://github.com/scality/backbeat/blob/HEAD/extensions/notification/constants.js"""
REGION = re.compile("[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
"""What boto3 takes for one. Ceph sends the name of its zone group, which may be anything."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = 200
_SHORT.maxlevel = 2

# Names without their prefix "s3:", each ended by a colon.
CREATIONS = ("ObjectCreated:", "ObjectSynced:Create:", "Replication:Create:")
"""The last two are Ceph's, for what another zone sent:
https://docs.ceph.com/en/latest/radosgw/s3-notification-compatibility/"""
NO_CREATIONS = (
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
    "ObjectRemoved:", "ObjectRestore:", "ReducedRedundancyLostObject:", "LifecycleExpiration:",
    "LifecycleTransition:", "IntelligentTiering:", "ObjectTagging:", "ObjectAcl:",
    "ObjectAnnotation:", "ObjectRetention:", "Replication:OperationFailedReplication:",
    "Replication:OperationMissedThreshold:", "Replication:OperationReplicatedAfterThreshold:",
    "Replication:OperationNotTracked:",
    # https://github.com/minio/minio/blob/master/internal/event/name.go
    "ObjectAccessed:", "ObjectTransition:", "LifecycleDelMarkerExpiration:", "Scanner:",
    "BucketCreated:", "BucketRemoved:", "Replication:OperationCompletedReplication:",
    # https://docs.ceph.com/en/latest/radosgw/s3-notification-compatibility/
    "ObjectLifecycle:", "ObjectSynced:Delete:", "ObjectSynced:DeletionMarkerCreated:",
    "Replication:Delete:", "Replication:DeletionMarkerCreated:",
)  # fmt: skip


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


def is_s3_record(record: Any) -> bool:
    """Whether the record says that it comes from Amazon S3 or another S3 server."""
    source = record.get("eventSource") if isinstance(record, dict) else None
    return isinstance(source, str) and S3_SOURCE.fullmatch(source) is not None


def created_by_record(record: Any) -> S3Object | None:
    """Return the object that this record of an S3 event tells of; None if it was not created.

    Raises:
        UnknownEvent: It is of an unknown major version or an unknown name, or damaged.
    """
    _check_version(record)
    if not _is_creation(record.get("eventName")):
        return None
    try:
        s3 = record["s3"]
        literal = required_text(s3["object"]["key"])
        # S3 encodes keys; transformers and emulators send them as they are.
        decoded = decoded_otherwise(literal)
        return S3Object(
            bucket=required_text(s3["bucket"]["name"]),
            key=decoded or literal,
            region=as_region(record.get("awsRegion")),
            version_id=optional_text(s3["object"].get("versionId")),
            etag=without_quotes(s3["object"].get("eTag")),
            event_time=optional_text(record.get("eventTime")),
            sequencer=optional_text(s3["object"].get("sequencer")),
            other_key=literal if decoded else None,
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise UnknownEvent(
            "S3 record without s3.bucket.name or s3.object.key "
            f"({type(error).__name__}): send it as S3 made it"
        ) from None


def _check_version(record: Any) -> None:
    version = record.get("eventVersion")
    known = OTHER_MAJOR_VERSIONS.get(record.get("eventSource"), KNOWN_MAJOR_VERSION)
    major = str(version).partition(".")[0] if isinstance(version, (str, int, float)) else ""
    if major != known:
        raise UnknownEvent(
            f"S3 record of eventVersion {shown(version)}, but only {known}.x is known: "
            "deploy a forwarder that knows it, then send the event again"
        )


def _is_creation(name: Any) -> bool:
    """S3 sends names without the prefix `s3:`; other servers and documentation have it."""
    if not isinstance(name, str):
        raise UnknownEvent("S3 record without an eventName: send it as S3 made it")
    bare = name.removeprefix("s3:") + ":"
    if bare.startswith(CREATIONS):
        return True
    if bare.startswith(NO_CREATIONS):
        LOG.info("ignored: %s is no creation", name)
        return False
    raise UnknownEvent(
        f"S3 record of the unknown eventName {shown(name)}: have only s3:ObjectCreated:* sent; if "
        "it created an object, deploy a forwarder that knows it, then send the event again"
    )


def shown(value: Any) -> str:
    """Return it quoted and shortened: it may be long, or nested too deeply to be written out."""
    return _SHORT.repr(value)


def required_text(value: Any) -> str:
    """Return the text.

    Raises:
        TypeError: It is none, or empty.
    """
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def optional_text(value: Any) -> str | None:
    """Return a text that says something; emulators send empty ones, and numbers for times."""
    return value if isinstance(value, str) and value else None


def without_quotes(etag: Any) -> str | None:
    return optional_text(etag.strip('"')) if isinstance(etag, str) else None


def as_region(name: Any) -> str | None:
    """Return the Region of this name; None if boto3 can take it for none."""
    return name if isinstance(name, str) and REGION.fullmatch(name) else None


def decoded_otherwise(key: str) -> str | None:
    """Return the key decoded; None if that changes nothing, or gives no UTF-8.

    S3 encodes keys in its own events. AWS does not say whether EventBridge does, and its emulators
    disagree.
    """
    try:
        decoded = unquote_plus(key, errors="strict")
    except UnicodeDecodeError:
        return None
    return decoded if decoded != key else None
