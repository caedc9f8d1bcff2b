"""How long Cloud Storage is waited for: per call, per answer, and by a message's deadline."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from transfer.errors import StoreUnavailable

T = TypeVar("T")
Timeout = tuple[float, float]
"""Seconds to connect, or for a block to be taken, and seconds of silence."""
MIN_BYTES_PER_SECOND = 256 * 1024
"""At which bytes that were sent should be answered for."""


@dataclass(frozen=True)
class Patience:
    """Deadlines are times of `clock`."""

    call_seconds: float = 12.0
    """So long one call may be tried again; then the message itself is sent again. More than
    `answer_seconds`: a call that was not answered is tried once more."""
    connect_seconds: float = 10.0
    answer_seconds: float = 10.0
    upload_seconds: float = 60.0
    """At most, for the answer to bytes, and to end an upload."""
    tidy_seconds: float = 5.0
    """To cancel an upload, which comes after the deadline as well."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def patiently(
        self,
        attempt: Callable[[], T],
        may_pass: Callable[[Exception], bool],
        deadline: float = math.inf,
    ) -> T:
        """Try until it succeeds. What the last attempt raises comes out.

        Raises:
            StoreUnavailable: There is no time left for the first.
        """
        ends = self.clock() + min(self.call_seconds, self._left(deadline))
        for tries in count():
            try:
                return attempt()
            except Exception as failure:
                seconds = self._pause(tries)
                if not may_pass(failure) or self.clock() + seconds >= ends:
                    raise
            self.sleep(seconds)
        raise AssertionError

    def for_answer(self, deadline: float = math.inf) -> Timeout:
        return self._timeout(self.answer_seconds, deadline)

    def for_upload(self, size: int, deadline: float) -> Timeout:
        """Wait longer the more bytes there are, since some may still be on their way."""
        seconds = min(self.upload_seconds, self.answer_seconds + size / MIN_BYTES_PER_SECOND)
        return self._timeout(seconds, deadline)

    def for_tidying(self) -> Timeout:
        return self.tidy_seconds, self.tidy_seconds

    def pause(self, tries: int, deadline: float) -> None:
        """Wait, after so many tries, before the next.

        Raises:
            StoreUnavailable: There is no time for another.
        """
        seconds = self._pause(tries)
        self._left(deadline - seconds)
        self.sleep(seconds)

    def _pause(self, tries: int) -> float:
        jitter = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        return jitter * self.call_seconds / 48 * 2.0 ** min(tries, 4)

    def _timeout(self, seconds: float, deadline: float) -> Timeout:
        left = self._left(deadline)
        return min(self.connect_seconds, left), min(seconds, left)

    def _left(self, deadline: float) -> float:
        """Raise StoreUnavailable if there is no time left."""
        left = deadline - self.clock()
        if left <= 0:
            raise StoreUnavailable("There was not enough time for the upload.")
        return left


DEFAULT = Patience()
