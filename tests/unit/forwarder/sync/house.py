"""A `Bringing` over a forwarder whose outcomes are given."""

from dataclasses import dataclass, field

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.forwarding import Outcome
from forwarder.sync.bringing import (
    Bringing,
)
from forwarder.sync.listing import Listed

LISTED = Listed(S3Object("heron-meadow", "a", "eu-west-2", etag="e1"), 3)
NO_ETAG = Listed(S3Object("heron-meadow", "a", "eu-west-2"), 3)
MISSING, DIFFERENT, GONE = Outcome("missing"), Outcome("different"), Outcome("gone")
LANDED = Outcome("landed", 3, {"notification": {"messageId": "m"}})
UNANNOUNCED = Outcome("landed", 3, {"notification": None})


def not_forwarded(reason: str, retry_after: float | None = None) -> NotForwarded:
    return NotForwarded(reason, f"because of {reason}", retry_after)


@dataclass
class FakeForwarder:
    """Gives these outcomes in turn, the last again and again; remembers which call it was."""

    outcomes: list[Outcome | Exception]
    calls: list[str] = field(default_factory=list)

    def forward(self, wanted: S3Object, seconds: float) -> Outcome:
        return self._next("forward")

    def compare(self, wanted: S3Object, seconds: float) -> Outcome:
        return self._next("compare")

    def compare_as_listed(self, listed: S3Object, size: int, seconds: float) -> Outcome:
        assert listed.etag
        return self._next("as listed")

    def _next(self, call: str) -> Outcome:
        self.calls.append(call)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@dataclass
class House:
    forwarder: FakeForwarder
    bringing: Bringing
    pauses: list[float]


def house(
    *outcomes: Outcome | Exception,
    dry_run: bool = False,
    versions_pinned: bool = False,
    ends: bool = False,
) -> House:
    forwarder, pauses = FakeForwarder(list(outcomes)), list[float]()

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return ends

    bringing = Bringing(forwarder, dry_run=dry_run, versions_pinned=versions_pinned, pause=pause)
    return House(forwarder, bringing, pauses)
