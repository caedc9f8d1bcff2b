"""Copying one range of an object into its temporary object, on a stream of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transfer.budget import Budget
from transfer.combining import CombinedProof, RangeDigests
from transfer.errors import LandfallError, StoreUnavailable, TokenMoved, UploadLost, WrongBytes
from transfer.integrity import Hashes
from transfer.pace import Meter
from transfer.presigned_url import PresignedUrl
from transfer.ranges import Range
from transfer.reading import Reader
from transfer.source import RangedSource, SourceObject
from transfer.store import ABSENT, ComposingStore, ObjectHeaders, StoredObject, Token
from transfer.streaming import send_body


@dataclass(frozen=True)
class Copied:
    """A range that is in its temporary object."""

    range: Range
    stored: StoredObject
    digests: RangeDigests


class RangeCopier:
    """Copies ranges of one version of one object. Its streams share it."""

    def __init__(
        self,
        source: RangedSource,
        store: ComposingStore,
        url: PresignedUrl,
        etag: str,
        size: int,
        proof: CombinedProof,
        budget: Budget,
        meter: Meter,
    ) -> None:
        self._source, self._store = source, store
        self._url, self._etag, self._size = url, etag, size
        self._proof = proof
        self._budget = budget
        self._meter = meter

    def found(self, range_: Range, there: StoredObject | None) -> Copied | None:
        """Return the range, if what is there already is known to be it.

        Raises:
            StoreUnavailable, Misconfigured
        """
        if there is not None and not there.crc32c:
            there = self._store.stat(range_.name)  # which may tell more than a list
        if there is None or there.size != range_.length:
            return None
        digests = self._proof.recorded(there.size, there.crc32c, there.metadata)
        return None if digests is None else Copied(range_, there, digests)

    def copy(
        self, range_: Range, there: StoredObject | None, stopped: Callable[[], bool]
    ) -> Copied:
        """Fetch the range into its temporary object, in place of what is `there`.

        Raises:
            SourceChanged, LandfallError: Nothing unfinished is left behind.
        """
        budget = self._budget.branch(stopped)
        budget.advance(range_.start)  # progress counts from here
        while True:
            hashes = self._proof.hashes(range_.start)
            there = self._upload(range_, there, hashes, budget)
            if there is not None and there.size == range_.length and there.crc32c == hashes.crc32c:
                return self._recorded(range_, there, hashes)
            found = self.found(range_, there)
            if found is not None:
                return found  # another worker on the same message was faster
            budget.spend(StoreUnavailable("A range is not in its temporary object."))

    def _upload(
        self, range_: Range, there: StoredObject | None, hashes: Hashes, budget: Budget
    ) -> StoredObject | None:
        """Return what is there then, which is another's if that was in the way."""

        def reopen(start: int) -> SourceObject:
            return self._open(start, range_.end, budget)

        reader = _MeteredReader(reopen, hashes, budget, self._meter)
        token = ABSENT if there is None else Token(there.generation, 0)
        try:
            upload = self._store.create(
                range_.name, range_.length, ObjectHeaders(), token, budget.deadline
            )
            try:
                tail = send_body(reader, upload, range_.start, range_.end, budget)
                return upload.finish(tail, hashes.crc32c)
            except BaseException:
                upload.abort()
                raise
        except (TokenMoved, UploadLost):
            return self._store.stat(range_.name)
        finally:
            reader.close()

    def _open(self, start: int, end: int, budget: Budget) -> SourceObject:
        opened = self._source.open_range(
            self._url, self._etag, start, end, budget.deadline, budget.ends
        )
        if opened.size != self._size:
            opened.close()
            raise WrongBytes("S3 says another size with a range than with the whole object.")
        return opened

    def _recorded(self, range_: Range, stored: StoredObject, hashes: Hashes) -> Copied:
        """Let a retry know the range: it counts as there once its digests are."""
        digests = self._proof.digests(range_.length, hashes)
        record = self._proof.record(digests)
        try:
            if record:
                self._store.patch(stored.name, Token(stored.generation, 0), record)
        except (TokenMoved, LandfallError):
            pass  # only the retry would miss it; composing tells if the range is another's now
        return Copied(range_, stored, digests)


class _MeteredReader(Reader):
    """Tells how much was read and handed on."""

    def __init__(
        self,
        reopen: Callable[[int], SourceObject],
        hashes: Hashes,
        budget: Budget,
        meter: Meter,
    ) -> None:
        super().__init__(None, reopen, hashes, budget)
        self._meter = meter

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        for block in super().blocks(start, end):
            yield block
            self._meter.count(len(block))
