"""Shares with a clock, and with transfers that end as they must."""

from dataclasses import dataclass, field

from transfer.shares import MIN_RUN_SECONDS, PATIENCE_SECONDS, Place, Shares

WAIT_SECONDS, END_SECONDS = 1.5, 0.5
"""How long anybody waits, and how soon a transfer that must end does so."""
ROOM_SECONDS = PATIENCE_SECONDS + END_SECONDS + 0.2
"""How soon somebody who waits has the place of another's transfer."""


@dataclass
class House:
    """Shares with a clock, in which transfers that must end do so after a while."""

    places: int
    now: float = 1000.0
    waiting: list[tuple[float, Place]] = field(default_factory=list)
    running: list[Place] = field(default_factory=list)
    ending: dict[Place, float] = field(default_factory=dict)
    refused: int = 0

    def __post_init__(self) -> None:
        self.shares = Shares(self.places)

    def ask(self, caller: str) -> Place | None:
        """Return the place, which may be waiting still, or None if it is refused at once."""
        place = self.shares.take(caller, self.now)
        if place is not None:
            self.running.append(place)
        elif self.shares.may_wait(caller):
            place = self.shares.wait(caller, self.now)
            self.waiting.append((self.now + WAIT_SECONDS, place))
            self.shares.make_room(place, self.now)
        else:
            self.shares.refuse(caller, self.now)
        self.check()
        return place

    def end(self, place: Place) -> None:
        self.running.remove(place)
        self.shares.leave(place, self.now)
        self.check()

    def let_pass(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += 0.1
            for place in list(self.running):
                if not place.is_ended:
                    self.ending.pop(place, None)
                elif self.now >= self.ending.setdefault(place, self.now + END_SECONDS - 0.1):
                    self.end(place)
            for expires, place in list(self.waiting):
                self._go_on_waiting(expires, place)
            self.check()

    def _go_on_waiting(self, expires: float, place: Place) -> None:
        if place.is_waiting and self.now >= expires:
            self.waiting.remove((expires, place))
            self.shares.leave(place, self.now)
            self.refused += 1
        elif place.is_waiting:
            self.shares.make_room(place, self.now)

    def held_by(self, caller: str) -> int:
        return self.shares.held_by(caller)

    def fill(self, caller: str) -> None:
        """Take all that this caller may have, and let it run for a while."""
        while (place := self.ask(caller)) is not None:
            assert not place.is_waiting
        self.let_pass(MIN_RUN_SECONDS + 0.2)

    def check(self) -> None:
        """What always holds."""
        for expires, place in list(self.waiting):
            if not place.is_waiting:
                self.waiting.remove((expires, place))
                self.running.append(place)
        held = [self.held_by(caller) for caller in {place.caller for place in self.running}]
        assert sum(held) == self.shares.taken == len(self.running)
        assert self.shares.taken <= self.places
        for caller in {place.caller for place in self.running}:
            own = [place for place in self.running if place.caller == caller]
            assert len(own) == self.held_by(caller)
