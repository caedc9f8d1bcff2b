"""Under which name an object lands."""

import re
import string
from collections.abc import Iterator

from transfer.errors import InvalidMessage, UrlRefused
from transfer.message import Message
from transfer.s3_object import S3Object

MAX_NAME_BYTES = 1024
RESERVED_PREFIX = ".landfall/"
_FIELDS = frozenset({"bucket", "key", "version_id"})
_BUCKET, _OTHER = "\0", "\1"
"""What stands for a field where the form of a template is looked at."""
_KEEPS_APART = re.compile(
    # From its start or its end, and but for constant text, a name shows the bucket up to a
    # character that no bucket's name holds. What users choose may hold that too, but comes after.
    r"[^\0\1]*\0[A-Za-z0-9._-]*(?:[^A-Za-z0-9._\-\0\1].*)?"
    r"|(?:.*[^A-Za-z0-9._\-\0\1])?[A-Za-z0-9._-]*\0[^\0\1]*",
    re.DOTALL,
)


class ObjectName:
    """A template such as `{bucket}/{key}`, filled in for each message."""

    def __init__(self, template: str) -> None:
        """Raise ValueError, with words for the operator, if the template cannot work."""
        fields = frozenset(_fields(template))
        if not fields <= _FIELDS:
            raise ValueError("it may hold {bucket}, {key} and {version_id} only")
        if "key" not in fields:
            raise ValueError("it must hold {key}, or all objects would land under one name")
        if "\r" in template or "\n" in template:
            raise ValueError("it must not hold a line end, which no name in Cloud Storage may")
        if template.startswith(RESERVED_PREFIX):
            raise ValueError(f"it must not begin with {RESERVED_PREFIX}, which is reserved")
        self.keeps_buckets_apart = _KEEPS_APART.fullmatch(_form(template)) is not None
        """Whether objects of two buckets never have one name, whichever keys and versions users
        choose.
        """
        self._template = template
        self._pinned = "version_id" in fields

    @property
    def is_pinned(self) -> bool:
        """Whether each name holds a version, so that no object ever replaces another."""
        return self._pinned

    def of(self, message: Message) -> str:
        """Return the name for the object of this message.

        Raises:
            UrlRefused: The URL pins a version and the template does not, or the reverse:
                a pinned URL keeps serving old bytes, which must never replace newer ones.
            InvalidMessage: Cloud Storage takes no such name, or it is reserved.
        """
        if self._pinned and message.url.version_id is None:
            raise UrlRefused(
                "PresignedUrl pins no version, but OBJECT_NAME holds {version_id}: "
                "sign the URL with a VersionId and send that in the message too."
            )
        if not self._pinned and message.url.version_id is not None:
            raise UrlRefused(
                "PresignedUrl pins a version, but OBJECT_NAME holds no {version_id}: "
                "sign the URL without a VersionId."
            )
        return self._fill(S3Object(message.bucket, message.key, message.url.version_id))

    def of_object(self, s3_object: S3Object) -> str:
        """Return the name under which this object lands, if it does.

        Raises:
            InvalidMessage: It names a version and the template does not, or the reverse; or
                as `of` does.
        """
        if self._pinned and s3_object.version_id is None:
            raise InvalidMessage(
                "versionId is missing: OBJECT_NAME holds {version_id}, so that each version "
                "lands under a name of its own."
            )
        if not self._pinned and s3_object.version_id is not None:
            raise InvalidMessage(
                "OBJECT_NAME holds no {version_id}: ask without versionId what landed last."
            )
        return self._fill(s3_object)

    def _fill(self, s3_object: S3Object) -> str:
        name = self._template.format(
            bucket=s3_object.bucket, key=s3_object.key, version_id=s3_object.version_id
        )
        _check(name)
        return name


def _fields(template: str) -> Iterator[str]:
    try:
        for _, name, spec, conversion in string.Formatter().parse(template):
            if spec or conversion:
                raise ValueError("its fields take no format")
            if name is not None:
                yield name
    except ValueError as error:
        raise ValueError(f"it is not a template: {error}") from None


def _form(template: str) -> str:
    pieces = []
    for text, name, _, _ in string.Formatter().parse(template):
        field = "" if name is None else _BUCKET if name == "bucket" else _OTHER
        pieces.append(re.sub(f"[{_BUCKET}{_OTHER}]", " ", text) + field)
    return "".join(pieces)


def _check(name: str) -> None:
    """Other control characters are only advised against: they spoil lists in XML.
    https://cloud.google.com/storage/docs/objects#naming
    """
    if "\r" in name or "\n" in name:
        raise InvalidMessage(
            "Cloud Storage takes no object whose name holds a carriage return or a line feed; "
            "copy the object to another key in S3."
        )
    if len(name.encode()) > MAX_NAME_BYTES:
        raise InvalidMessage(
            f"The object's name would be over {MAX_NAME_BYTES} bytes of UTF-8; "
            "with OBJECT_NAME={key} every S3 key would fit. That is safe only where no two "
            "buckets hold the same key, and all API keys may land the same buckets."
        )
    if name.startswith(RESERVED_PREFIX):
        raise InvalidMessage(f"Names under {RESERVED_PREFIX} are reserved; choose another key.")
    if name in (".", "..") or name.startswith(".well-known/acme-challenge/"):
        raise InvalidMessage(
            "Cloud Storage takes no object of that name; use an OBJECT_NAME with {bucket}/ first."
        )
