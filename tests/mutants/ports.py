"""Ports that lack one promise, over ports that keep it."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from transfer.errors import TokenMoved
from transfer.presigned_url import PresignedUrl
from transfer.source import Source, SourceObject
from transfer.store import ABSENT, ObjectHeaders, Store, StoredObject, Token, Upload


class Unconditional:
    """A store that replaces whatever is there."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def stat(self, name: str) -> StoredObject | None:
        return self.store.stat(name)

    def create(
        self, name: str, size: int, headers: ObjectHeaders, token: Token, deadline: float = math.inf
    ) -> Upload:
        return _PutOff(self, name, size, headers, token)

    def patch(self, name: str, token: Token, metadata: Mapping[str, str]) -> StoredObject:
        return self.store.patch(name, token, metadata)

    def check(self) -> None:
        self.store.check()

    def token_for(self, there: Token, expected: Token) -> Token:
        """The token to write under, when this one is there and that one was expected."""
        return there


class GenerationOnly(Unconditional):
    """A store that does not look at the metageneration before it replaces an object."""

    def token_for(self, there: Token, expected: Token) -> Token:
        if there.generation != expected.generation:
            raise TokenMoved
        return there


@dataclass
class _PutOff:
    """An upload that begins at its end, and then under a token of its own choice."""

    to: Unconditional
    name: str
    size: int
    headers: ObjectHeaders
    token: Token
    body: bytes = b""
    upload: Upload | None = field(default=None)

    def send(self, blocks: Iterator[bytes], start: int, end: int) -> int:
        self.body = self.body[:start] + b"".join(blocks)
        return end

    def persisted(self) -> int:
        return len(self.body)

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        there = self.to.store.stat(self.name)
        token = self.to.token_for(ABSENT if there is None else there.token, self.token)
        self.upload = self.to.store.create(self.name, self.size, self.headers, token)
        if self.body:
            self.upload.send(iter([self.body]), 0, len(self.body))
        return self.upload.finish(tail, crc32c)

    def abort(self) -> None:
        if self.upload is not None:
            self.upload.abort()


class NeverAborting:
    """A store on which uploads that were begun stay open."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.stat = store.stat
        self.patch = store.patch
        self.check = store.check

    def create(
        self, name: str, size: int, headers: ObjectHeaders, token: Token, deadline: float = math.inf
    ) -> Upload:
        return _Kept(self._store.create(name, size, headers, token))


class _Kept:
    def __init__(self, upload: Upload) -> None:
        self.send = upload.send
        self.persisted = upload.persisted
        self.finish = upload.finish

    def abort(self) -> None:
        pass


class Unpinned:
    """A source that is never told which version is meant."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def open(
        self,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        return self._source.open(url, None, start, deadline, ends)


class Obliging(Unpinned):
    """A source that gives what it has under the ETag that it was asked for."""

    def open(
        self,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        opened = super().open(url, etag, start, deadline, ends)
        opened.etag = etag or opened.etag
        return opened


class UnpinnedRanges(Unpinned):
    """A source that is told which version is meant, but not again for the rest."""

    def open(
        self,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        if start == 0:
            return self._source.open(url, etag, start, deadline, ends)
        return super().open(url, etag, start, deadline, ends)
