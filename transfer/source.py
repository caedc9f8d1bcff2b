"""Where bytes come from: the port, and what a source says about an object."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from transfer.presigned_url import PresignedUrl


@dataclass(frozen=True)
class SourceHeaders:
    """The answer's headers, names in lower case."""

    values: Mapping[str, str]

    def get(self, name: str) -> str | None:
        return self.values.get(name)


class SourceObject(Protocol):
    """An open answer of the source: its headers, then its raw bytes, once."""

    headers: SourceHeaders
    etag: str
    """Without its quotes; never empty."""
    size: int
    """Bytes of the whole object, wherever reading began."""

    def read(self, limit: int) -> bytes:
        """Return the next bytes, as sent on the wire: `limit` of them, fewer only at the end.

        Raises:
            SourceUnavailable: The source broke off, stalled, or ended early.
        """

    def close(self) -> None:
        """End the connection; unread bytes are never reused."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Source(Protocol):
    """Gives the bytes behind a presigned URL."""

    def open(
        self,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        """Ask for the object from byte `start` on, only if its ETag still is `etag`.

        `deadline` is a time of `time.monotonic()` after which reading fails. `ends` is such a time
        as well, which may come near at any time.

        Raises:
            SourceChanged: The object has another ETag by now.
            SourceGone, SourceRefused, UrlExpired, SourceUnavailable, SourceCorrupt
        """


class RangedSource(Source, Protocol):
    """A source that also gives parts of an object."""

    def open_range(
        self,
        url: PresignedUrl,
        etag: str,
        start: int,
        end: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        """Ask for bytes `start` to `end` of the object, only if its ETag still is `etag`.

        Raises:
            What `open` does.
        """
