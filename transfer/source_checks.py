"""Whether what the source offers is what the message means, before a byte is used."""

from transfer.errors import ObjectTooLarge, SourceCorrupt
from transfer.header_text import text_of
from transfer.message import Message
from transfer.source import SourceObject

_UNKNOWN = frozenset({"application/octet-stream", "binary/octet-stream"})
"""The default of HTTP and of most servers, and that of Amazon S3.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"""


def check_size(size: int | None, max_bytes: int) -> None:
    """Raise ObjectTooLarge if the size is known and over the limit."""
    if size is not None and size > max_bytes:
        raise ObjectTooLarge(
            f"The object has {size} bytes and the limit is {max_bytes}; "
            "an operator can raise MAX_OBJECT_BYTES."
        )


def check_answer(opened: SourceObject, message: Message) -> None:
    """Raise SourceCorrupt if the source's answer contradicts the message."""
    if message.etag is not None and opened.etag != message.etag:
        raise _contradiction("ETag", "ETag")
    if message.size is not None and opened.size != message.size:
        raise _contradiction("length", "ContentLength")
    found_type = opened.headers.get("content-type")
    if message.content_type is not None and not _same_type(found_type, message.content_type):
        raise _contradiction("type", "ContentType")
    pinned, found = message.url.version_id, opened.headers.get("x-amz-version-id")
    if pinned is not None and found not in (None, pinned):
        raise _contradiction("version", "VersionId")


def _contradiction(what: str, name: str) -> SourceCorrupt:
    return SourceCorrupt(
        f"S3's answer has another {what} than {name} says; nothing was landed. "
        "Send again with what HeadObject says now."
    )


def _same_type(found: str | None, expected: str) -> bool:
    """Compare media types alone: GET may name a charset, or a default type, where HEAD does not."""
    return _media_type(found or "") == _media_type(expected)


def _media_type(value: str) -> str:
    """Return it without its parameters, and an empty string for the types that say nothing."""
    media_type = text_of(value).partition(";")[0].strip(" \t").lower()
    return "" if media_type in _UNKNOWN else media_type
