"""How many transfers run at once, and when no more may begin or go on."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transfer.errors import Draining, Overloaded

GRACE_SECONDS = 20.0
"""What cannot end in this time is given up while there still is some to tidy up and answer."""


class Admission:
    """Counts the transfers of this process. Nobody waits: what does not fit is refused."""

    def __init__(self, max_transfers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max = max_transfers
        self._clock = clock
        self._lock = threading.Lock()
        self._running = 0
        self._ends = math.inf

    @property
    def draining(self) -> bool:
        return self._ends < math.inf

    def ends(self) -> float:
        """When running transfers are given up, as a time of `clock`; infinite until `drain`."""
        return self._ends

    @contextmanager
    def transfer(self) -> Iterator[None]:
        """Hold one place.

        Raises:
            Overloaded, Draining
        """
        with self._lock:
            if self.draining:
                raise Draining("This instance is about to end. Send the message again.", 1)
            if self._running >= self._max:
                raise Overloaded(f"{self._max} transfers are running. Send the message again.")
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1

    def drain(self) -> None:
        """Let no transfer begin, and none go on for long. Takes no lock: for signal handlers."""
        self._ends = min(self._ends, self._clock() + GRACE_SECONDS)
