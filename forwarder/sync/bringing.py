"""One listed object, until it is landed: compared, forwarded, tried again."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from forwarder.events import S3Object
from forwarder.failures import NotForwarded, unexpected, where_raised
from forwarder.forwarding import GONE, SUPERSEDED, Outcome
from forwarder.sync.listing import CannotWork, Listed
from forwarder.sync.verdict import BUSY, HOPELESS, PASSING, Verdict

LOG = logging.getLogger(__name__)

TRIES = 6
TRIES_WHILE_BUSY = 30
"""Pauses grow to a minute, so this is half an hour: then Landfall has no room for this at all."""
LONGEST_PAUSE_SECONDS = 60.0
COMPARE_SECONDS = 60.0
FORWARD_SECONDS = 3600.0
"""The longest that App Engine flexible gives a request."""


class Status(StrEnum):
    """What became of an object; a dry run has its own."""

    BEFORE = "landed before"
    NOW = "landed now"
    GONE = "gone from S3"
    FAILED = "failed"
    LANDED = "landed"
    UNANNOUNCED = "landed but not announced"
    MISSING = "missing"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Result:
    listed: Listed
    status: Status
    reason: str = ""
    """Of a failure, in one word, and below in words that say what to do."""
    text: str = ""


class ForwardsOne(Protocol):
    """What `forwarder.forwarding.Forwarder` does for one object, trying once."""

    def forward(self, wanted: S3Object, seconds: float) -> Outcome: ...

    def compare(self, wanted: S3Object, seconds: float) -> Outcome: ...

    def compare_as_listed(self, listed: S3Object, size: int, seconds: float) -> Outcome: ...


class Bringing:
    """For use by several threads."""

    def __init__(
        self,
        forwarder: ForwardsOne,
        *,
        dry_run: bool,
        versions_pinned: bool,
        pause: Callable[[float], bool],
    ) -> None:
        """`pause` waits so many seconds, or until the run ends, and tells whether it does."""
        self._forwarder = forwarder
        self._dry_run = dry_run
        self._list_is_enough = not versions_pinned  # a list does not tell the current version's id
        self._pause = pause
        self._verdict = Verdict()

    def bring(self, listed: Listed) -> Result:
        """Return what became of the object.

        Raises:
            CannotWork: It failed for a reason that others would meet too.
        """
        for attempt in range(TRIES_WHILE_BUSY):
            try:
                status = self._look(listed) if self._dry_run else self._land(listed)
            except NotForwarded as error:
                if error.reason in HOPELESS:
                    raise CannotWork(f"{listed.object}: {error}") from None
                tries = TRIES_WHILE_BUSY if error.reason in BUSY else TRIES
                if error.reason not in PASSING or attempt >= tries - 1:
                    return self._failed(listed, error.reason, str(error))
                jitter = random.uniform(0.5, 1.0)  # noqa: S311 - only jitter
                longer = min(LONGEST_PAUSE_SECONDS, 2.0**attempt) * jitter
                if self._pause(max(error.retry_after or 0.0, longer)):
                    return self._failed(listed, error.reason, str(error))
            except Exception as error:  # noqa: BLE001 - one object must not stop the others
                LOG.error("%s", where_raised(error))
                return self._failed(listed, "UNEXPECTED", unexpected(error))
            else:
                self._verdict.got_through()
                return Result(listed, status)
        raise AssertionError("the last try returns or raises")

    def end(self) -> None:
        """Call it after the last object.

        Raises:
            CannotWork: None got through, for a reason that is not their own.
        """
        self._verdict.end()

    def _land(self, listed: Listed) -> Status:
        found = self._compare_by_list(listed)
        if found is not None and is_done(found):
            return Status.BEFORE
        outcome = self._forwarder.forward(listed.object, FORWARD_SECONDS)
        if outcome.status == SUPERSEDED:
            raise NotForwarded("SUPERSEDED", "the object keeps changing: send it again later")
        if outcome.status == GONE:
            return Status.GONE
        return Status.NOW if outcome.status == "landed" else Status.BEFORE

    def _look(self, listed: Listed) -> Status:
        found = self._compare_by_list(listed)
        if found is None or not is_done(found):
            # The list may be old by now: S3 is asked before anything is said against the object.
            found = self._forwarder.compare(listed.object, COMPARE_SECONDS)
        if found.status == GONE:
            return Status.GONE
        if found.status == "landed" and not is_done(found):
            return Status.UNANNOUNCED
        return Status(found.status)

    def _compare_by_list(self, listed: Listed) -> Outcome | None:
        """One round trip, which is all that most objects of a second run need."""
        if listed.object.etag is None or not self._list_is_enough:
            return None
        return self._forwarder.compare_as_listed(listed.object, listed.size, COMPARE_SECONDS)

    def _failed(self, listed: Listed, reason: str, text: str) -> Result:
        self._verdict.failed(reason, text)
        return Result(listed, Status.FAILED, reason, text)


def is_done(found: Outcome) -> bool:
    """Whether nothing is left to do: landed without a notification is not announced yet."""
    return found.status == "landed" and found.answer.get("notification") is not None
