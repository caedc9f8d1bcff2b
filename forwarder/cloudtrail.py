"""What CloudTrail says of a call to S3, turned into the object that the call created.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
"""

import logging
from typing import Any

from forwarder.events import (
    S3Object,
    UnknownEvent,
    as_region,
    decoded_otherwise,
    optional_text,
    required_text,
    shown,
)

LOG = logging.getLogger(__name__)

S3_SOURCE = "s3.amazonaws.com"
"""Directory buckets (s3express), tables and Outposts have sources of their own."""
CREATIONS = ("PutObject", "PostObject", "CopyObject", "CompleteMultipartUpload")
NO_CREATION_VERBS = ("Get", "List", "Head", "Delete", "PutBucket", "Abort")
NO_CREATIONS = (
    "CreateBucket", "CreateMultipartUpload", "CreateSession", "PutAccelerateConfiguration",
    "PutObjectAcl", "PutObjectAnnotation", "PutObjectLegalHold", "PutObjectLockConfiguration",
    "PutObjectRetention", "PutObjectTagging", "PutPublicAccessBlock", "RestoreObject",
    "SelectObjectContent", "UpdateObjectEncryption", "UploadPart", "UploadPartCopy",
    "WriteGetObjectResponse",
)  # fmt: skip


def created_by_api_call(detail: Any) -> S3Object | None:
    """Return the object that the call created; None if it created none, or failed.

    `detail` is CloudTrail's record, which names no ETag.

    Raises:
        UnknownEvent: The call is unknown, or the record is damaged.
    """
    if not isinstance(detail, dict) or detail.get("eventSource") != S3_SOURCE:
        raise UnknownEvent(
            f"CloudTrail event that is not of eventSource {S3_SOURCE}: let the rule match it"
        )
    name = detail.get("eventName")
    if not _is_creation(name):
        LOG.info("ignored: %s creates no object", name)
        return None
    if detail.get("errorCode"):
        LOG.info("ignored: %s failed, so it created no object", name)
        return None
    return _created(detail)


def _is_creation(name: Any) -> bool:
    if name in CREATIONS:
        return True
    if isinstance(name, str) and (name.startswith(NO_CREATION_VERBS) or name in NO_CREATIONS):
        return False
    raise UnknownEvent(
        f"CloudTrail event of the unknown eventName {shown(name)}: let the rule match "
        f"{', '.join(CREATIONS)}; if this call created an object, send it with forwarder.send"
    )


def _created(detail: dict[str, Any]) -> S3Object:
    try:
        asked, answered = detail["requestParameters"], detail.get("responseElements") or {}
        key = required_text(asked["key"])
        return S3Object(
            bucket=required_text(asked["bucketName"]),
            key=key,
            region=as_region(detail.get("awsRegion")),
            version_id=optional_text(answered.get("x-amz-version-id")),
            event_time=optional_text(detail.get("eventTime")),
            # Public samples have keys as they are, but AWS does not promise it.
            other_key=decoded_otherwise(key),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise UnknownEvent(
            "CloudTrail event without requestParameters.bucketName or requestParameters.key "
            f"({type(error).__name__}): send it as CloudTrail made it, without a transformer"
        ) from None
