"""Announcing again: the same event, a new notification, and never what is not landed."""

import pytest

from tests.fakes import message_for, raising
from tests.unit.transfer.house import NAME, A, B, House
from transfer.errors import NotifyUnavailable, NotLanded, StoreUnavailable, TokenMoved
from transfer.locating import Locating
from transfer.notification import event_id
from transfer.object_name import ObjectName
from transfer.reannouncing import Announcement, Reannouncing
from transfer.s3_object import S3Object

OBJECT = S3Object("source", "a/b.bin")


def announce(house: House) -> Announcement:
    locating = Locating(house.store, ObjectName("{bucket}/{key}"))
    return Reannouncing(locating, house.store, house.topic).announce(OBJECT)


def test_it_is_published_again_as_the_same_event_and_recorded(house: House) -> None:
    house.landing().land(message_for(A))
    first = house.there().metadata

    announced = announce(house)

    assert announced.message_id == "message-2"
    assert house.topic.event_ids == [event_id(house.there())] * 2
    assert house.there().metadata["landfall-notified"] == "message-2"
    assert house.there().metadata["landfall-notified-time"] > first["landfall-notified-time"]
    assert house.bytes_there() == A


def test_only_what_tells_of_the_object_itself_is_in_the_notification(house: House) -> None:
    house.landing().land(message_for(A))

    announce(house)

    assert b"landfall-verified" in house.topic.published[1].data
    assert b"landfall-notified" not in house.topic.published[1].data
    assert b"landfall-touched" not in house.topic.published[1].data


def test_what_nobody_announced_is_announced(house: House) -> None:
    house.land_unannounced()

    assert announce(house).message_id == "message-1"
    assert house.there().metadata["landfall-notified"] == "message-1"


def test_what_is_not_there_is_not_announced(house: House) -> None:
    with pytest.raises(NotLanded, match="send its message"):
        announce(house)

    assert (house.topic.published, house.store.calls) == ([], ["stat"])


def test_an_object_of_a_stranger_is_not_announced(house: House) -> None:
    (house.folder / "source/a").mkdir(parents=True)
    (house.folder / NAME).write_bytes(B)

    with pytest.raises(NotLanded, match="Another object"):
        announce(house)

    assert (house.topic.published, house.store.calls) == ([], ["stat"])


def test_a_topic_that_fails_leaves_the_record_as_it_was(house: House) -> None:
    house.landing().land(message_for(A))
    before = house.there()
    house.topic.failures = [NotifyUnavailable("down")]

    with pytest.raises(NotifyUnavailable):
        announce(house)

    assert house.there() == before


@pytest.mark.parametrize("failure", [TokenMoved(), StoreUnavailable("down")])
def test_it_is_announced_though_the_mark_fails(house: House, failure: Exception) -> None:
    house.landing().land(message_for(A))
    house.store.before["patch"] = [raising(failure)]

    assert announce(house).message_id == "message-2"
    assert house.there().metadata["landfall-notified"] == "message-1"


def test_the_mark_never_falls_on_a_newer_generation(house: House) -> None:
    house.landing().land(message_for(A))
    first = house.there()

    def overwrite() -> None:
        house.source.body = B
        house.landing().land(message_for(B))

    house.store.before["patch"] = [overwrite]
    announced = announce(house)

    assert announced.of.there == first
    assert house.topic.event_ids[1:] == [event_id(first), event_id(house.there())]
    assert house.there().metadata["landfall-notified"] == "message-3"
