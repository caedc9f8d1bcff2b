"""The second net: what nobody announced is announced, and nothing else is touched."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.directory_store import DirectoryStore
from tests.fakes import message_for, raising
from tests.unit.transfer.house import NAME, A, House, new_house
from transfer import object_headers as names
from transfer.errors import Misconfigured, NotifyUnavailable, StoreUnavailable
from transfer.notification import event_id
from transfer.reconciling import (
    FAILURES_IN_A_ROW,
    MAX_DELAY_SECONDS,
    PATIENCE,
    PROGRESS,
    BucketEvent,
    Finding,
    Reconciler,
)
from transfer.store import ABSENT, StoredObject, Unreadable


@pytest.fixture
def house(tmp_path: Path) -> House:
    return new_house(tmp_path)


def later(house: House, store: object = None, age: timedelta = PATIENCE) -> Reconciler:
    """A reconciler that looks at this age of the object."""
    created = house.there().created
    return Reconciler(
        store or house.store.store,  # type: ignore[arg-type]
        house.topic,
        now=lambda: created + age,
    )


def test_an_object_that_nobody_announced_is_announced_and_marked(house: House) -> None:
    house.land_unannounced()

    found = later(house).look(NAME)

    assert found is Finding.ANNOUNCED
    assert house.topic.event_ids == [event_id(house.there())]
    assert house.there().metadata[names.NOTIFIED] == "message-1"
    assert house.bytes_there() == A


def test_it_is_announced_once(house: House) -> None:
    house.land_unannounced()
    reconciler = later(house)

    found = [reconciler.look(NAME) for _ in range(3)]

    assert found == [Finding.ANNOUNCED, Finding.KNOWN, Finding.KNOWN]
    assert len(house.topic.published) == 1


def test_the_late_repeat_finds_it_announced(house: House) -> None:
    house.land_unannounced()
    later(house).look(NAME)

    outcome = house.landing().land(message_for(A))

    assert (outcome.status, outcome.message_id) == ("already-landed", "message-1")
    assert len(house.topic.published) == 1


def test_an_announced_object_is_left_alone(house: House) -> None:
    house.landing().land(message_for(A))
    before = house.there()

    assert later(house).look(NAME) is Finding.KNOWN

    assert house.there() == before
    assert len(house.topic.published) == 1


def test_a_young_object_is_left_to_its_message(house: House) -> None:
    house.land_unannounced()

    found = later(house, age=PATIENCE - timedelta(microseconds=1)).look(NAME)

    assert found is Finding.YOUNG
    assert house.topic.published == []


def test_a_strangers_object_is_never_announced(house: House) -> None:
    house.land_unannounced()
    (house.folder / "stranger").write_text("mine")

    assert later(house).look("stranger") is Finding.KNOWN
    assert later(house).look("nothing") is Finding.KNOWN

    assert house.topic.published == []


def test_it_counts_as_announced_though_the_mark_fails(house: House) -> None:
    house.land_unannounced()
    house.store.before = {"patch": [raising(StoreUnavailable("down"))]}

    assert later(house, house.store).look(NAME) is Finding.ANNOUNCED

    assert len(house.topic.published) == 1
    assert names.NOTIFIED not in house.there().metadata


class TestWalk:
    def test_each_object_is_looked_at_and_counted(self, house: House) -> None:
        house.land_unannounced()
        for key in ("known", "other/known"):
            house.landing().land(message_for(A, key))

        found = later(house, age=PATIENCE + timedelta(minutes=1)).walk()

        assert found == {Finding.ANNOUNCED: 1, Finding.KNOWN: 2}
        assert house.topic.event_ids[-1] == event_id(house.there())

    def test_only_names_with_the_prefix_are_looked_at(self, house: House) -> None:
        house.land_unannounced()
        reconciler = later(house)

        assert reconciler.walk("source/z") == {}
        assert reconciler.walk("source/a") == {Finding.ANNOUNCED: 1}

    def test_parts_of_objects_in_the_making_are_not_looked_at(self, house: House) -> None:
        house.land_unannounced()
        store, landed = house.store.store, house.there()
        part = store.create(".landfall/parts/x/0-9", len(A), landed.headers, ABSENT)
        part.finish(A, landed.crc32c)

        assert later(house).walk() == {Finding.ANNOUNCED: 1}
        assert later(house).look(".landfall/parts/x/0-9") is Finding.KNOWN

    def test_it_goes_on_behind_one_that_fails(self, house: House) -> None:
        house.land_unannounced()
        house.topic.failures = [NotifyUnavailable("down")]
        with pytest.raises(NotifyUnavailable):
            house.landing().land(message_for(A, "second"))
        house.topic.failures = [NotifyUnavailable("down")]

        found = later(house, age=PATIENCE + timedelta(minutes=1)).walk()

        assert found == {Finding.FAILED: 1, Finding.ANNOUNCED: 1}

    def test_it_goes_on_behind_a_record_that_cannot_be_read(self, house: House) -> None:
        house.land_unannounced()
        for key in ("second", "third"):
            house.landing().land(message_for(A, key))
        digest = sha256(b"source/second").hexdigest()
        (house.folder / f".landfall/records/{digest[:2]}/{digest}.json").write_bytes(b"{")
        reconciler = later(house, age=PATIENCE + timedelta(minutes=1))

        assert reconciler.walk() == {
            Finding.ANNOUNCED: 1,
            Finding.KNOWN: 1,
            Finding.UNREADABLE: 1,
        }
        assert house.landing().land(message_for(A, "second")).status == "landed"
        assert len(house.topic.published) == 4

    def test_a_long_walk_tells_how_far_it_is(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "landfall.reconciling")
        for key in ("known", "other/known", "third"):
            house.landing().land(message_for(A, key))
        house.land_unannounced()
        began = house.there().created + PATIENCE
        store = SlowStore(DirectoryStore(house.folder), began, PROGRESS / 2)

        Reconciler(store, house.topic, now=lambda: store.time).walk()  # type: ignore[arg-type]

        told = [record.getMessage() for record in caplog.records if record.levelname == "INFO"]
        assert len(told) == 2
        assert told[0].startswith("2 objects looked at so far")
        assert told[1] == "4 objects looked at so far, 1 announced"

    def test_a_record_that_was_written_ahead_by_a_killed_process_is_met(self, house: House) -> None:
        house.land_unannounced()
        [record] = (house.folder / ".landfall/records").glob("*/*.json")
        record.rename(record.with_suffix(".next"))  # as it is before the last step

        assert later(house, DirectoryStore(house.folder)).walk() == {Finding.ANNOUNCED: 1}


@dataclass
class SlowStore:
    """Takes so long to find each object, and tells the time."""

    store: DirectoryStore
    time: datetime
    pause: timedelta

    def walk(self, prefix: str) -> Iterator[StoredObject | Unreadable]:
        for there in self.store.walk(prefix):
            self.time += self.pause
            yield there

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


@dataclass
class FakeEvents:
    """Delivers each event until it is done or put off."""

    waiting: list[BucketEvent]
    delayed: list[tuple[str, int]] = field(default_factory=list)

    def pull(self) -> Sequence[BucketEvent]:
        return list(self.waiting)

    def done(self, events: Sequence[BucketEvent]) -> None:
        self.waiting = [event for event in self.waiting if event not in events]

    def delay(self, events: Sequence[BucketEvent], seconds: int) -> None:
        self.done(events)
        self.delayed += [(event.name, seconds) for event in events]


class TestFollow:
    def test_an_old_event_is_done_and_a_young_one_comes_again(self, house: House) -> None:
        house.land_unannounced()
        events = FakeEvents([BucketEvent(NAME, "1")])

        young = later(house, age=timedelta(0)).follow(events)
        delayed, events.waiting = events.delayed, [BucketEvent(NAME, "2")]
        old = later(house).follow(events)

        assert young == {Finding.YOUNG: 1}
        assert delayed == [(NAME, MAX_DELAY_SECONDS)]
        assert old == {Finding.ANNOUNCED: 1}
        assert events.waiting == []

    def test_the_event_of_an_object_that_is_gone_is_done(self, house: House) -> None:
        house.land_unannounced()
        events = FakeEvents([BucketEvent("gone", "1")])

        assert later(house).follow(events) == {Finding.KNOWN: 1}
        assert events.waiting == []

    def test_an_event_that_failed_comes_again(self, house: House) -> None:
        house.land_unannounced()
        house.topic.failures = [NotifyUnavailable("down")]
        events = FakeEvents([BucketEvent(NAME, "1")])

        with pytest.raises(NotifyUnavailable):
            later(house).follow(events)

        assert events.waiting == [BucketEvent(NAME, "1")]

    def test_one_object_that_fails_does_not_hold_up_the_others(self, house: House) -> None:
        house.land_unannounced()
        house.topic.failures = [Misconfigured("of this object")]
        events = FakeEvents([BucketEvent(NAME, "1"), BucketEvent("gone", "2")])

        found = later(house).follow(events)

        assert found == {Finding.FAILED: 1, Finding.KNOWN: 1}
        assert events.waiting == [BucketEvent(NAME, "1")]

    def test_several_failures_in_a_row_are_not_the_fault_of_their_objects(
        self, house: House
    ) -> None:
        house.land_unannounced()
        house.topic.failures = [NotifyUnavailable("down")] * 9
        waiting = [BucketEvent(NAME, str(n)) for n in range(5)] + [BucketEvent("gone", "9")]
        events = FakeEvents(list(waiting))

        with pytest.raises(NotifyUnavailable):
            later(house).follow(events)

        assert events.waiting == waiting
        assert len(house.topic.failures) == 9 - FAILURES_IN_A_ROW
