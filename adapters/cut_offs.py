"""Ends connections at their time, whatever they do: one thread watches over all of them.

A timeout per read is not enough: a byte now and then would hold a transfer for ever.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import Protocol

LOOK_SECONDS = 0.5


class Cuttable(Protocol):
    """What can be ended from another thread."""

    def cut(self) -> None:
        """End it now. Never raises."""


class CutOffs:
    """Deadlines, as times of `time.monotonic()`. Threads share it; a process makes its own."""

    def __init__(self, ends: Callable[[], float] = lambda: math.inf) -> None:
        """`ends` is a deadline for all that is open then; it may come near at any time."""
        self._ends = ends
        self._deadlines: dict[Cuttable, Callable[[], float]] = {}
        # The lock is asked for by name, as the condition's own methods cost three times as much.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._next_look = math.inf
        self._thread: threading.Thread | None = None

    def watch(
        self, what: Cuttable, deadline: float, ends: Callable[[], float] = lambda: math.inf
    ) -> None:
        """Cut it then, unless it is forgotten before; a later call moves the deadline.

        `ends` is a deadline as well, which may come near at any time.
        """
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="cut-offs", daemon=True)
                thread.start()  # if there is no thread left, the next one tries again
                self._thread = thread
            self._deadlines[what] = lambda: min(deadline, ends())
            if deadline < self._next_look:
                self._changed.notify()

    def forget(self, what: Cuttable) -> None:
        with self._lock:
            self._deadlines.pop(what, None)

    def _run(self) -> None:
        with self._lock:
            while True:
                for what in self._due():
                    del self._deadlines[what]
                    what.cut()
                pause = self._pause()
                self._next_look = time.monotonic() + pause
                self._changed.wait(pause)
                if not self._deadlines and time.monotonic() >= self._next_look:
                    self._thread = None  # the next one to be watched starts another
                    return

    def _pause(self) -> float:
        """A signal handler can bring the end near, and may wake nobody: so look often."""
        nearest = min((deadline() for deadline in self._deadlines.values()), default=math.inf)
        return max(0.0, min(LOOK_SECONDS, min(nearest, self._ends()) - time.monotonic()))

    def _due(self) -> list[Cuttable]:
        now, end = time.monotonic(), self._ends()
        return [what for what, deadline in self._deadlines.items() if min(deadline(), end) <= now]
