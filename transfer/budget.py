"""How long, and how often, one message may try."""

import math
import random
import time
from collections.abc import Callable

from transfer.errors import SourceBusy, SourceTooSlow, StoreUnavailable, Unavailable
from transfer.permit import Permit, ProcessPermit, StoppablePermit
from transfer.source_wait import DEFAULT as DEFAULT_PACE
from transfer.source_wait import MinimumPace, SourceWait

MIN_SECONDS = 600.0
MAX_SECONDS = 3300.0
"""App Engine flexible ends a request after an hour."""
MIN_BYTES_PER_SECOND = 4 * 1024 * 1024
MAX_INTERRUPTIONS = 3
PROGRESS_BYTES = 256 * 1024
"""Less is none: a store persists in steps of this, and a source that breaks off after each few
bytes would be asked thousands of times."""


class Budget:
    """A deadline, and how many interruptions without progress are allowed before it.

    `ends` tells when the process gives up what still runs; that may come near at any time.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        interruptions: int = MAX_INTERRUPTIONS,
        ends: Callable[[], float] = lambda: math.inf,
        min_seconds: float = MIN_SECONDS,
        pace: MinimumPace = DEFAULT_PACE,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._started = clock()
        self._permit: Permit = ProcessPermit(ends)
        self.source = SourceWait(pace, clock)
        """How long it waited for the source, and for what."""
        self._interruptions = interruptions
        self._left = interruptions
        self._furthest = 0
        self._was_busy = False
        self._min_seconds = min_seconds
        self.deadline = self._started + min_seconds
        """A time of `clock`, which by default is `time.monotonic`."""

    def hold(self, permit: Permit) -> None:
        """Run no longer than this allows."""
        self._permit = permit

    def allow(self, size: int) -> None:
        """Give a large object the time that a slow, but not stuck, source needs for it."""
        seconds = min(MAX_SECONDS, max(self._min_seconds, size / MIN_BYTES_PER_SECOND))
        self.deadline = self._started + seconds

    def branch(self, stopped: Callable[[], bool]) -> "Budget":
        """Return one for a stream among several: the same deadline, its own interruptions.

        It ends with this one, and as soon as `stopped` says so.
        """
        branch = Budget(self._clock, self._sleep, self._interruptions)
        branch.deadline = self.deadline
        branch.source = self.source.branch()
        branch.hold(StoppablePermit(self._permit, stopped))
        return branch

    def ends(self) -> float:
        """Return when a wait for the source must end, which may come near at any time.

        It is a time of `clock` as `deadline` is.
        """
        return min(self._permit.ends(), self.source.ends())

    def go_on(self) -> None:
        """Raise Draining once the process is about to end, or what else ends the permit."""
        if self._clock() >= self._permit.ends():
            raise self._permit.why_ended()

    def give_way(self) -> None:
        """Wait a moment, so that workers on one object do not keep thwarting each other.

        Raises:
            StoreUnavailable: There is no time left to start again.
        """
        self.go_on()
        if self._clock() >= self.deadline:
            raise StoreUnavailable("Others changed the object until the time was over.")
        self._sleep(random.uniform(0.0, 0.3))  # noqa: S311 - only jitter

    def advance(self, position: int) -> None:
        """Note how far a transfer has come, in bytes of the object: who gets on is not stuck.

        Only what lies beyond all that was noted before is progress, so what begins again and again
        is given up.
        """
        if position >= self._furthest + PROGRESS_BYTES:
            self._furthest = position
            self._left = self._interruptions
            self._was_busy = False

    def spend(self, interruption: Unavailable) -> None:
        """Count it and wait a little before another try, or raise it if there is none left."""
        self.go_on()
        self.count(interruption)
        self.pause(interruption)

    def count(self, interruption: Unavailable) -> None:
        """Raise it if no more are allowed. A busy source is given one more try."""
        if isinstance(interruption, SourceTooSlow):
            raise interruption
        if isinstance(interruption, SourceBusy):
            if self._was_busy:
                raise interruption
            self._was_busy = True
        if self._left == 0:
            raise interruption
        self._left -= 1

    def pause(self, interruption: Unavailable) -> None:
        """Wait the longer the more there were, or raise it if there is no time for that."""
        self.go_on()
        so_far = max(0, self._interruptions - self._left - 1)
        seconds = random.uniform(0.5, 1.0) * 0.2 * 2.0**so_far  # noqa: S311 - only jitter
        if self._clock() + seconds >= self.deadline:
            raise interruption
        self._sleep(seconds)
