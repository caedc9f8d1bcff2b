"""The objects of a bucket, as ListObjectsV2 tells of them: page by page, in constant memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import PaginationError

from forwarder.aws_failures import AWS_ERRORS, explained
from forwarder.events import S3Object

OF_A_LIST = frozenset({"Contents", "IsTruncated", "KeyCount", "MaxKeys", "Name"})
"""Every list has some of them, also one without objects."""
NO_LIST = (
    "the answer is no page of ListObjectsV2 by which all objects can be found: check "
    "AWS_ENDPOINT_URL_S3 and what is between here and S3, or use a server that has ListObjectsV2"
)


class CannotWork(Exception):
    """The run cannot go on, whatever the object; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object, and its size at the time of the list; without an ETag, the list is no good."""

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
            if not _is_whole(page):
                raise CannotWork(f"cannot list s3://{bucket}: {NO_LIST}")
            for entry in page.get("Contents", []):
                size = entry.get("Size")
                etag = None if size is None else usable_etag(entry.get("ETag"))
                yield Listed(S3Object(bucket, entry["Key"], region, etag=etag), size or 0)
    except PaginationError:  # the next page is this one again
        raise CannotWork(f"cannot list s3://{bucket}: {NO_LIST}") from None
    except AWS_ERRORS as error:
        raise CannotWork(why_not(error, f"list s3://{bucket}", "s3:ListBucket")) from None


def _is_whole(page: Mapping[str, Any]) -> bool:
    """Whether it is a page of a list, and says where the next begins if there is one.

    Else boto3 takes an answer that is no list for an empty one, and the first page of a server
    that knows only the older ListObjects for all of them.
    """
    is_list = not OF_A_LIST.isdisjoint(page)
    has_keys = all("Key" in entry for entry in page.get("Contents", []))
    is_cut_off = page.get("IsTruncated") and not page.get("NextContinuationToken")
    return is_list and has_keys and not is_cut_off


def usable_etag(etag: str | None) -> str | None:
    """Return a list's ETag without quotes; None if it does not name bytes, or is not there."""
    found = (etag or "").strip('"')
    return found if found and not found.startswith("W/") else None


def why_not(error: Exception, deed: str, right: str) -> str:
    """Return what S3 did not do and how to mend it, without the text of boto3's error.

    `error` is one of `AWS_ERRORS`.
    """
    return f"cannot {deed}: {explained(error, f'{right} on it')}"
