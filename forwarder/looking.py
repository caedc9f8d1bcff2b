"""A look at one object: what S3 says of it now, or why S3 says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from forwarder.aws_failures import (
    AWS_ERRORS,
    code_of,
    explained,
    is_unreadable,
    response_of,
    status_of,
    word_for,
)
from forwarder.events import S3Object
from forwarder.failures import NotForwarded, ObjectGone
from forwarder.s3_clients import S3Client, S3Clients
from forwarder.s3_refusals import CREDENTIALS, LATER, REFUSED, RENEW, UNAVAILABLE

RIGHTS = (
    "s3:GetObject on the bucket's objects (s3:GetObjectVersion with PIN_VERSIONS) and "
    "s3:ListBucket on the bucket, for SSE-KMS also kms:Decrypt and kms:GenerateDataKey"
)
GONE = ("NoSuchKey", "NoSuchVersion")


@dataclass(frozen=True)
class Seen:
    """An object that is there."""

    object: S3Object
    client: S3Client
    """Of the Region where the bucket really is."""
    head: Mapping[str, Any]
    """As HeadObject answers, but any field may be missing."""


Result = Seen | ObjectGone | NotForwarded
"""What a look under one key shows, or why it shows nothing."""


@dataclass(frozen=True)
class Looking:
    clients: S3Clients
    pin_versions: bool

    def find(self, wanted: S3Object) -> Seen:
        """Look for the object under its key, and under its other one if the first does not fit.

        Raises:
            ObjectGone: S3 says that there is no such object.
            NotForwarded: S3 refused or failed.
        """
        found = self._result(wanted)
        if wanted.other_key is not None and is_doubtful(found, wanted):
            other = self._result(replace(wanted, key=wanted.other_key, other_key=None))
            found = chosen(found, other, wanted)
        if isinstance(found, Seen):
            return found
        raise found

    def _result(self, wanted: S3Object) -> Result:
        try:
            return self.look(wanted)
        except (ObjectGone, NotForwarded) as failure:
            return failure

    def look(self, wanted: S3Object) -> Seen:
        """Look under the object's key alone.

        Raises:
            ObjectGone, NotForwarded: As `find` does.
        """
        target = self.target(wanted)
        try:
            client = self.clients.of_object(wanted.bucket, wanted.region)
            head = self._head(client, target)
            # The one after S3 has named the bucket's Region, if the event named another.
            client = self.clients.of_object(wanted.bucket, wanted.region)
        except AWS_ERRORS as error:
            raise explained(error, RIGHTS) from None
        return Seen(wanted, client, head)

    def target(self, wanted: S3Object) -> dict[str, str]:
        """Return the parameters that name the object, and its version if that is to be read."""
        target = {"Bucket": wanted.bucket, "Key": wanted.key}
        if self.pin_versions and wanted.version_id:
            target["VersionId"] = wanted.version_id
        return target

    def _head(self, client: S3Client, target: dict[str, str]) -> Mapping[str, Any]:
        try:
            head = client.head_object(**target, ChecksumMode="ENABLED")
        except ClientError as refused:
            raise self._why(client, target, refused) from None
        except AWS_ERRORS as error:
            if not is_unreadable(error):
                raise
            return self._as_listed(client, target, error)
        if strong_etag(head) and size_in(head) is not None:
            return head
        try:
            return {**head, **self._as_listed(client, target, ValueError())}
        except (NotForwarded, *AWS_ERRORS):
            return head

    def _as_listed(
        self, client: S3Client, target: dict[str, str], unreadable: Exception
    ) -> Mapping[str, Any]:
        """Return what a list says of an object whose headers cannot be read.

        Python's HTTP client takes 100 headers, and none whose name is beyond ASCII; S3 lets an
        object have more than that as metadata. The XML of a list always can be read.

        Nothing is returned if nobody may list, or of a version, which no list names: the message
        can do without it.
        """
        if "VersionId" in target:
            return {}
        try:
            page = client.list_objects_v2(Bucket=target["Bucket"], Prefix=target["Key"], MaxKeys=1)
        except ClientError as refused:
            if explained(refused).reason == REFUSED:
                return {}
            raise
        for entry in page.get("Contents", []):
            if entry.get("Key") == target["Key"]:
                fields = {"ETag": "ETag", "ContentLength": "Size", "LastModified": "LastModified"}
                return {field: entry[name] for field, name in fields.items() if name in entry}
        raise explained(unreadable)

    def _why(self, client: S3Client, target: dict[str, str], refused: ClientError) -> Exception:
        """A refusal of HeadObject has no body. That of GetObject has one, with S3's reason."""
        status = status_of(refused) or 0
        if status >= 500 or status == 429:
            return explained(refused)
        try:
            client.get_object(**target, Range="bytes=0-0")["Body"].close()
        except ClientError as error:
            if status_of(error) != 416:  # an empty object has no first byte
                return self._meaning(client, target, error)
        except AWS_ERRORS as error:
            return explained(error, RIGHTS)
        return NotForwarded(
            UNAVAILABLE,
            f"S3 answered HeadObject with {status}, but GetObject with the object: {LATER}; if "
            "that goes on, look at what is between here and S3",
        )

    def _meaning(self, client: S3Client, target: dict[str, str], refused: ClientError) -> Exception:
        status, code = status_of(refused), code_of(refused)
        headers = response_of(refused).get("ResponseMetadata", {}).get("HTTPHeaders", {})
        if status == 404 and code in GONE:
            return ObjectGone()
        if code == "MethodNotAllowed" and headers.get("x-amz-delete-marker") == "true":
            return ObjectGone()
        alike = code == "SignatureDoesNotMatch" or (code is None and status == 400)
        if alike and self._is_refused_too(client, target["Bucket"]):
            return NotForwarded(CREDENTIALS, f"S3 answered {word_for(refused)}: {RENEW}")
        return explained(refused, RIGHTS)

    def _is_refused_too(self, client: S3Client, bucket: str) -> bool:
        """Ask what has nothing to do with the object: is it the credentials?"""
        try:
            client.list_objects_v2(Bucket=bucket, MaxKeys=1)
        except ClientError as error:
            code = code_of(error)
            unclear = code == "SignatureDoesNotMatch" or (code is None and status_of(error) == 400)
            return unclear or explained(error).reason == CREDENTIALS
        except AWS_ERRORS:
            return False
        return False


