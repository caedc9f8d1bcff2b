"""What goes out: one message that reads as a Cloud Storage notification and as a CloudEvent.

https://cloud.google.com/storage/docs/pubsub-notifications
https://github.com/cloudevents/spec/blob/main/cloudevents/spec.md
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from transfer import object_headers as names
from transfer.store import StoredObject

MAX_ATTRIBUTE_BYTES = 1024
"""https://cloud.google.com/pubsub/quotas#resource_limits"""
CONFIG = "notificationConfigs/landfall"
"""By which a notification of ours differs from one that the bucket sends by itself."""


@dataclass(frozen=True)
class Notification:
    """One Pub/Sub message."""

    data: bytes
    attributes: Mapping[str, str]


def notification_of(landed: StoredObject, event_time: datetime | None) -> Notification:
    """Return the notification of this generation: the same `ce-id` however often it is made.

    `event_time` is when S3 says the object came to be, if the message at hand told.
    """
    metadata = landed.metadata
    lag = lag_ms(landed, event_time)
    bucket = f"projects/_/buckets/{landed.bucket}"
    created = timestamp(landed.created)
    attributes = {
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": landed.bucket,
        "objectId": landed.name,
        "objectGeneration": str(landed.generation),
        "eventTime": created,
        "overwroteGeneration": metadata.get(names.OVERWROTE),
        "notificationConfig": f"{bucket}/{CONFIG}",
        "ce-specversion": "1.0",
        "ce-id": event_id(landed),
        "ce-type": "io.landfall.object.landed.v1",
        "ce-source": f"//storage.googleapis.com/{bucket}",
        "ce-subject": quote(f"objects/{landed.name}"),
        "ce-time": created,
        "content-type": "application/json",
        "s3Bucket": metadata.get(names.BUCKET),
        "s3Key": quote(metadata.get(names.KEY, "")),
        "s3ETag": metadata.get(names.ETAG),
        "s3VersionId": metadata.get(names.VERSION_ID),
        "verified": metadata.get(names.VERIFIED),
        "lagMs": None if lag is None else str(lag),
    }
    return Notification(
        data=json.dumps(_resource(landed), ensure_ascii=False).encode(),
        attributes={name: value for name, value in attributes.items() if value and _fits(value)},
    )


def event_id(landed: StoredObject) -> str:
    """The key to deduplicate by: one landing, one id."""
    text = f"{landed.bucket}/{landed.name}#{landed.generation}"
    return hashlib.sha256(text.encode()).hexdigest()


def timestamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def lag_ms(landed: StoredObject, event_time: datetime | None = None) -> int | None:
    """Return the time from S3's event, else from the Last-Modified that landed, to the landing."""
    since = event_time
    if since is None and names.LAST_MODIFIED in landed.metadata:
        try:
            since = parsedate_to_datetime(landed.metadata[names.LAST_MODIFIED])
        except (ValueError, OverflowError):
            return None
    if since is None or since.tzinfo is None:
        return None
    return max(0, round((landed.created - since).total_seconds() * 1000))


def _fits(value: str) -> bool:
    return len(value.encode()) <= MAX_ATTRIBUTE_BYTES


def _resource(landed: StoredObject) -> dict[str, object]:
    """The object resource of the JSON API.
    https://cloud.google.com/storage/docs/json_api/v1/objects#resource
    """
    headers = landed.headers
    metadata = {k: v for k, v in landed.metadata.items() if k not in names.PROTOCOL_STATE}
    resource = {
        "kind": "storage#object",
        "id": f"{landed.bucket}/{landed.name}/{landed.generation}",
        "name": landed.name,
        "bucket": landed.bucket,
        "generation": str(landed.generation),
        "metageneration": str(landed.metageneration),
        "contentType": headers.content_type,
        "cacheControl": headers.cache_control,
        "contentDisposition": headers.content_disposition,
        "contentLanguage": headers.content_language,
        "contentEncoding": headers.content_encoding,
        "size": str(landed.size),
        "crc32c": landed.crc32c or None,
        "md5Hash": landed.md5,
        "timeCreated": timestamp(landed.created),
        "updated": timestamp(landed.updated),
        "metadata": metadata,
    }
    return {name: value for name, value in resource.items() if value is not None}
