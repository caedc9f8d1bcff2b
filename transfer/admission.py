"""How many transfers run at once, and when no more may begin."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from transfer.errors import Draining, Overloaded


class Admission:
    """Counts the transfers of this process. Nobody waits: what does not fit is refused."""

    def __init__(self, max_transfers: int) -> None:
        self._max = max_transfers
        self._lock = threading.Lock()
        self._running = 0
        self._draining = False

    @property
    def draining(self) -> bool:
        return self._draining

    @contextmanager
    def transfer(self) -> Iterator[None]:
        """Hold one place.

        Raises:
            Overloaded, Draining
        """
        with self._lock:
            if self._draining:
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
        """Let no further transfer begin. Takes no lock: a signal handler may call it."""
        self._draining = True
