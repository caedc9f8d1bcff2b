"""Who gets a place, who waits for one and whose transfer ends for it: rules without threads.

Max-min fairness (https://en.wikipedia.org/wiki/Max-min_fairness): a caller who finds no free place
may have one of the caller with the most, if that one still has no fewer than it afterwards.
Preemption is YARN's: others may use what is free, and the youngest is ended first, as it has the
least to lose. What somebody asked for lately is not lent out to the last: Kubernetes looks back
ten seconds as well (https://kubernetes.io/docs/concepts/cluster-administration/flow-control).
"""

from dataclasses import dataclass

RECENT_SECONDS = 10.0
LENT_OUT = 4
"""Of so many places one is kept free for callers who asked lately and hold fewer; at least one if
there are two or more. Else the only place that others could lend would be taken and ended for each
message of theirs, with the bytes that it fetched."""
MIN_RUN_SECONDS = 0.5
"""A transfer that has not run for longer is not ended: short ones end by themselves. It leaves
those who wait the time that the end takes."""
PATIENCE_SECONDS = 0.25
"""So long a caller waits before a transfer is ended for it: where most are short, a place becomes
free by itself, and no long one should end for a crowd of them."""
OWED_SECONDS = 6.0
"""So long a place that becomes free is kept for a caller who holds none and was refused. Longer
than the pause which that refusal asks for."""


@dataclass(eq=False, slots=True)
class Place:
    """The place of one transfer, or a caller's wait for one."""

    caller: str
    since: float
    may_be_ended: bool = True
    is_waiting: bool = False
    is_ended: bool = False
    """It must be given back as soon as that is safe."""
    instead_of: "Place | None" = None
    """The place that must be given back for this one."""


