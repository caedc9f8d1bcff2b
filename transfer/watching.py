"""What is known of a request once it is answered, and the port for those who watch."""

from dataclasses import dataclass, field
from typing import Protocol

from transfer.message import Message
from transfer.phases import Phase
from transfer.store import StoredObject

GRACE_SECONDS = 60.0
BYTES_PER_SECOND = 10_000_000
"""The objective: landed and announced within `GRACE_SECONDS` and the size at this rate."""


@dataclass(frozen=True)
class Trace:
    """Whose work a request is part of, as its headers say."""

    trace_id: str
    """32 hex digits."""
    span_id: str
    """16 hex digits: the sender's own span."""
    sampled: bool


@dataclass
class Request:
    """One request from its arrival to its answer; filled in on the way."""

    method: str
    path: str
    began: int
    """Nanoseconds of `time.perf_counter_ns()`."""
    operation: str = "none"
    trace: Trace | None = None
    caller: str | None = None
    """The name of the API key."""
    message: Message | None = None
    compares: bool = False
    """Whether nothing was to be landed."""
    phases: list[Phase] = field(default_factory=list)
    landed: StoredObject | None = None
    outcome: str = "done"
    """`landed`, `already-landed`, `superseded`, `compared-...`, `located-...`, `announced`, `done`,
    `refused`, `failed`."""
    reason: str = ""
    """Of the error table, where it was refused or failed."""
    code: int = 0
    ended: int = 0
    answered_at: float = 0.0
    """Seconds of `time.time()`."""

    @property
    def seconds(self) -> float:
        return (self.ended - self.began) / 1e9

    @property
    def bytes(self) -> int:
        """How many this request brought over."""
        return self.landed.size if self.landed and self.outcome == "landed" else 0

    @property
    def lag(self) -> float | None:
        """Seconds from the event to the landing; None if either is not known."""
        if self.landed is None or self.message is None or self.message.event_time is None:
            return None
        return max(0.0, (self.landed.created - self.message.event_time).total_seconds())

    @property
    def unannounced(self) -> bool:
        """Whether an object is there, and nobody may have heard of it."""
        return any(phase.name == "publish" and phase.failed for phase in self.phases)

    @property
    def in_time(self) -> bool | None:
        """Whether the objective was met; None for what does not count, or not yet.

        A failure counts once the time is over: before that, the repeat decides.
        """
        if self.message is None or self.compares:
            return None
        since, size = self.message.event_time, self.message.size
        if self.landed is not None:
            size = self.landed.size
        elapsed = self.seconds if since is None else self.answered_at - since.timestamp()
        late = elapsed > GRACE_SECONDS + (size or 0) / BYTES_PER_SECOND
        if self.outcome == "failed":
            return False if late else None
        announced = any(phase.name == "publish" and not phase.failed for phase in self.phases)
        return not late if announced and self.outcome in {"landed", "already-landed"} else None


class Watcher(Protocol):
    """Counts and shows what requests did. Never fails one."""

    def answered(self, request: Request) -> str | None:
        """Take note of it; return the id of its span, if it is to be seen in a trace."""
