"""What is at a message's destination, told by one look that changes nothing."""

from collections.abc import Set
from dataclasses import dataclass

from transfer import object_headers as names
from transfer.errors import InvalidMessage
from transfer.message import Message
from transfer.object_name import ObjectName
from transfer.source_checks import check_size
from transfer.store import Store, StoredObject


@dataclass(frozen=True)
class Comparison:
    """`landed`, `missing` or `different`, and what is there.

    It tells of one moment: a transfer that ends just after it may change the answer.
    """

    status: str
    there: StoredObject | None = None

    @property
    def message_id(self) -> str | None:
        """Of the notification; None while what is there was not announced."""
        return self.there.metadata.get(names.NOTIFIED) if self.there else None


class Comparing:
    """Compares one message with its destination. Threads may share it."""

    def __init__(self, store: Store, object_name: ObjectName, max_bytes: int) -> None:
        self._store = store
        self._object_name = object_name
        self._max_bytes = max_bytes

    def compare(self, message: Message) -> Comparison:
        """Tell what landing this message would find, refusing what landing refuses.

        Raises:
            InvalidMessage: Without an ETag nothing says which version is meant.
            ObjectTooLarge, UrlRefused, StoreUnavailable, Misconfigured
        """
        check_size(message.size, self._max_bytes)
        name = self._object_name.of(message)
        if message.etag is None:
            raise InvalidMessage("ETag is missing: validateOnly compares it with what landed.")
        there = self._store.stat(name)
        if there is None:
            return Comparison("missing")
        same = is_version(there, message, message.etag, message.size)
        return Comparison("landed" if same else "different", there)


def is_version(there: StoredObject, message: Message, etag: str, size: int | None) -> bool:
    """Whether what is there was landed from this version of this S3 object."""
    return (
        there.metadata.get(names.ETAG) == etag
        and is_from(there, {message.origin}, message.bucket, message.key)
        and is_whole(there)
        and size in (None, there.size)
    )


def is_whole(there: StoredObject) -> bool:
    """Whether what is there has the checksum that was recorded at its landing, if one was.

    A store may compose wrong bytes and its answer be lost; then only this shows it.
    """
    recorded = there.metadata.get(names.CRC32C)
    return recorded is None or there.crc32c in ("", recorded)


def is_from(there: StoredObject, origins: Set[str] | None, bucket: str, key: str) -> bool:
    """Whether what is there was landed from some version of this S3 object.

    Its bucket is in one of these origins, or anywhere for None. Where no origin is recorded, the
    object landed before it was, and the name of the bucket is all that can be compared.
    """
    recorded = there.metadata.get(names.ORIGIN)
    return (
        (recorded is None or origins is None or recorded in origins)
        and there.metadata.get(names.BUCKET) == bucket
        and there.metadata.get(names.KEY) == key
        and names.ETAG in there.metadata
    )
