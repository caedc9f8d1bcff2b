"""Where bytes go: the port, and what a store says about an object."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

STEP = 256 * 1024
"""Uploads are persisted in multiples of this many bytes, as Cloud Storage does.
https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload"""


@dataclass(frozen=True)
class Token:
    """What a write expects at its destination; `ABSENT` expects nothing there."""

    generation: int
    metageneration: int


ABSENT = Token(0, 0)


@dataclass(frozen=True)
class ObjectHeaders:
    """What is stored beside the bytes, set in the request that creates the object."""

    content_type: str | None = None
    cache_control: str | None = None
    content_disposition: str | None = None
    content_language: str | None = None
    content_encoding: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredObject:
    """One generation of an object, as the store describes it."""

    bucket: str
    name: str
    generation: int
    metageneration: int
    size: int
    crc32c: str
    """Base64 of the four big-endian bytes. Empty if the store does not tell it: of what others put
    into the directory, and in Cloud Storage of what others encrypted with a key of their own.
    https://cloud.google.com/storage/docs/encryption/customer-supplied-keys
    A walk does not tell it either where the bucket has a key in Cloud KMS; `stat` does.
    https://cloud.google.com/storage/docs/encryption/customer-managed-keys#restrictions"""
    md5: str | None
    """Base64; not every object has one."""
    headers: ObjectHeaders
    created: datetime
    updated: datetime

    @property
    def token(self) -> Token:
        return Token(self.generation, self.metageneration)

    @property
    def metadata(self) -> Mapping[str, str]:
        return self.headers.metadata


@dataclass(frozen=True)
class Unreadable:
    """An object whose record cannot be read; the store's log says why, and what to do."""

    name: str
    """Of the object, or of its record if that is all that is known."""


class Upload(Protocol):
    """An object in the making: invisible until `finish`."""

    def send(self, blocks: Iterator[bytes], start: int, end: int) -> int:
        """Append bytes `start` to `end`, both multiples of STEP; return how far is persisted.

        What `blocks` raises comes out unchanged.

        Raises:
            StoreUnavailable: Ask `persisted`, then go on from there.
            UploadLost, Misconfigured
        """

    def persisted(self) -> int:
        """Return how many bytes the store holds: a multiple of STEP.

        Raises:
            StoreUnavailable, UploadLost
        """

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        """Append the last bytes and make the object visible, if it has this checksum.

        Raises:
            TokenMoved: The destination changed, or the store refused the checksum.
            UploadLost: The outcome is in doubt and must be read from the destination.
            StoreUnavailable, Misconfigured: The object is not there.
        """

    def abort(self) -> None:
        """Forget the bytes. Never raises: a leftover is invisible and expires."""


class Store(Protocol):
    """Holds landed objects. Every write is conditional on a token read before."""

    def stat(self, name: str) -> StoredObject | None:
        """Describe the live generation.

        Raises:
            StoreUnavailable, Misconfigured
        """

    def create(
        self,
        name: str,
        size: int,
        headers: ObjectHeaders,
        token: Token,
        deadline: float = math.inf,
    ) -> Upload:
        """Begin an upload of `size` bytes that replaces exactly `token`.

        `deadline` is a time of `time.monotonic()` after which the upload is not gone on with.

        Raises:
            TokenMoved: Known already now; else `finish` tells.
            StoreUnavailable, Misconfigured
        """

    def patch(self, name: str, token: Token, metadata: Mapping[str, str]) -> StoredObject:
        """Set these metadata entries, keep the others, and raise the metageneration.

        A metageneration of 0 in the token leaves it unchecked.

        Raises:
            TokenMoved, StoreUnavailable, Misconfigured
        """

    def check(self) -> None:
        """Prove that the store is there and may be written.

        Raises:
            StoreUnavailable, Misconfigured
        """


@runtime_checkable
class ComposingStore(Store, Protocol):
    """A store that makes one object of several, without moving their bytes again."""

    def walk(self, prefix: str) -> Iterator[StoredObject]:
        """Describe the live generations of all names that begin with `prefix`.

        Raises:
            StoreUnavailable, Misconfigured
        """

    def compose(
        self,
        name: str,
        parts: Sequence[StoredObject],
        headers: ObjectHeaders,
        token: Token,
        deadline: float,
    ) -> StoredObject:
        """Make these very generations, 32 at most, the object that replaces exactly `token`.

        Raises:
            TokenMoved: The destination changed, or a part is no longer what it was.
            UploadLost: The outcome is in doubt and must be read from the destination.
            StoreUnavailable, Misconfigured: The object is not there.
        """

    def delete(self, there: StoredObject) -> None:
        """Remove exactly this generation, if it is there still. Tries for some seconds only.

        Raises:
            StoreUnavailable, Misconfigured
        """
