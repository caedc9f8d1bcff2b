"""The objects of a bucket, as ListObjectsV2 tells of them: page by page, in constant memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from forwarder.events import S3Object


class CannotWork(Exception):
    """The run cannot go on, whatever the object; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object, and its size at the time of the list; without an ETag, the list had none."""

    object: S3Object
    size: int


def listed_objects(
    client: Any, bucket: str, prefix: str, start_after: str = ""
) -> Iterator[Listed]:
    """Yield the current versions of all objects whose key begins with `prefix`, by key.

    Raises:
        CannotWork: S3 refused or failed.
    """
    region = client.meta.region_name
    parameters = {"Bucket": bucket, "Prefix": prefix}
    if start_after:
        parameters["StartAfter"] = start_after
    try:
        for page in client.get_paginator("list_objects_v2").paginate(**parameters):
            for entry in page.get("Contents", []):
                etag = entry["ETag"].strip('"')
                yield Listed(S3Object(bucket, entry["Key"], region, etag=etag), entry["Size"])
    except S3_ERRORS as error:
        raise CannotWork(why_not(error, f"list s3://{bucket}", "s3:ListBucket")) from None


S3_ERRORS = (ClientError, BotoCoreError, RuntimeError)
"""The last is botocore's only word for credentials that have ended."""
WHAT_TO_DO = {
    "NoSuchBucket": "there is no such bucket: check its name, and AWS_ENDPOINT_URL_S3 if set",
    "NoSuchKey": "there is no such object: check its name",
    "AccessDenied": "give these AWS credentials {right} on it",
    "AllAccessDisabled": "the bucket is closed to everybody",
    "RequestTimeTooSkewed": "set the clock of this machine right",
}
CREDENTIALS = "the AWS credentials are wrong or have expired: renew them"
WRONG_CREDENTIALS = (
    "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch",
    "TokenRefreshRequired",
)  # fmt: skip


def why_not(error: Exception, deed: str, right: str) -> str:
    """Return what S3 did not do and how to mend it, without the text of boto3's error.

    `error` is one of `S3_ERRORS`.
    """
    if isinstance(error, RuntimeError):
        return f"cannot {deed}: {CREDENTIALS}"
    if isinstance(error, NoCredentialsError):
        return f"cannot {deed}: there are no AWS credentials: set them in the environment"
    if not isinstance(error, ClientError):
        return (
            f"cannot {deed}: S3 could not be asked ({type(error).__name__}): check the network, "
            "the region and the AWS credentials"
        )
    code = str(error.response.get("Error", {}).get("Code"))
    advice = CREDENTIALS if code in WRONG_CREDENTIALS else WHAT_TO_DO.get(code, "try again later")
    return f"cannot {deed}: S3 answered {code}: {advice.format(right=right)}"
