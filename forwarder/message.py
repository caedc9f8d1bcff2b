"""The message about one object: what S3 says of it now, and a URL to read it with."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from forwarder.events import CreatedObject

LOG = logging.getLogger(__name__)

# Fields of the answer to HeadObject that go into the message as they are, when S3 has them.
PASSED_ON = (
    "ContentType",
    "VersionId",
    "ChecksumType",
    "ChecksumCRC32",
    "ChecksumCRC32C",
    "ChecksumCRC64NVME",
    "ChecksumSHA1",
    "ChecksumSHA256",
)

Message = dict[str, str | int]


class ObjectGone(Exception):
    """S3 has no such object any more."""


class ReadRefused(Exception):
    """S3 does not let this function read the object."""


class S3Client(Protocol):
    """The part of boto3's S3 client that is used here."""

    def head_object(self, **parameters: Any) -> dict[str, Any]: ...

    def generate_presigned_url(self, operation: str, /, **parameters: Any) -> str: ...


@cache
def s3_client(region: str) -> S3Client:
    """Return the client of a region, made once and kept for later invocations."""
    client: S3Client = boto3.client(
        "s3",
        region_name=region,
        # Without these, boto3 signs with SigV2 in old regions and uses the global host name,
        # which redirects for new buckets and so breaks the signature.
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        ),
    )
    return client


def message_about(created: CreatedObject, url_expires_seconds: int) -> Message:
    """Return the message; its size, ETag and version are those of S3 now, not of the event.

    Raises:
        ObjectGone: The object was deleted since.
        ReadRefused: The function's role lacks rights.
        ClientError, BotoCoreError: S3 failed.
    """
    client = s3_client(created.region)
    head = _head(client, created)
    message: Message = {
        "Bucket": created.bucket,
        "ObjectKey": created.key,
        "ContentLength": head["ContentLength"],
        "ETag": head["ETag"],
        # Not pinned to a version: the service lands an object's current bytes, by their ETag.
        "PresignedUrl": client.generate_presigned_url(
            "get_object",
            Params={"Bucket": created.bucket, "Key": created.key},
            ExpiresIn=url_expires_seconds,
        ),
    }
    optional: dict[str, str | int | None] = {
        **{field: head.get(field) for field in PASSED_ON},
        "LastModified": _rfc3339(head.get("LastModified")),
        "EventTime": created.event_time,
        "Sequencer": created.sequencer,
        "PartSize": _part_size(client, created, head),
    }
    message.update({field: value for field, value in optional.items() if value is not None})
    return message


def _head(client: S3Client, created: CreatedObject) -> dict[str, Any]:
    try:
        return client.head_object(Bucket=created.bucket, Key=created.key, ChecksumMode="ENABLED")
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 404:
            raise ObjectGone from error
        if status == 403:
            raise ReadRefused(
                "S3 answered HeadObject with 403: give the function's role s3:GetObject on the "
                "bucket's objects and s3:ListBucket on the bucket (without it a deleted object is "
                "403 too); for SSE-KMS also kms:Decrypt"
            ) from error
        raise


def _part_size(client: S3Client, created: CreatedObject, head: Mapping[str, Any]) -> int | None:
    """Return the size of every part but the last, if the object has parts of one size.

    With it the receiver can check the ETag; without it the object can land all the same.
    """
    parts = head["ETag"].strip('"').partition("-")[2]
    if not parts.isdecimal():
        return None
    try:
        # No IfMatch: some servers give a part an ETag of its own. If the object was replaced
        # just now, the receiver finds out by the ETag of the message.
        first = client.head_object(Bucket=created.bucket, Key=created.key, PartNumber=1)
    except (ClientError, BotoCoreError) as error:
        LOG.warning("%s: forwarded without its part size: %s", created, error)
        return None
    size: int = first["ContentLength"]
    if first.get("PartsCount") != int(parts) or size < 1:
        return None
    same_size_throughout = -(-head["ContentLength"] // size) == int(parts)
    return size if same_size_throughout else None


def _rfc3339(time: datetime | None) -> str | None:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None