class Shares:
    """The places of one process. Not safe for threads: callers hold a lock."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.taken = 0
        self._held: dict[str, list[Place]] = {}
        self._waiting: list[Place] = []
        self._asked: dict[str, float] = {}
        self._owed: dict[str, float] = {}

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def held_by(self, caller: str) -> int:
        return len(self._held.get(caller, ()))

    def ask(self, caller: str, now: float) -> None:
        """Note that the caller wants a place, whether it gets one or not."""
        self._asked[caller] = now

    def others_asked(self, caller: str, now: float) -> bool:
        """Whether somebody else asked lately."""
        lately = now - RECENT_SECONDS
        return any(at >= lately for each, at in self._asked.items() if each != caller)

    def take(self, caller: str, now: float, may_be_ended: bool = True) -> Place | None:
        """Return a free place if the caller may have it at once."""
        self.ask(caller, now)
        free = self.places - self.taken
        if free <= 0 or free <= self._kept_from(caller, free, now):
            return None
        place = Place(caller, now, may_be_ended)
        self._hold(place)
        return place

    def may_wait(self, caller: str) -> bool:
        """Whether the caller has fewer places than its share, and somebody will make room."""
        wanted = self._wanted_by(caller)
        return wanted == 0 or self._most_but(caller) >= wanted + 2

    def wait(self, caller: str, now: float, may_be_ended: bool = True) -> Place:
        """Return the caller's place in the queue. It is no longer waiting once it was granted."""
        place = Place(caller, now, may_be_ended, is_waiting=True)
        self._waiting.append(place)
        return place

    def make_room(self, place: Place, now: float) -> None:
        """End the youngest transfer of the caller with the most, for one that waits."""
        self._grant(now)
        if place.instead_of is not None or not place.is_waiting:
            return
        if now - place.since < PATIENCE_SECONDS:
            return
        most = self._most_but(place.caller)
        if most < self._wanted_by(place.caller) + 1:  # this one is among the wanted
            return
        victim = self._ending_for_nobody(place.caller) or self._youngest(place.caller, most, now)
        if victim is not None:
            victim.is_ended, place.instead_of = True, victim

    def leave(self, place: Place, now: float) -> None:
        """Give back a place, or stop waiting for one. The next who waits gets it."""
        if place.is_waiting:
            self._waiting.remove(place)
            if not self._wanted_by(place.caller):
                self._owe(place.caller, now)
            return
        held = self._held[place.caller]
        held.remove(place)
        if not held:
            del self._held[place.caller]
        self.taken -= 1
        for waiting in self._waiting:
            if waiting.instead_of is place:  # another may get it, so this one needs room again
                waiting.instead_of = None
        self._grant(now)

    def refuse(self, caller: str, now: float) -> None:
        """Note that the caller got nothing. If it holds none, the next free place is its own."""
        if not self._wanted_by(caller):
            self._owe(caller, now)

    def _ending_for_nobody(self, caller: str) -> Place | None:
        """Return a place that is about to be given back, and for which nobody waits any more."""
        awaited = {id(each.instead_of) for each in self._waiting}
        others = (held for each, held in self._held.items() if each != caller)
        ending = (each for held in others for each in held if each.is_ended)
        return next((each for each in ending if id(each) not in awaited), None)

    def _youngest(self, caller: str, most: int, now: float) -> Place | None:
        """Return the place to end, of others who have the most."""
        for each, held in self._held.items():
            if each == caller or _running(held) != most:
                continue
            youngest = next(
                (each for each in reversed(held) if each.may_be_ended and not each.is_ended), None
            )
            # While it is too young, no older one is ended instead: a caller who begins new ones
            # again and again would finish none.
            if youngest is not None and now - youngest.since > MIN_RUN_SECONDS:
                return youngest
        return None

    def _grant(self, now: float) -> None:
        """Give what is free to those who wait and may have it, those with the fewest first."""
        for place in sorted(self._waiting, key=lambda each: self.held_by(each.caller)):
            free = self.places - self.taken
            if free > 0 and free > self._kept_from(place.caller, free, now):
                self._waiting.remove(place)
                place.is_waiting, place.since = False, now
                self._hold(place)
                self._spare(place)

    def _hold(self, place: Place) -> None:
        self._held.setdefault(place.caller, []).append(place)
        self.taken += 1
        self._owed.pop(place.caller, None)

    def _spare(self, place: Place) -> None:
        """Nothing needs to end for it any more. What noticed already ends all the same."""
        if place.instead_of is not None:
            place.instead_of.is_ended, place.instead_of = False, None

    def _owe(self, caller: str, now: float) -> None:
        if self._owed.get(caller, now) < now:
            del self._owed[caller]  # it lost its turn, and queues up again
        self._owed[caller] = now + OWED_SECONDS

    def _kept_from(self, caller: str, free: int, now: float) -> int:
        """How many free places are for others."""
        may_keep = max(self.places // LENT_OUT, min(1, self.places - 1))
        if not self._owed and free > may_keep:
            return 0
        mine = self.held_by(caller)
        return self._owed_before(caller, mine, now) + min(self._recent(caller, mine, now), may_keep)

    def _owed_before(self, caller: str, mine: int, now: float) -> int:
        for lost in [each for each, until in self._owed.items() if until < now]:
            del self._owed[lost]
        owed = list(self._owed)
        before = owed[: owed.index(caller)] if caller in self._owed else owed
        return sum(self.held_by(each) <= mine for each in before)

    def _recent(self, caller: str, mine: int, now: float) -> int:
        """How many others asked lately and hold fewer places."""
        for each in [each for each, at in self._asked.items() if now - at > RECENT_SECONDS]:
            del self._asked[each]
        others = (each for each in self._asked if each != caller and each not in self._owed)
        return sum(self.held_by(each) < mine for each in others)

    def _wanted_by(self, caller: str) -> int:
        return self.held_by(caller) + sum(each.caller == caller for each in self._waiting)

    def _most_but(self, caller: str) -> int:
        others = (held for each, held in self._held.items() if each != caller)
        return max((_running(held) for held in others), default=0)


def _running(held: list[Place]) -> int:
    return sum(not place.is_ended for place in held)
