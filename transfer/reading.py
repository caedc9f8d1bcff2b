"""Reading one source object from front to back, across interruptions."""

from collections.abc import Callable, Iterator

from transfer.budget import Budget
from transfer.errors import SourceUnavailable
from transfer.integrity import Proof
from transfer.source import SourceObject

BLOCK = 256 * 1024
"""Bytes per read: smaller costs CPU, larger only memory."""


class Reader:
    """The bytes of one object, hashed once each and handed on block by block."""

    def __init__(
        self,
        opened: SourceObject,
        reopen: Callable[[int], SourceObject],
        proof: Proof,
        budget: Budget,
    ) -> None:
        self._object = opened
        self._reopen = reopen
        self._proof = proof
        self._budget = budget
        self._position = 0

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """Yield bytes `start` to `end`; a source that breaks off is asked to go on.

        Raises:
            SourceUnavailable: Once the budget is spent, and what reopening raises.
            Draining: Once the process is about to end.
        """
        if start != self._position:
            self._go_to(start)
        while self._position < end:
            self._budget.go_on()
            try:
                block = self._object.read(min(BLOCK, end - self._position))
            except SourceUnavailable as interruption:
                self._budget.spend(interruption)
                self._go_to(self._position)
                continue
            self._proof.update(self._position, block)
            self._position += len(block)
            yield block

    def close(self) -> None:
        self._object.close()

    def _go_to(self, start: int) -> None:
        self._object.close()
        self._position = start
        while True:
            try:
                self._object = self._reopen(start)
                return
            except SourceUnavailable as interruption:
                self._budget.spend(interruption)
