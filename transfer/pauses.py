"""A message whose object had other bytes than it says waits before they are fetched once more.

Finding that out costs all of the object's bytes, and the message that says otherwise costs its
sender nothing. Once may be an accident of the network, so only repeats have to wait. What the
headers of S3's answer show costs next to nothing: a message that was wrong there, and is
corrected, does not wait.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from transfer.errors import SourceCorrupt, WrongBytes
from transfer.message import Message

FIRST_SECONDS, MAX_SECONDS = 30.0, 900.0
"""After the second failure in a row, doubled after each one that follows, at most the latter."""
MEMORY_SECONDS = 3600.0
"""After so long without a failure all is forgotten."""
MAX_ENTRIES = 1024
"""Of one process. The one that failed longest ago is forgotten first."""


@dataclass
class _Record:
    failures: int
    until: float
    failed_at: float


class Pauses:
    """How often messages of each caller about each version of an object failed. Threads share it.

    Other callers, and other versions, do not wait. Other checksums for the same version do: a
    sender could make up new ones each time.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, max_entries: int = MAX_ENTRIES
    ) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._lock = threading.Lock()
        self._records: OrderedDict[tuple[str | None, ...], _Record] = OrderedDict()

    @contextmanager
    def respected(self, caller: str, message: Message) -> Iterator[None]:
        """Run the block, unless the message must wait, and note how it ends.

        Raises:
            SourceCorrupt: The message must wait, or the block found out what lets it wait; with
                the seconds until it is tried again.
        """
        key = None
        if self._records:  # which is rare, so that most messages pay nothing
            key = _key_of(caller, message)
            self._check(key)
        try:
            yield
        except WrongBytes as failure:
            pause = self._note(key or _key_of(caller, message))
            failure.retry_after = max(failure.retry_after or 0, pause)
            raise
        if key is not None:
            with self._lock:
                self._records.pop(key, None)

    def _check(self, key: tuple[str | None, ...]) -> None:
        with self._lock:
            record, now = self._records.get(key), self._clock()
            if record is None:
                return
            if now - record.failed_at > MEMORY_SECONDS:
                del self._records[key]
                return
        if now < record.until:
            raise _paused(record.failures, math.ceil(record.until - now))

    def _note(self, key: tuple[str | None, ...]) -> int:
        """Return after how many whole seconds the message may come again."""
        with self._lock:
            now, record = self._clock(), self._records.pop(key, None)
            failures = 1 if record is None else record.failures + 1
            pause = min(MAX_SECONDS, FIRST_SECONDS * 2.0 ** (failures - 2)) if failures > 1 else 0.0
            self._records[key] = _Record(failures, now + pause, now)
            if len(self._records) > self._max_entries:
                self._records.popitem(last=False)
        return math.ceil(pause)


def _paused(failures: int, seconds: int) -> SourceCorrupt:
    failure = SourceCorrupt(
        f"What S3 sent was not what the message says, {failures} times in a row, so nothing was "
        f"fetched now. It is fetched again in {seconds} s: send the message again then, with what "
        "HeadObject says now."
    )
    failure.retry_after = seconds
    return failure


def _key_of(caller: str, message: Message) -> tuple[str | None, ...]:
    return caller, message.origin, message.bucket, message.key, message.etag
