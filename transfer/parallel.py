"""Many streams for one large object: ranges fetched at once, then composed.

Each range becomes a temporary object under `.landfall/parts/`, which a retry finds and need not
fetch again. docs/protocol.md, "Large objects", tells why this keeps the protocol's promises.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from transfer import object_headers as names
from transfer.budget import Budget
from transfer.combining import CombinedProof, combined_proof
from transfer.crew import Crew
from transfer.errors import (
    LandfallError,
    Refused,
    SourceChanged,
    SourceCorrupt,
    StoreUnavailable,
)
from transfer.integrity import Proof
from transfer.message import Message
from transfer.pace import DEFAULT, Meter, Pace
from transfer.phases import phase
from transfer.range_copy import Copied, RangeCopier
from transfer.ranges import MIN_RANGE_BYTES, Range, folder_of, ranges_of
from transfer.source import RangedSource, SourceObject
from transfer.store import STEP, ComposingStore, ObjectHeaders, StoredObject, Token

MAX_EXTRA_STREAMS = 48
"""Of all objects of this process together, beyond the first stream of each."""
TIDYING_STREAMS = 16


class Parallel:
    """Copies large objects by ranges. Threads may share it."""

    def __init__(
        self,
        source: RangedSource,
        store: ComposingStore,
        from_bytes: int,
        min_range_bytes: int = MIN_RANGE_BYTES,
        pace: Pace = DEFAULT,
        max_extra_streams: int = MAX_EXTRA_STREAMS,
    ) -> None:
        self._source = source
        self._store = store
        self._from_bytes = from_bytes
        self._min_range_bytes = min_range_bytes
        self._pace = pace
        self._extra = threading.Semaphore(max_extra_streams)

    def copy(
        self,
        message: Message,
        name: str,
        token: Token,
        opened: SourceObject,
        proof: Proof,
        headers: ObjectHeaders,
        budget: Budget,
    ) -> StoredObject | None:
        """Do steps 5 to 8 with many streams.

        Returns None, with `opened` unread, if one stream is the better way: the object is small,
        its proof cannot be combined, or the first stream is as fast as many would be.

        Raises:
            TokenMoved: The destination changed, or a range in its temporary object did.
            UploadLost: The outcome is in doubt and must be read from the destination.
            SourceChanged, LandfallError: The object is not there.
        """
        combined = combined_proof(proof, message.part_size)
        if opened.size < self._from_bytes or combined is None:
            return None
        folder = folder_of(name, message, opened.etag)
        unit = combined.s3_part_size or STEP
        ranges = ranges_of(folder, opened.size, unit, self._min_range_bytes)
        if len(ranges) == 1:
            return None
        try:
            with phase("stream"):
                copied = self._fetch(message, opened, combined, folder, ranges, budget)
            if copied is None:
                return None
            with phase("verify"):
                crc32c = combined.check([part.digests for part in copied])
        except (SourceChanged, SourceCorrupt, Refused):
            self._delete(folder)  # of no use to any retry
            raise
        parts = [part.stored for part in copied]
        recorded = replace(headers, metadata={**headers.metadata, names.CRC32C: crc32c})
        with phase("finish"):
            landed = self._store.compose(name, parts, recorded, token, budget.deadline)
        if landed.crc32c != crc32c:
            self._store.delete(landed)  # or a repeat would take it for whole, and announce it
            self._delete(folder)
            raise StoreUnavailable("The store composed other bytes than its parts have.")
        return landed

    def tidy(self, name: str, message: Message, etag: str, size: int | None) -> None:
        """Remove the ranges of an object that is done with. Never raises: they are invisible."""
        if size is None or size >= self._from_bytes:
            with phase("tidy"):
                self._delete(folder_of(name, message, etag))

    def _fetch(
        self,
        message: Message,
        opened: SourceObject,
        proof: CombinedProof,
        folder: str,
        ranges: Sequence[Range],
        budget: Budget,
    ) -> list[Copied] | None:
        """Return all ranges in order, or None if a single stream will do."""
        there = {part.name: part for part in self._store.walk(folder)}
        meter = Meter(self._pace)
        copier = RangeCopier(
            self._source, self._store, message.url, opened.etag, opened.size, proof, budget, meter
        )
        copied, missing = _told_apart(copier, ranges, there)

        def work(range_: Range) -> Copied:
            return copier.copy(range_, there.get(range_.name), crew.stopped)

        with Crew(missing, work) as crew:
            crew.engage(1)
            streams = meter.streams()
            if streams == 1 and not copied:
                return None
            opened.close()  # it showed the headers; what it goes on to send would be waste
            with self._extra_streams(min(streams, len(missing)) - 1) as extra:
                crew.engage(extra)
                copied += crew.results()
        return sorted(copied, key=lambda part: part.range.start)

    @contextmanager
    def _extra_streams(self, wanted: int) -> Iterator[int]:
        """Take as many as are free now."""
        taken = 0
        while taken < wanted and self._extra.acquire(blocking=False):
            taken += 1
        try:
            yield taken
        finally:
            for _ in range(taken):
                self._extra.release()

    def _delete(self, folder: str) -> None:
        """Stop at the first failure: a lifecycle rule removes what is left."""
        try:
            parts = list(self._store.walk(folder))
            with Crew(parts, self._store.delete) as crew:
                crew.engage(min(TIDYING_STREAMS, len(parts)))
                crew.results()
        except LandfallError:
            pass


def _told_apart(
    copier: RangeCopier, ranges: Sequence[Range], there: Mapping[str, StoredObject]
) -> tuple[list[Copied], list[Range]]:
    """Return those that are there already, from an earlier try or another worker, and the rest."""
    copied: list[Copied] = []
    missing: list[Range] = []
    for range_ in ranges:
        found = copier.found(range_, there.get(range_.name))
        if found is None:
            missing.append(range_)
        else:
            copied.append(found)
    return copied, missing
