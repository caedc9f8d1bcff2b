"""Whether what the source offers is what the message means, before a byte is used."""

from transfer.errors import ObjectTooLarge, SourceCorrupt
from transfer.message import Message
from transfer.source import SourceObject


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
    """Equal but for case and spaces, which servers write differently."""
    return _plain(found or "") == _plain(expected)


def _plain(value: str) -> str:
    return value.replace(" ", "").lower()
