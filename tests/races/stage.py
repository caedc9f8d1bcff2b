"""A real store on which one worker's answers are held back while others pass."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from tests.fakes import FakeSource, FakeTopic, etag_of, impatient_budget, message_for
from tests.mutants.code import Code
from tests.races.doors import Doors, Killed
from transfer.errors import LandfallError
from transfer.landing import Outcome
from transfer.object_name import ObjectName
from transfer.reconciling import Finding, WalkableStore

Deed = Callable[[], object]
NAME = "source/a/b.bin"
MANY = 4
"""So often a message is sent again before a test loses its patience."""


class Place(Protocol):
    """Where a store keeps its objects, looked at and disturbed behind its back."""

    store: WalkableStore

    def content(self, name: str) -> bytes:
        """Return the live object's bytes."""

    def leftovers(self) -> int:
        """Return the number of uploads that are neither done nor aborted."""

    def hold(self, step: str, deed: Deed, lose: bool) -> bool:
        """As `Stage.hold`, on the store's own side; False if this step is not seen there."""


@dataclass
class Stage:
    """One S3 object that changes, workers with messages about it, and where it lands."""

    place: Place
    size: int
    code: Code = field(default_factory=Code)
    source: FakeSource = field(default_factory=lambda: FakeSource(b""))
    topic: FakeTopic = field(default_factory=FakeTopic)

    def __post_init__(self) -> None:
        self._doors = Doors(self.source, self.place.store, self.topic)
        self._failures: list[BaseException] = []
        self.write("A")

    def write(self, version: str) -> None:
        """Overwrite the source."""
        self.source.body = self.body(version)

    def body(self, version: str) -> bytes:
        return version.encode() * self.size

    def hold(self, step: str, deed: Deed, lose: bool = False) -> None:
        """Let this happen after the next call of this kind, and before its answer comes.

        Or let the answer get lost instead. Steps are the ports' calls, but for those of
        uploads: `stat`, `open`, `create`, `finish`, `publish`, `patch`.
        """

        def guarded() -> None:
            try:
                deed()
            except BaseException as failure:  # noqa: BLE001 - it may run in a server's thread
                self._failures.append(failure)

        if not self.place.hold(step, guarded, lose):
            self._doors.hold(step, guarded, lose)

    def land(self, version: str | None) -> Outcome:
        """A worker does what the message about this version asks for."""
        landing = self.code.landing(
            self.code.source(self._doors),
            self.code.store(self._doors),
            self._doors,
            ObjectName("{bucket}/{key}"),
            self.size,
            impatient_budget,
        )
        body = None if version is None else self.body(version)
        try:
            return landing.land(message_for(body))
        finally:
            self._raise_failures()

    def status(self, version: str | None) -> str:
        return self.land(version).status

    def status_at_last(self, version: str) -> str:
        """What the message is answered when it is sent again until that is a success."""
        for _ in range(MANY):
            try:
                return self.status(version)
            except LandfallError:
                continue
        raise AssertionError("no success")

    def die(self, version: str, after: str) -> None:
        """A worker is killed as soon as this step is done."""
        self._doors.kill_after(after)
        with pytest.raises(Killed):
            self.land(version)

    def look(self) -> Finding:
        """The reconciler looks, an hour later."""
        later = datetime.now(UTC) + timedelta(hours=1)
        try:
            return self.code.reconciler(self._doors, self._doors, now=lambda: later).look(NAME)
        finally:
            self._raise_failures()

    def assert_there(self, version: str) -> None:
        """This version is live, whole, marked as announced, and nothing else is left."""
        there = self.place.store.stat(NAME)
        assert there is not None
        assert self.place.content(NAME) == self.body(version)
        assert there.metadata["s3-etag"] == etag_of(self.body(version))
        assert there.metadata["landfall-notified"] in self._message_ids(there.generation)
        assert self.place.leftovers() == 0

    def assert_announced(self, *versions: str, copies: int = 0) -> None:
        """These landings, in this order, and so many repeats that subscribers can drop."""
        first: dict[str, str] = {}
        for attributes in (n.attributes for n in self.topic.published):
            first.setdefault(attributes["ce-id"], attributes["s3ETag"])
        assert list(first.values()) == [etag_of(self.body(version)) for version in versions]
        assert len(self.topic.published) == len(versions) + copies

    def _message_ids(self, generation: int) -> list[str]:
        return [
            f"message-{number}"
            for number, notification in enumerate(self.topic.published, 1)
            if notification.attributes["objectGeneration"] == str(generation)
        ]

    def _raise_failures(self) -> None:
        if self._failures:
            raise self._failures.pop()
