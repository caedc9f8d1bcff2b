"""What arrives: a message about one S3 object."""

import base64
import binascii
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from transfer.errors import InvalidMessage
from transfer.etag import MAX_LENGTH as MAX_ETAG_LENGTH
from transfer.etag import parse_etag
from transfer.presigned_url import PresignedUrl, parse_presigned_url
from transfer.s3_hosts import PUBLIC_PARTITIONS
from transfer.s3_object import (
    MAX_BUCKET_LENGTH,
    MAX_VERSION_LENGTH,
    check_bucket_name,
    key_of,
    text_of,
    unicode_of,
)

MAX_TYPE_LENGTH = 8 * 1024
"""All headers of an upload to S3 are no longer.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""
_CHECKSUM_BYTES = {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}
_COMPOSITE = re.compile(r"[A-Za-z0-9+/=]+-\d+", re.ASCII)


@dataclass(frozen=True)
class Message:
    """One S3 object, as the forwarder saw it. Fields that it did not say are None."""

    bucket: str
    key: str
    url: PresignedUrl
    content_type: str | None = None
    size: int | None = None
    etag: str | None = None
    """Without quotes."""
    version_id: str | None = None
    last_modified: datetime | None = None
    event_time: datetime | None = None
    part_size: int | None = None
    full_object: bool | None = None
    """Whether the checksums are over the whole object, where S3 said so."""
    checksums: Mapping[str, bytes] = field(default_factory=dict)
    """Digests by algorithm (`crc32`, `crc32c`, `crc64nvme`, `sha1`, `sha256`)."""

    @property
    def origin(self) -> str:
        """Within which the bucket's name is unique, as the URL shows."""
        return self.url.origin


def parse_message(
    fields: Mapping[str, object],
    endpoints: Set[str],
    partitions: Set[str] = PUBLIC_PARTITIONS,
) -> Message:
    """Return the message that the JSON object `fields` holds; unknown fields are ignored.

    `endpoints` are origins of S3-compatible servers besides Amazon's own, which are those
    of these `partitions`.

    Raises:
        InvalidMessage, UrlRefused
    """
    bucket = _required(text_of(fields, "Bucket", MAX_BUCKET_LENGTH), "Bucket")
    check_bucket_name(bucket, "Bucket")
    key = _required(key_of(fields, "ObjectKey"), "ObjectKey")
    version_id = text_of(fields, "VersionId", MAX_VERSION_LENGTH)
    url_text = _required(text_of(fields, "PresignedUrl", 64 * 1024), "PresignedUrl")
    return Message(
        bucket=bucket,
        key=key,
        # Only compared: users give their objects types of any form.
        content_type=unicode_of(fields, "ContentType", MAX_TYPE_LENGTH),
        size=_integer(fields, "ContentLength", 0),
        etag=_etag(fields),
        version_id=version_id,
        last_modified=_time(fields, "LastModified"),
        event_time=_time(fields, "EventTime"),
        part_size=_integer(fields, "PartSize", 1),
        full_object=_full_object(fields),
        checksums=_checksums(fields),
        url=parse_presigned_url(url_text, bucket, key, version_id, endpoints, partitions),
    )


def _required(value: str | None, name: str) -> str:
    if value is None:
        raise InvalidMessage(f"{name} is missing: a message needs Bucket, ObjectKey, PresignedUrl.")
    return value


def _integer(fields: Mapping[str, object], name: str, least: int) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is not int or not least <= value <= 2**53:
        raise InvalidMessage(f"{name} must be a whole number of bytes, {least} or more.")
    return value


def _time(fields: Mapping[str, object], name: str) -> datetime | None:
    text = text_of(fields, name, 64)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or "T" not in text:
        raise InvalidMessage(f"{name} must be a time like 2026-03-14T09:26:53.589Z.")
    return time


def _etag(fields: Mapping[str, object]) -> str | None:
    text = text_of(fields, "ETag", MAX_ETAG_LENGTH + 2)
    if text is None:
        return None
    try:
        return parse_etag(text)
    except ValueError as error:
        raise InvalidMessage(
            f"ETag {error} A message may leave it out; S3's own answer must then have a strong one."
        ) from None


def _full_object(fields: Mapping[str, object]) -> bool | None:
    value = text_of(fields, "ChecksumType", 16)
    if value not in (None, "FULL_OBJECT", "COMPOSITE"):
        raise InvalidMessage("ChecksumType must be FULL_OBJECT or COMPOSITE.")
    return None if value is None else value == "FULL_OBJECT"


def _checksums(fields: Mapping[str, object]) -> dict[str, bytes]:
    """Digests of the whole object; a checksum of checksums (`...-3`) proves no bytes."""
    digests = {}
    for algorithm, length in _CHECKSUM_BYTES.items():
        name = f"Checksum{algorithm.upper()}"
        text = text_of(fields, name, 64)
        if text is None or _COMPOSITE.fullmatch(text):
            continue
        try:
            digest = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            digest = b""
        if len(digest) != length:
            raise InvalidMessage(f"{name} must be {length} bytes in base64, as S3 gives it.")
        digests[algorithm] = digest
    return digests
