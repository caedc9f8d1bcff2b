"""How many messages a key may send: a token bucket per key, in this process."""

import threading
import time
from collections.abc import Callable

from transfer.errors import RateLimited


class RateLimit:
    """Allows bursts of one minute's worth, then an even rate. Each worker counts for itself."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` of 0 allows everything."""
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Count one message of the key of this name.

        Raises:
            RateLimited: With the seconds until the next one is allowed.
        """
        if self._per_minute == 0:
            return
        per_second = self._per_minute / 60
        with self._lock:
            now = self._clock()
            tokens, since = self._buckets.get(name, (float(self._per_minute), now))
            tokens = min(self._per_minute, tokens + (now - since) * per_second)
            allowed = tokens >= 1
            self._buckets[name] = (tokens - 1 if allowed else tokens, now)
        if not allowed:
            wait = int((1 - tokens) / per_second) + 1
            raise RateLimited(
                f"The key {name} sends over {self._per_minute} messages a minute.", wait
            )
