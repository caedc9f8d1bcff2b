"""How long Cloud Storage is waited for: per call, per answer, and by a message's deadline."""

import math
import random
import time
from dataclasses import dataclass

from google.api_core.retry import Retry
from google.cloud.storage.retry import DEFAULT_RETRY

from transfer.errors import StoreUnavailable

Timeout = tuple[float, float]
"""Seconds to connect, or for a block to be taken, and seconds of silence."""


@dataclass(frozen=True)
class Patience:
    """Deadlines are times of `time.monotonic()`."""

    call_seconds: float = 12.0
    """So long one call may be tried again; then the message itself is sent again."""
    connect_seconds: float = 10.0
    answer_seconds: float = 10.0
    upload_seconds: float = 60.0
    """For the answer to bytes, which may be many."""
    tidy_seconds: float = 5.0
    """To cancel an upload, which comes after the deadline as well."""

    def retry(self, deadline: float = math.inf) -> Retry:
        first = self.call_seconds / 48
        seconds = min(self.call_seconds, _left(deadline))
        return DEFAULT_RETRY.with_delay(first, 16 * first, 2.0).with_timeout(seconds)

    def for_answer(self, deadline: float = math.inf) -> Timeout:
        return self._timeout(self.answer_seconds, deadline)

    def for_upload(self, deadline: float) -> Timeout:
        return self._timeout(self.upload_seconds, deadline)

    def for_tidying(self) -> Timeout:
        return self.tidy_seconds, self.tidy_seconds

    def pause(self, tries: int, deadline: float) -> None:
        """Wait, after so many tries, before the next.

        Raises:
            StoreUnavailable: There is no time for another.
        """
        jitter = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        seconds = jitter * self.call_seconds / 48 * 2.0**tries
        _left(deadline - seconds)
        time.sleep(seconds)

    def _timeout(self, seconds: float, deadline: float) -> Timeout:
        left = _left(deadline)
        return min(self.connect_seconds, left), min(seconds, left)


DEFAULT = Patience()


def _left(deadline: float) -> float:
    """Raise StoreUnavailable if there is no time left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise StoreUnavailable("There was not enough time for the upload.")
    return left
