"""Which S3 object is meant, in whatever a caller sends about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from transfer.errors import InvalidMessage
from transfer.origins import MAX_LENGTH as MAX_ORIGIN_LENGTH
from transfer.origins import parse_origin

MAX_KEY_BYTES = 1024
MAX_BUCKET_LENGTH = 255
MAX_VERSION_LENGTH = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}", re.ASCII)
_FIELDS = ("bucket", "key", "versionId", "origin")


@dataclass(frozen=True)
class S3Object:
    """The name of an S3 object, and of one of its versions where each lands on its own."""

    bucket: str
    key: str
    version_id: str | None = None
    origins: frozenset[str] | None = None
    """Where its bucket may be: partitions of AWS and listed servers; None for anywhere."""


def parse_s3_object(fields: Mapping[str, object]) -> S3Object:
    """Return the object that `bucket`, `key` and, where given, `versionId` and `origin` name.

    Unknown fields are refused: a misspelt one would ask, or do, something else.

    Raises:
        InvalidMessage
    """
    unknown = set(fields) - set(_FIELDS)
    bucket, key = text_of(fields, "bucket", MAX_BUCKET_LENGTH), key_of(fields, "key")
    if unknown or bucket is None or key is None:
        raise InvalidMessage(
            "Send bucket and key of an S3 object, perhaps versionId and origin, no more."
        )
    check_bucket_name(bucket, "bucket")
    version_id = text_of(fields, "versionId", MAX_VERSION_LENGTH)
    return S3Object(bucket, key, version_id, _origins(fields))


def _origins(fields: Mapping[str, object]) -> frozenset[str] | None:
    text = text_of(fields, "origin", MAX_ORIGIN_LENGTH)
    if text is None:
        return None
    try:
        return frozenset({parse_origin(text)})
    except ValueError:
        raise InvalidMessage(
            "origin must be a partition of AWS, such as aws, or an origin of S3_ENDPOINTS."
        ) from None


def key_of(fields: Mapping[str, object], name: str) -> str | None:
    """Return the key of this name, or None if it is absent or empty.

    Any Unicode is a key of S3: which of them Cloud Storage takes, `ObjectName` knows.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

    Raises:
        InvalidMessage: It is no text, or too long.
    """
    key = unicode_of(fields, name, MAX_KEY_BYTES)
    if key is not None and len(key.encode()) > MAX_KEY_BYTES:
        raise InvalidMessage(f"{name} must be at most {MAX_KEY_BYTES} bytes of UTF-8.")
    return key


def check_bucket_name(bucket: str, name: str) -> None:
    """Raise InvalidMessage if S3 has no bucket of such a name; `name` is the field's."""
    if not _BUCKET.fullmatch(bucket):
        raise InvalidMessage(f"{name} must be the name of an S3 bucket.")


def text_of(fields: Mapping[str, object], name: str, limit: int) -> str | None:
    """Return the text of this name; None if it is absent or empty.

    Raises:
        InvalidMessage: It is no text, has over `limit` characters, or control characters.
    """
    value = unicode_of(fields, name, limit)
    if value is not None and _CONTROL.search(value):
        raise InvalidMessage(f"{name} must not hold control characters.")
    return value


def unicode_of(fields: Mapping[str, object], name: str, limit: int) -> str | None:
    """Return the text of this name, which may hold any character; None if it is absent or empty.

    Raises:
        InvalidMessage: It is no text, or has over `limit` characters.
    """
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > limit:
        raise InvalidMessage(f"{name} must be a string of at most {limit} characters.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidMessage(f"{name} holds half of a surrogate pair.") from None
    return value
