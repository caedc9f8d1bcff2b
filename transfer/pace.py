"""How many streams are worth while, told by the pace of the first."""

import time
from dataclasses import dataclass
from threading import Event


@dataclass(frozen=True)
class Pace:
    """What is measured, and what is concluded."""

    probe_bytes: int = 4 * 1024 * 1024
    probe_seconds: float = 0.1
    """The first stream runs alone until it has moved so much, or for so long."""
    enough: int = 600_000_000
    """Bytes per second that one process moves over TLS: where a single stream comes near,
    another brings nothing."""
    max_streams: int = 16

    def streams(self, bytes_per_second: float) -> int:
        """Return how many streams of this pace make enough."""
        wanted = round(self.enough / max(bytes_per_second, 1.0))
        return max(1, min(self.max_streams, wanted))


DEFAULT = Pace()


class Meter:
    """Measures the first stream. Its waits count: they are what more streams make up for."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._started = time.monotonic()
        self._moved = 0
        self._is_enough = Event()

    def count(self, moved: int) -> None:
        self._moved += moved
        if self._moved >= self._pace.probe_bytes:
            self._is_enough.set()

    def streams(self) -> int:
        """Wait for the end of the probe, and return how many streams there should be."""
        self._is_enough.wait(self._pace.probe_seconds)
        return self._pace.streams(self._moved / max(time.monotonic() - self._started, 1e-6))
