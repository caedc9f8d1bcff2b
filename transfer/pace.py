"""How many streams are worth while, told by the pace of the first."""

import math
import time
from dataclasses import dataclass
from threading import Event


@dataclass(frozen=True)
class Pace:
    """What is measured, and what is concluded."""

    probe_bytes: int = 4 * 1024 * 1024
    probe_seconds: float = 0.05
    """The first stream runs alone until it has moved so much, or for so long."""
    fast: int = 300_000_000
    """Bytes per second: over TLS, a stream of this pace keeps more than half of a processor busy,
    so that others bring little."""
    enough: int = 1_200_000_000
    """Bytes per second, wanted of all streams together. It is more than a processor moves, since
    buffers that fill on the way flatter the first moments of a stream, by up to a half."""
    max_streams: int = 16

    def streams(self, bytes_per_second: float) -> int:
        """Return how many streams of this pace are worth while."""
        if bytes_per_second >= self.fast:
            return 1
        return min(self.max_streams, math.ceil(self.enough / max(bytes_per_second, 1.0)))


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
