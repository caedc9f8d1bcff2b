"""What goes beside the bytes: S3's own headers, and the record of the landing."""

import logging
from collections.abc import Mapping, Sequence

from transfer.header_text import is_fit, text_of
from transfer.message import Message
from transfer.source import SourceHeaders
from transfer.store import ABSENT, ObjectHeaders, Token
from transfer.user_metadata import MAX_BYTES, size_of, user_metadata

_log = logging.getLogger("landfall.headers")

ORIGIN = "s3-origin"
"""A partition of AWS, or a server of S3_ENDPOINTS. Not in what landed before it was recorded."""
BUCKET = "s3-bucket"
KEY = "s3-key"
ETAG = "s3-etag"
VERSION_ID = "s3-version-id"
LAST_MODIFIED = "s3-last-modified"
VERIFIED = "landfall-verified"
OVERWROTE = "landfall-overwrote"
CRC32C = "landfall-crc32c"
"""Of the verified bytes, in what was composed: the store could not be asked to compare it."""
NOTIFIED = "landfall-notified"
NOTIFIED_TIME = "landfall-notified-time"
TOUCHED = "landfall-touched"

PROTOCOL_STATE = frozenset({NOTIFIED, NOTIFIED_TIME, TOUCHED})
"""What is set after the landing, and is no part of what landed."""
_SOURCE = frozenset({ORIGIN, BUCKET, KEY, ETAG, VERSION_ID, LAST_MODIFIED})
_OURS = PROTOCOL_STATE | _SOURCE | {VERIFIED, OVERWROTE, CRC32C}
_LATER_BYTES = 1024
"""Of MAX_BYTES, for what is set after the landing."""
_MAX_FIELD_BYTES = 8 * 1024
"""As S3 takes all headers of an upload together.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""
_MAX_VERSION_BYTES = 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html"""
_MAX_TIME_BYTES = 64
_MAX_NAMES, _MAX_NAME_LENGTH = 20, 100
_LIMITS = {
    "content-type": _MAX_FIELD_BYTES,
    "cache-control": _MAX_FIELD_BYTES,
    "content-disposition": _MAX_FIELD_BYTES,
    "content-language": _MAX_FIELD_BYTES,
    "content-encoding": _MAX_FIELD_BYTES,
    "x-amz-version-id": _MAX_VERSION_BYTES,
    "last-modified": _MAX_TIME_BYTES,
}


def object_headers(
    message: Message, source: SourceHeaders, etag: str, verified: tuple[str, ...], replaced: Token
) -> ObjectHeaders:
    """Return all that the request which creates the object sets, and log what is left out.

    A later helper builds the notification from this alone, so all it needs is here. A header that
    Cloud Storage would refuse is left out, whichever the store is: the object lands without it.
    """
    fields, unfit_fields = _fields(source.values)
    ours = {
        ORIGIN: message.origin,
        BUCKET: message.bucket,
        KEY: message.key,
        ETAG: etag,
        VERSION_ID: fields.get("x-amz-version-id"),
        LAST_MODIFIED: fields.get("last-modified"),
        VERIFIED: ",".join(verified),
        OVERWROTE: str(replaced.generation) if replaced != ABSENT else None,
    }
    record = {name: value for name, value in ours.items() if value is not None}
    room = MAX_BYTES - _LATER_BYTES - size_of(record)
    metadata, unfit_entries = user_metadata(source.values, _OURS, room)
    _log_left_out(message, [*unfit_fields, *unfit_entries], source.get("x-amz-missing-meta"))
    return ObjectHeaders(
        content_type=fields.get("content-type"),
        cache_control=fields.get("cache-control"),
        content_disposition=fields.get("content-disposition"),
        content_language=fields.get("content-language"),
        content_encoding=_content_encoding(fields.get("content-encoding")),
        metadata=metadata | record,
    )


def _fields(headers: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return S3's own headers as text, and which cannot be kept. An empty one says nothing."""
    kept, left_out = {}, []
    for name, limit in _LIMITS.items():
        text = text_of(headers.get(name, "")).replace("\t", " ").strip(" ")
        if not is_fit(text) or len(text.encode()) > limit:
            left_out.append(name)
        elif text:
            kept[name] = text
    return kept, left_out


def _content_encoding(value: str | None) -> str | None:
    """`aws-chunked` describes the upload to S3, not the object."""
    codings = [coding.strip() for coding in (value or "").split(",")]
    return ", ".join(c for c in codings if c and c.lower() != "aws-chunked") or None


def _log_left_out(message: Message, headers: Sequence[str], missing: str | None) -> None:
    """Names only, escaped and bounded: they are whatever users made of them."""
    named = [ascii(text_of(name)[:_MAX_NAME_LENGTH]) for name in headers[:_MAX_NAMES]]
    if len(headers) > _MAX_NAMES:
        named.append(f"{len(headers) - _MAX_NAMES} more")
    if missing is not None:
        named.append("metadata that S3 itself does not return (x-amz-missing-meta)")
    if named:
        _log.warning(
            "The object %a of bucket %s lands without headers that cannot be kept: %s",
            message.key,
            message.bucket,
            ", ".join(named),
        )
