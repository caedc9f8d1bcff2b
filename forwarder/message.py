"""The message about one object: what S3 says of it now, and a URL to read it with."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from forwarder.events import S3Object
from forwarder.failures import NotForwarded, ObjectGone
from forwarder.s3_clients import S3Client, S3Clients, status_of

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

EXPIRED = "the AWS credentials have expired: renew them"
WHAT_TO_DO = {
    400: "S3 does not say why to this kind of request; most often the AWS credentials have "
    "expired: renew them, or deploy the function again so that it gets new ones",
    301: "the bucket is in another region than the event says: send the event as S3 made it",
    403: "give the function's role s3:GetObject on the bucket's objects (s3:GetObjectVersion "
    "with PIN_VERSIONS) and s3:ListBucket on the bucket (without it a deleted object is 403 "
    "too), for SSE-KMS also kms:Decrypt and kms:GenerateDataKey; or the credentials are wrong",
    405: "the version that the event names is a delete marker",
}


@dataclass(frozen=True)
class MessageMaker:
    """Looks at objects and makes messages; what it makes is fresh each time."""

    clients: S3Clients
    url_expires_seconds: int
    pin_versions: bool = False
    """Read the version that the event names, not the current one; see the README."""

    def message_about(self, wanted: S3Object) -> Message:
        """Return the message; its size and ETag are those of S3 now, not of the event.

        Raises:
            ObjectGone: The object was deleted since.
            NotForwarded: S3 refused or failed.
        """
        try:
            region = wanted.region
            client = (
                self.clients.of_region(region) if region else self.clients.of_bucket(wanted.bucket)
            )
            found, head = self._find(client, wanted)
            return self._message(client, found, head)
        except (ClientError, BotoCoreError) as error:
            raise _translated(error) from None
        except RuntimeError:  # botocore has no other word for credentials that have ended
            raise NotForwarded("CREDENTIALS", EXPIRED) from None

    def message_as_listed(self, listed: S3Object, size: int) -> Message:
        """Return a message that says what a list said of the object, and asks S3 nothing.

        It lacks what only HeadObject tells, so it is good for comparing; `listed` must have its
        region and its ETag.

        Raises:
            NotForwarded: It could not be signed.
        """
        try:
            client = self.clients.of_region(str(listed.region))
            return self._signed(client, listed, size, str(listed.etag))
        except BotoCoreError as error:
            raise _translated(error) from None
        except RuntimeError:  # as above
            raise NotForwarded("CREDENTIALS", EXPIRED) from None

    def _signed(self, client: S3Client, target: S3Object, size: int, etag: str) -> Message:
        url = client.generate_presigned_url(
            "get_object", Params=self._target(target), ExpiresIn=self._url_seconds()
        )
        return {
            "Bucket": target.bucket,
            "ObjectKey": target.key,
            "ContentLength": size,
            "ETag": etag,
            "PresignedUrl": url,
        }

    def _find(self, client: S3Client, wanted: S3Object) -> tuple[S3Object, dict[str, Any]]:
        try:
            return wanted, self._head(client, wanted)
        except ClientError as error:
            if wanted.other_key is None or status_of(error) not in (403, 404):
                raise
            other = replace(wanted, key=wanted.other_key, other_key=None)
            try:
                head = self._head(client, other)
            except ClientError:
                raise error from None
            # By its ETag it is the object that the event meant, and not a neighbour.
            if head["ETag"].strip('"') != wanted.etag:
                raise
            return other, head

    def _head(self, client: S3Client, wanted: S3Object) -> dict[str, Any]:
        return client.head_object(**self._target(wanted), ChecksumMode="ENABLED")

    def _target(self, wanted: S3Object) -> dict[str, str]:
        target = {"Bucket": wanted.bucket, "Key": wanted.key}
        if self.pin_versions and wanted.version_id:
            target["VersionId"] = wanted.version_id
        return target

    def _message(self, client: S3Client, found: S3Object, head: Mapping[str, Any]) -> Message:
        # If the event names no version, what is there now is the version to pin.
        pinned = replace(found, version_id=found.version_id or head.get("VersionId"))
        message = self._signed(client, pinned, head["ContentLength"], head["ETag"])
        optional: dict[str, str | int | None] = {
            **{field: head.get(field) for field in PASSED_ON},
            "LastModified": _rfc3339(head.get("LastModified")),
            "EventTime": found.event_time,
            "Sequencer": found.sequencer,
            "PartSize": self._part_size(client, pinned, head),
        }
        message.update({field: value for field, value in optional.items() if value is not None})
        return message

    def _url_seconds(self) -> int:
        """A URL ends with the credentials that signed it, whatever it says of itself."""
        life = self.clients.seconds_to_live()
        if life is None or life >= self.url_expires_seconds:
            return self.url_expires_seconds
        if life < 1:
            raise NotForwarded("CREDENTIALS", EXPIRED)
        LOG.warning(
            "the URL is signed for %d s, not for URL_EXPIRES_SECONDS: it ends with the temporary "
            "AWS credentials",
            life,
        )
        return life

    def _part_size(self, client: S3Client, found: S3Object, head: Mapping[str, Any]) -> int | None:
        """Return the size of every part but the last, if the object has parts of one size.

        With it the receiver can check the ETag; without it the object can land all the same.
        """
        parts = head["ETag"].strip('"').partition("-")[2]
        if not parts.isdecimal():
            return None
        try:
            # No IfMatch: some servers give a part an ETag of its own. If the object was replaced
            # just now, the receiver finds out by the ETag of the message.
            first = client.head_object(**self._target(found), PartNumber=1)
        except (ClientError, BotoCoreError) as error:
            LOG.warning("%s: forwarded without its part size: %s", found, type(error).__name__)
            return None
        size: int = first["ContentLength"]
        if first.get("PartsCount") != int(parts) or size < 1:
            return None
        same_size_throughout = -(-head["ContentLength"] // size) == int(parts)
        return size if same_size_throughout else None


def _translated(error: ClientError | BotoCoreError) -> Exception:
    status = status_of(error)
    if status == 404:
        return ObjectGone()
    if isinstance(error, NoCredentialsError):
        text = "there are no AWS credentials: set them, or give the function a role"
        return NotForwarded("CREDENTIALS", text)
    if status is None:
        return NotForwarded(
            "SOURCE_UNAVAILABLE",
            f"S3 could not be asked ({type(error).__name__}): the object will be tried again; if "
            "that goes on, look at the function's network and its region",
        )
    if status >= 500 or status == 429:
        text = f"S3 answered HeadObject with {status}: the object will be tried again"
        return NotForwarded("SOURCE_UNAVAILABLE", text)
    advice = WHAT_TO_DO.get(status, "look at the bucket")
    reason = "CREDENTIALS" if status == 400 else "SOURCE_REFUSED"
    return NotForwarded(reason, f"S3 answered HeadObject with {status}: {advice}")


def _rfc3339(time: datetime | None) -> str | None:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None
