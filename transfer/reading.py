"""Reading one source object, or one range of it, from front to back, across interruptions."""

from collections.abc import Callable, Iterator

from transfer.budget import Budget
from transfer.errors import SourceUnavailable
from transfer.integrity import Hashes
from transfer.source import SourceObject

BLOCK = 256 * 1024
"""Bytes per read: smaller costs CPU, larger only memory."""
SLOW_BLOCK = 16 * 1024
"""The same of a slow source. At the minimum pace it comes before the wait for it is cut off."""


class Reader:
    """The bytes of one object, hashed once each and handed on block by block."""

    def __init__(
        self,
        opened: SourceObject | None,
        reopen: Callable[[int], SourceObject],
        hashes: Hashes,
        budget: Budget,
    ) -> None:
        """`opened` is at the object's first byte; without one, the first block asks for it."""
        self._object = opened
        self._reopen = reopen
        self._hashes = hashes
        self._budget = budget
        self._position = 0

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """Yield bytes `start` to `end`; a source that breaks off is asked to go on.

        Raises:
            SourceUnavailable: Once the budget is spent, and what reopening raises.
            SourceTooSlow
            Draining, Overloaded: Once the process, or another key, needs the place.
        """
        opened, wait = self._at(start), self._budget.source
        while self._position < end:
            self._budget.go_on()
            limit = SLOW_BLOCK if wait.slow else BLOCK
            wait.begin()
            try:
                block = opened.read(min(limit, end - self._position))
            except SourceUnavailable as interruption:
                wait.end(0)
                self._budget.advance(self._position)
                self._budget.spend(interruption)
                opened = self._go_to(self._position)
                continue
            wait.end(len(block))
            self._hashes.update(self._position, block)
            self._position += len(block)
            yield block

    def close(self) -> None:
        if self._object is not None:
            self._object.close()

    def _at(self, start: int) -> SourceObject:
        if self._object is None or start != self._position:
            return self._go_to(start)
        return self._object

    def _go_to(self, start: int) -> SourceObject:
        self.close()
        self._position = start
        while True:
            try:
                self._object = opened = self._budget.source.while_asking(
                    lambda: self._reopen(start)
                )
                return opened
            except SourceUnavailable as interruption:
                self._budget.spend(interruption)
