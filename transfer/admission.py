"""How many transfers and comparisons run at once, and when none may begin or go on."""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transfer.errors import LandfallError, Overloaded
from transfer.permit import draining
from transfer.shares import LENT_OUT, Place, Shares

COMPARISONS = 2
"""So many comparisons run even beside as many transfers as are allowed."""
GRACE_SECONDS = 20.0
"""What cannot end in this time is given up while there still is some to tidy up and answer."""
WAITERS = 2
"""A message that waits for a place holds a thread, of which some must be left."""
WAIT_SECONDS = 1.5
"""For a place. A transfer that is to make room ends within about half a second."""
_LOOK_SECONDS = 0.1


class PlacePermit:
    """Allows one transfer to run, until the process is about to end or another needs its place."""

    def __init__(self, place: Place, process_ends: Callable[[], float]) -> None:
        self.place = place
        self._process_ends = process_ends

    def ends(self) -> float:
        """When the transfer must end, as a time of `time.monotonic()`; it may come near."""
        return -math.inf if self.place.is_ended else self._process_ends()

    def why_ended(self) -> LandfallError:
        if self._process_ends() < math.inf:
            return draining()
        return Overloaded(
            f"The key {self.place.caller} had more than its share of the places, and another "
            "key needed one, so this transfer was ended. Send the message again."
        )


class Admission:
    """Shares the places of this process among callers, who are known by any name.

    Transfers may last an hour, comparisons take a moment. Transfers leave `COMPARISONS`
    places, so that they never keep comparisons out; all places together are limited too, so
    that comparisons that hang take no more threads than transfers that hang. The last of these
    is for a caller who compares nothing yet, so that no caller keeps another out. If others want
    transfers, more than one is left to them: who compares as fast as it can takes each at once.
    """

    def __init__(
        self,
        max_transfers: int,
        clock: Callable[[], float] = time.monotonic,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._max = max_transfers
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._granted = threading.Condition(self._lock)
        self._shares = Shares(max_transfers)
        self._comparing: Counter[str] = Counter()
        self._comparisons = 0
        self._ends = math.inf

    @property
    def max_transfers(self) -> int:
        return self._max

    @property
    def transfers(self) -> int:
        """How many run now."""
        return self._shares.taken

    @property
    def draining(self) -> bool:
        return self._ends < math.inf

    def ends(self) -> float:
        """When running transfers are given up, as a time of `clock`; infinite until `drain`."""
        return self._ends

    @contextmanager
    def transfer(self, caller: str, may_be_ended: bool = True) -> Iterator[PlacePermit]:
        """Hold a place for a transfer.

        A caller with fewer places than its share waits a moment for one. If none becomes free by
        itself, a transfer of the caller with the most is ended for it, unless it may not be.

        Raises:
            Overloaded, Draining
        """
        with self._lock:
            place = self._enter(caller, may_be_ended)
        try:
            yield PlacePermit(place, self.ends)
        finally:
            self._leave(place)

    @contextmanager
    def comparison(self, caller: str) -> Iterator[None]:
        """Hold a place for a comparison.

        Raises:
            Overloaded, Draining
        """
        with self._lock:
            free = self._check()
            if free <= self._kept_from(caller) and self._comparing[caller]:
                raise Overloaded(
                    "The last places are kept for other keys than "
                    f"{caller}. Send the message again.",
                    1,
                )
            self._comparing[caller] += 1
            self._comparisons += 1
        try:
            yield
        finally:
            with self._lock:
                self._comparisons -= 1
                self._comparing[caller] -= 1
                if not self._comparing[caller]:
                    del self._comparing[caller]

    def _kept_from(self, caller: str) -> int:
        """How many places are for others than a caller who compares."""
        wanted = self._shares.others_asked(caller, self._clock())
        return max(1, self._max // LENT_OUT) if wanted else 1

    def _check(self, wanted: int = 1) -> int:
        """Return how many places are free. Those who wait take no thread beyond one more."""
        if self.draining:
            raise draining()
        free = self._max + COMPARISONS - self._shares.taken - self._comparisons
        if free < wanted or self._shares.waiting > free:
            raise Overloaded("All places are taken. Send the message again.", 1)
        return free

    def _enter(self, caller: str, may_be_ended: bool) -> Place:
        shares, now = self._shares, self._clock()
        shares.ask(caller, now)
        self._check(wanted=1 if shares.taken < self._max else 0)  # it has another's place, if any
        place = shares.take(caller, now, may_be_ended)
        if place is not None:
            return place
        if shares.may_wait(caller) and shares.waiting < WAITERS:
            return self._wait(shares.wait(caller, now, may_be_ended))
        shares.refuse(caller, now)
        raise Overloaded(
            f"{self._max} transfers are running, {shares.held_by(caller)} of them for the key "
            f"{caller}, and other keys have a share of the places. Send the message again."
        )

    def _wait(self, place: Place) -> Place:
        """The lock is held, but while it waits."""
        until = self._clock() + self._wait_seconds
        try:
            while place.is_waiting and self._clock() < until and not self.draining:
                self._shares.make_room(place, self._clock())
                self._granted.wait(_LOOK_SECONDS)
        except BaseException:
            self._shares.leave(place, self._clock())
            raise
        if not place.is_waiting:
            return place
        self._shares.leave(place, self._clock())
        if self.draining:
            raise draining()
        raise Overloaded(
            f"{self._max} transfers are running, and none ended for the key {place.caller} within "
            f"{self._wait_seconds:g} s. Send the message again.",
            2,
        )

    def _leave(self, place: Place) -> None:
        with self._lock:
            waited = self._shares.waiting
            self._shares.leave(place, self._clock())
            if waited:
                self._granted.notify_all()

    def drain(self) -> None:
        """Let no transfer begin, and none go on for long. Takes no lock: for signal handlers."""
        self._ends = min(self._ends, self._clock() + GRACE_SECONDS)
