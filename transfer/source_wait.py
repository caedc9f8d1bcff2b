"""The minimum pace: how long a message waits for its source, and for how few bytes.

Only time in which a message waits for the source counts. A slow store or a busy processor is not
the source's fault: clients that measured the time between two reads instead gave up healthy
downloads (https://github.com/smithy-lang/smithy-rs/pull/3485).

The figures lie between those of others, who look at one connection: curl waits 30 s
(https://curl.se/docs/manpage.html#-y), Amazon's SDK for Rust 20 s for a byte a second
(https://github.com/awslabs/aws-sdk-rust/discussions/956), Apache httpd wants 500 bytes a second
(https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html).
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from transfer.errors import SourceTooSlow

T = TypeVar("T")
SLOW_SECONDS = 1.0
RETRY_AFTER_SECONDS = 30


@dataclass(frozen=True)
class MinimumPace:
    """So many bytes must come in each stretch of so many seconds of waiting."""

    seconds: float = 30.0
    bytes: int = 30 * 1024


DEFAULT = MinimumPace()


class SourceWait:
    """The waits of one stream. The bytes of all streams of a message count together.

    So a single slow range does not end a transfer that gets on: its connection is cut, and it is
    asked for anew. A message ends once all its streams together are too slow.
    """

    def __init__(
        self,
        pace: MinimumPace = DEFAULT,
        clock: Callable[[], float] = time.monotonic,
        received: "_Received | None" = None,
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._received = received or _Received()
        self._since = self._received.bytes
        self._left = pace.seconds
        self._began = 0.0
        self._until = math.inf
        self.slow = False
        """Whether the last wait was long, so that fewer bytes should be asked for at once: a read
        that is cut off costs a new request."""

    def branch(self) -> "SourceWait":
        """Return the account of another stream of the same message."""
        return SourceWait(self._pace, self._clock, self._received)

    def ends(self) -> float:
        """When the wait that runs now has lasted too long, as a time of `clock`; else infinite.

        Another thread may ask.
        """
        return self._until

    def begin(self) -> None:
        """Note that the stream waits for the source from now on.

        Raises:
            SourceTooSlow: It has waited too long for too little.
        """
        if self._left <= 0:
            if self._received.bytes - self._since < self._pace.bytes:
                raise SourceTooSlow(
                    f"S3 sent less than {self._pace.bytes // 1024} KiB in "
                    f"{self._pace.seconds:g} s. Send the message again.",
                    RETRY_AFTER_SECONDS,
                )
            self._start_anew()
        self._began = self._clock()
        self._until = self._began + self._left

    def end(self, received: int) -> None:
        """Note that so many bytes of the object came, or none."""
        now, until = self._clock(), self._until
        self._until = math.inf
        self._left = max(0.0, until - now)
        self.slow = now - self._began > SLOW_SECONDS
        if received:
            self._received.add(received)
        if self._received.bytes - self._since >= self._pace.bytes:
            self._start_anew()

    def while_asking(self, ask: Callable[[], T]) -> T:
        """Return what `ask` does; the time that it takes is spent waiting for the source.

        Raises:
            SourceTooSlow, and what `ask` raises.
        """
        self.begin()
        try:
            return ask()
        finally:
            self.end(0)

    def _start_anew(self) -> None:
        self._since = self._received.bytes
        self._left = self._pace.seconds


class _Received:
    """What all streams of a message received so far."""

    def __init__(self) -> None:
        self.bytes = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self.bytes += count
