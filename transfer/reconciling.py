"""The second net: an object that landed, but whose sender gave up before it was announced.

The protocol announces such an object as soon as its message comes again, or before the next
version replaces it. If neither ever comes, only somebody who looks can tell.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Protocol

from transfer.announcing import announce, is_unannounced
from transfer.comparing import is_whole
from transfer.errors import LandfallError
from transfer.object_name import RESERVED_PREFIX
from transfer.printable import printable
from transfer.store import Store, StoredObject, Unreadable
from transfer.topic import Topic

PATIENCE = timedelta(minutes=10)
"""So long the message at hand, or its repeat, may still announce the object itself."""

PROGRESS = timedelta(seconds=30)
"""So often a walk tells how far it is."""
FAILURES_IN_A_ROW = 3
"""So many objects that fail one after another have one cause, which is not the object."""
MAX_DELAY_SECONDS = 600
"""Pub/Sub's longest. https://cloud.google.com/pubsub/docs/lease-management"""

_log = logging.getLogger("landfall.reconciling")


class Finding(Enum):
    """What became of an object that was looked at."""

    ANNOUNCED = "announced just now"
    KNOWN = "was announced, or is gone"
    YOUNG = "too young to tell"
    FAILED = "could not be announced"
    UNREADABLE = "had no readable record: the log says what to do"


class WalkableStore(Store, Protocol):
    """A store that can be walked through."""

    def walk(self, prefix: str) -> Iterator[StoredObject | Unreadable]:
        """Describe the live generations of all names that begin with `prefix`.

        One object that cannot be described does not hold up the others.

        Raises:
            StoreUnavailable, Misconfigured
        """


@dataclass(frozen=True)
class BucketEvent:
    """What the bucket itself says of an object that was written."""

    name: str
    handle: str
    """By which the subscription knows this delivery."""


class BucketEvents(Protocol):
    """A subscription to the bucket's own OBJECT_FINALIZE notifications.

    https://cloud.google.com/storage/docs/pubsub-notifications
    """

    def pull(self) -> Sequence[BucketEvent]:
        """Return some events, or none after a while without any.

        Raises:
            NotifyUnavailable, Misconfigured
        """

    def done(self, events: Sequence[BucketEvent]) -> None:
        """Never deliver these again. What is not told so comes again by itself."""

    def delay(self, events: Sequence[BucketEvent], seconds: int) -> None:
        """Deliver these again after so many seconds, 600 at most."""


class Reconciler:
    """Looks at landed objects, and announces those that nobody did."""

    def __init__(
        self,
        store: WalkableStore,
        topic: Topic,
        patience: timedelta = PATIENCE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._topic = topic
        self._patience = patience
        self._now = now

    def walk(self, prefix: str = "") -> Counter[Finding]:
        """Look at every object whose name begins with `prefix`, and count what was found.

        Raises:
            StoreUnavailable, Misconfigured: The walk broke off. It may be begun again.
        """
        found: Counter[Finding] = Counter()
        told = self._now()
        for there in self._store.walk(prefix):
            if there.name.startswith(RESERVED_PREFIX):
                continue  # a part of an object in the making
            if isinstance(there, Unreadable):
                found[Finding.UNREADABLE] += 1
            else:
                found[self._look_again(there)] += 1
            if self._now() - told >= PROGRESS:
                told = self._now()
                announced = found[Finding.ANNOUNCED]
                _log.info("%d objects looked at so far, %d announced", found.total(), announced)
        return found

    def follow(self, events: BucketEvents) -> Counter[Finding]:
        """Look at the objects of the events that are due, and put the young ones off.

        An event that fails comes again, and does not hold up the others.

        Raises:
            NotifyUnavailable, StoreUnavailable, Misconfigured: None of the events worked, or
                FAILURES_IN_A_ROW failed one after another. They come again.
        """
        found: Counter[Finding] = Counter()
        failed_in_a_row = 0
        failure: LandfallError | None = None
        for event in events.pull():
            try:
                finding = self.look(event.name)
            except LandfallError as error:
                _log.error("%s", printable(f"{event.name} stays unannounced: {error}"))
                failure = error
                found[Finding.FAILED] += 1
                failed_in_a_row += 1
                if failed_in_a_row == FAILURES_IN_A_ROW:
                    break
                continue
            failed_in_a_row = 0
            found[finding] += 1
            if finding is Finding.YOUNG:
                events.delay([event], MAX_DELAY_SECONDS)
            else:
                events.done([event])
        nothing_worked = found.keys() == {Finding.FAILED}
        if failure is not None and (nothing_worked or failed_in_a_row == FAILURES_IN_A_ROW):
            raise failure
        return found

    def look(self, name: str) -> Finding:
        """Look at the object of this name.

        Raises:
            StoreUnavailable, Misconfigured, NotifyUnavailable
        """
        there = self._store.stat(name)
        if there is None or name.startswith(RESERVED_PREFIX) or not is_unannounced(there):
            return Finding.KNOWN
        if self._now() - there.created < self._patience:
            return Finding.YOUNG
        if not is_whole(there):
            _log.error(
                "%s holds other bytes than were verified and is not announced: "
                "send its message again, which replaces it",
                printable(name),
            )
            return Finding.FAILED
        announce(self._store, self._topic, there)
        _log.warning("%s had landed unannounced and is announced now", printable(name))
        return Finding.ANNOUNCED

    def _look_again(self, there: StoredObject) -> Finding:
        """Look at what a list says, and if it matters, at what is there by now."""
        if not is_unannounced(there):
            return Finding.KNOWN
        try:
            return self.look(there.name)
        except LandfallError as error:
            _log.error("%s", printable(f"{there.name} stays unannounced: {error}"))
            return Finding.FAILED