def is_doubtful(first: Result, wanted: S3Object) -> bool:
    """Whether the object that the event means may be under its other key."""
    if isinstance(first, Seen):
        return bool(wanted.etag) and not is_meant(first, wanted)
    # Without s3:ListBucket S3 refuses a key that does not exist.
    return isinstance(first, ObjectGone) or first.reason == REFUSED


def chosen(first: Result, second: Result, wanted: S3Object) -> Result:
    """Choose by the event's ETag; an object is gone only if it is under neither key."""
    if not isinstance(second, Seen):
        return second if isinstance(first, ObjectGone) else first
    # What has another ETag is a neighbour. Without one, whatever is there is landed as it is.
    any_will_do = not wanted.etag and isinstance(first, ObjectGone)
    return second if any_will_do or is_meant(second, wanted) else first


def is_meant(seen: Seen, wanted: S3Object) -> bool:
    """Whether the ETag is the event's."""
    there, meant = (str(etag or "").removeprefix("W/").strip('"') for etag in (
        seen.head.get("ETag"), wanted.etag
    ))  # fmt: skip
    return bool(meant) and there == meant


def strong_etag(head: Mapping[str, Any]) -> str | None:
    """Return the ETag, if there is one.

    Raises:
        NotForwarded: It is a weak one, which does not name bytes.
    """
    etag = head.get("ETag")
    if not isinstance(etag, str) or not etag.strip('"'):
        return None
    if etag.startswith("W/"):
        raise NotForwarded(
            REFUSED,
            "the ETag is a weak one (W/...), with which If-Match cannot pin the object's bytes: a "
            "proxy or CDN before S3 makes ETags weak, most often because it compresses (nginx "
            "gzip, Cloudflare); switch that off for these objects, or set AWS_ENDPOINT_URL_S3 to "
            "the S3 server itself",
        )
    return etag


def size_in(head: Mapping[str, Any]) -> int | None:
    """Return the size in bytes, if there is one."""
    size = head.get("ContentLength")
    return size if isinstance(size, int) and size >= 0 else None
