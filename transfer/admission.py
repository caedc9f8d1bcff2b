"""How many transfers and comparisons run at once, and when none may begin or go on."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transfer.errors import Draining, Overloaded

COMPARISONS = 2
"""So many comparisons run even beside as many transfers as are allowed."""
GRACE_SECONDS = 20.0
"""What cannot end in this time is given up while there still is some to tidy up and answer."""


class Admission:
    """Counts what runs in this process. Nobody waits: what does not fit is refused.

    Transfers may last an hour, comparisons take a moment. Transfers leave `COMPARISONS`
    places, so that they never keep comparisons out; all places together are limited too, so
    that comparisons that hang take no more threads than transfers that hang.
    """

    def __init__(self, max_transfers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max = max_transfers
        self._clock = clock
        self._lock = threading.Lock()
        self._transfers = 0
        self._comparisons = 0
        self._ends = math.inf

    @property
    def max_transfers(self) -> int:
        return self._max

    @property
    def transfers(self) -> int:
        """How many run now."""
        return self._transfers

    @property
    def draining(self) -> bool:
        return self._ends < math.inf

    def ends(self) -> float:
        """When running transfers are given up, as a time of `clock`; infinite until `drain`."""
        return self._ends

    @contextmanager
    def transfer(self) -> Iterator[None]:
        """Hold a place for a transfer.

        Raises:
            Overloaded, Draining
        """
        with self._lock:
            self._check()
            if self._transfers >= self._max:
                raise Overloaded(f"{self._max} transfers are running. Send the message again.")
            self._transfers += 1
        try:
            yield
        finally:
            with self._lock:
                self._transfers -= 1

    @contextmanager
    def comparison(self) -> Iterator[None]:
        """Hold a place for a comparison.

        Raises:
            Overloaded, Draining
        """
        with self._lock:
            self._check()
            self._comparisons += 1
        try:
            yield
        finally:
            with self._lock:
                self._comparisons -= 1

    def _check(self) -> None:
        if self.draining:
            raise Draining("This instance is about to end. Send the message again.", 1)
        if self._transfers + self._comparisons >= self._max + COMPARISONS:
            raise Overloaded("All places are taken. Send the message again.", 1)

    def drain(self) -> None:
        """Let no transfer begin, and none go on for long. Takes no lock: for signal handlers."""
        self._ends = min(self._ends, self._clock() + GRACE_SECONDS)
