"""The message about one object: what S3 says of it now, and a URL to read it with."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from forwarder.aws_failures import AWS_ERRORS, EXPIRED, explained
from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.looking import Looking, Seen, size_in, strong_etag
from forwarder.s3_clients import S3Client, S3Clients
from forwarder.s3_refusals import CREDENTIALS

LOG = logging.getLogger(__name__)

CHECKSUMS = (
    "ChecksumCRC32",
    "ChecksumCRC32C",
    "ChecksumCRC64NVME",
    "ChecksumSHA1",
    "ChecksumSHA256",
)
PARTS = re.compile("[0-9]{1,5}")
CHECKSUM_TYPES = (None, "", "FULL_OBJECT", "COMPOSITE")

Message = dict[str, str | int]


@dataclass(frozen=True)
class MessageMaker:
    """Looks at objects and makes messages; what it makes is fresh each time."""

    clients: S3Clients
    url_expires_seconds: int
    pin_versions: bool = False
    """Read the version that the event names, not the current one; see the README."""

    @property
    def _looking(self) -> Looking:
        return Looking(self.clients, self.pin_versions)

    def message_about(self, wanted: S3Object) -> Message:
        """Return the message; its size and ETag are those of S3 now, not of the event.

        What S3 does not say is left out.

        Raises:
            ObjectGone: The object was deleted since.
            NotForwarded: S3 refused or failed.
        """
        seen = self._looking.find(wanted)
        head = seen.head
        # If the event names no version, what is there now is the version to pin.
        pinned = replace(seen.object, version_id=wanted.version_id or head.get("VersionId"))
        # Of an object whose headers cannot be read the event may know more.
        etag = strong_etag(head if head else {"ETag": wanted.etag})
        optional: dict[str, str | int | None] = {
            "ContentLength": size_in(head),
            "ETag": etag,
            **{field: head.get(field) for field in ("ContentType", "VersionId")},
            **_checksums(head),
            "LastModified": _rfc3339(head.get("LastModified")),
            "EventTime": wanted.event_time if _is_rfc3339(wanted.event_time) else None,
            "Sequencer": wanted.sequencer,
            "PartSize": self._part_size(seen, pinned, etag),
        }
        message = self._signed(seen.client, pinned)
        # Servers like MinIO send empty fields for what they do not know.
        message.update({f: value for f, value in optional.items() if value not in (None, "")})
        return message

    def message_as_listed(self, listed: S3Object, size: int) -> Message:
        """Return a message that says what a list said of the object, and asks S3 nothing.

        It lacks what only HeadObject tells, so it is good for comparing; `listed` must have its
        region and its ETag.

        Raises:
            NotForwarded: It could not be signed.
        """
        try:
            client = self.clients.of_object(listed.bucket, listed.region)
        except AWS_ERRORS as error:
            raise explained(error) from None
        return self._signed(client, listed) | {"ContentLength": size, "ETag": str(listed.etag)}

    def _signed(self, client: S3Client, target: S3Object) -> Message:
        try:
            url = client.generate_presigned_url(
                "get_object", Params=self._looking.target(target), ExpiresIn=self._url_seconds()
            )
        except AWS_ERRORS as error:
            raise explained(error) from None
        return {"Bucket": target.bucket, "ObjectKey": target.key, "PresignedUrl": url}

    def _url_seconds(self) -> int:
        """A URL ends with the credentials that signed it, whatever it says of itself."""
        life = self.clients.seconds_to_live()
        if life is None or life >= self.url_expires_seconds:
            return self.url_expires_seconds
        if life < 1:
            raise NotForwarded(CREDENTIALS, EXPIRED)
        LOG.warning(
            "the URL is signed for %d s, not for URL_EXPIRES_SECONDS: it ends with the temporary "
            "AWS credentials",
            life,
        )
        return life

    def _part_size(self, seen: Seen, pinned: S3Object, etag: str | None) -> int | None:
        """Return the size of every part but the last, if the object has parts of one size.

        With it the receiver can check the ETag; without it the object can land all the same.
        """
        parts = (etag or "").strip('"').partition("-")[2]
        whole = size_in(seen.head)
        if not PARTS.fullmatch(parts) or whole is None:
            return None
        try:
            # No IfMatch: some servers give a part an ETag of its own. If the object was replaced
            # just now, the receiver finds out by the ETag of the message.
            first = seen.client.head_object(**self._looking.target(pinned), PartNumber=1)
        except AWS_ERRORS as error:
            LOG.warning("%s: forwarded without its part size: %s", pinned, type(error).__name__)
            return None
        size = size_in(first)
        if not size or first.get("PartsCount") != int(parts):
            return None
        same_size_throughout = -(-whole // size) == int(parts)
        return size if same_size_throughout else None


def _checksums(head: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the checksums; none if they are of a type whose meaning is not known."""
    if head.get("ChecksumType") not in CHECKSUM_TYPES:
        return {}
    return {field: head.get(field) for field in ("ChecksumType", *CHECKSUMS)}


def _rfc3339(time: object) -> str | None:
    """Return the time as text; None if there is none, or none of any calendar in use."""
    if not isinstance(time, datetime) or not 1970 <= time.year <= 9998:
        return None
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_rfc3339(text: str | None) -> bool:
    """Whether Landfall takes it; some servers write times in forms of their own."""
    try:
        return text is not None and "T" in text and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
