"""What goes beside the bytes: S3's own headers, and the record of the landing."""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from transfer.message import Message
from transfer.source import SourceHeaders
from transfer.store import ABSENT, ObjectHeaders, Token

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
_OURS = PROTOCOL_STATE | {BUCKET, KEY, ETAG, VERSION_ID, LAST_MODIFIED, VERIFIED, OVERWROTE, CRC32C}
_USER_PREFIX = "x-amz-meta-"
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def object_headers(
    message: Message, source: SourceHeaders, etag: str, verified: tuple[str, ...], replaced: Token
) -> ObjectHeaders:
    """Return all that the request which creates the object sets.

    A later helper builds the notification from this alone, so all it needs is here.
    """
    ours = {
        BUCKET: message.bucket,
        KEY: message.key,
        ETAG: etag,
        VERSION_ID: source.get("x-amz-version-id"),
        LAST_MODIFIED: source.get("last-modified"),
        VERIFIED: ",".join(verified),
        OVERWROTE: str(replaced.generation) if replaced != ABSENT else None,
    }
    metadata = _user_metadata(source)
    metadata.update((name, value) for name, value in ours.items() if value is not None)
    return ObjectHeaders(
        content_type=source.get("content-type"),
        cache_control=source.get("cache-control"),
        content_disposition=_unicode(source.get("content-disposition")),
        content_language=source.get("content-language"),
        content_encoding=_content_encoding(source.get("content-encoding")),
        metadata=metadata,
    )


def _user_metadata(source: SourceHeaders) -> dict[str, str]:
    """`x-amz-meta-NAME` as NAME; one that is named like ours keeps its whole name."""
    metadata = {}
    for header, value in source.values.items():
        if header.startswith(_USER_PREFIX):
            name = header.removeprefix(_USER_PREFIX)
            metadata[header if name in _OURS else name] = _decoded(value)
    return metadata


def _decoded(value: str) -> str:
    """S3 sends what is not ASCII as RFC 2047; other servers send plain UTF-8.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
    """
    value = _unicode(value) or ""
    if "=?" not in value:
        return value
    try:
        decoded = str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value
    # Whoever uploads may claim any charset, and some give what no JSON or header can hold.
    return value if _UNFIT.search(decoded) else decoded


def _unicode(value: str | None) -> str | None:
    """HTTP libraries read headers as Latin-1; what is not ASCII in them is UTF-8 today."""
    try:
        return value.encode("latin-1").decode("utf-8") if value else value
    except UnicodeError:
        return value


def _content_encoding(value: str | None) -> str | None:
    """`aws-chunked` describes the upload to S3, not the object."""
    codings = [coding.strip() for coding in (value or "").split(",")]
    return ", ".join(c for c in codings if c and c.lower() != "aws-chunked") or None
