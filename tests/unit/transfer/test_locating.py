"""Where an S3 object is: what is told of it, and what is not."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.conftest import land
from tests.fakes import message_for, message_from
from tests.unit.transfer.house import NAME, A, B, House
from transfer.errors import InvalidMessage, StoreUnavailable
from transfer.locating import Locating, Location
from transfer.object_name import ObjectName
from transfer.s3_object import S3Object
from transfer.store import ObjectHeaders

OBJECT = S3Object("source", "a/b.bin")
LAST_MODIFIED = datetime(2026, 11, 24, 12, tzinfo=UTC)


def locate(
    house: House, s3_object: S3Object = OBJECT, template: str = "{bucket}/{key}"
) -> Location:
    return Locating(house.store, ObjectName(template)).locate(s3_object)


def test_a_landed_object_is_told_with_its_record(house: House) -> None:
    house.source.headers["last-modified"] = "Tue, 24 Nov 2026 12:00:00 GMT"
    before = datetime.now(UTC)
    outcome = house.landing().land(message_for(A))

    found = locate(house)

    assert found.status == "landed"
    assert found.there is not None
    assert outcome.landed is not None
    assert found.there.generation == outcome.landed.generation
    assert (found.etag, found.verified) == (outcome.etag, "size,md5")
    assert found.message_id == "message-1"
    assert found.announce_time is not None
    assert before <= found.announce_time <= datetime.now(UTC)
    assert found.land_time == house.there().created
    assert found.lag_ms == round(
        (house.there().created - LAST_MODIFIED) / timedelta(milliseconds=1)
    )


def test_only_the_store_is_asked_and_only_once(house: House) -> None:
    house.landing().land(message_for(A))
    house.store.calls.clear()
    house.source.asked.clear()

    locate(house)

    assert (house.store.calls, house.source.asked) == (["stat"], [])
    assert len(house.topic.published) == 1


def test_where_nothing_is_nothing_is_told(house: House) -> None:
    found = locate(house)

    assert found == Location("missing")
    assert (found.etag, found.message_id, found.land_time, found.lag_ms) == (None,) * 4


def test_what_landed_unannounced_has_no_notification(house: House) -> None:
    house.land_unannounced()

    found = locate(house)

    assert (found.status, found.message_id, found.announce_time) == ("landed", None, None)


def test_a_repeat_of_the_message_does_not_move_the_time_of_the_announcement(house: House) -> None:
    house.landing().land(message_for(A))
    first = locate(house)
    house.landing().land(message_for(A))
    second = locate(house)

    assert first.there is not None
    assert second.there is not None
    assert second.there.metageneration > first.there.metageneration
    assert second.announce_time == first.announce_time


def test_the_version_that_landed_last_is_told(house: House) -> None:
    house.landing().land(message_for(A))
    house.source.body = B
    outcome = house.landing().land(message_for(B))

    assert locate(house).etag == outcome.etag


def test_an_object_of_a_stranger_is_different_and_nothing_more_is_told(house: House) -> None:
    (house.folder / "source/a").mkdir(parents=True)
    (house.folder / NAME).write_bytes(B)

    found = locate(house)

    assert found.status == "different"
    assert found.there is not None
    assert found.there.size == len(B)
    assert (found.etag, found.verified, found.message_id) == (None, None, None)
    assert (found.announce_time, found.land_time, found.lag_ms) == (None, None, None)


@pytest.mark.parametrize(
    "metadata",
    [
        {"s3-bucket": "other", "s3-key": "a/b.bin", "s3-etag": "1"},
        {"s3-bucket": "source", "s3-key": "a/c.bin", "s3-etag": "1"},
        {"s3-bucket": "source", "s3-key": "a/b.bin"},
    ],
)
def test_what_was_landed_from_another_object_is_different(
    house: House, metadata: dict[str, str]
) -> None:
    record = {**metadata, "landfall-notified": "1"}
    land(house.store, "a/b.bin", B, headers=ObjectHeaders(metadata=record))

    found = locate(house, template="{key}")

    assert (found.status, found.message_id) == ("different", None)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (None, "landed"),
        ({"aws"}, "landed"),
        ({"aws", "https://minio.example"}, "landed"),
        ({"https://minio.example"}, "different"),
        (set(), "different"),
    ],
)
def test_a_question_may_name_where_the_object_must_be_from(
    house: House, asked: set[str] | None, status: str
) -> None:
    house.landing().land(message_from("aws", A))

    origins = None if asked is None else frozenset(asked)
    found = locate(house, S3Object("source", "a/b.bin", origins=origins))

    assert (found.status, found.etag is None) == (status, status == "different")


def test_what_landed_before_origins_were_recorded_is_from_anywhere(house: House) -> None:
    record = {"s3-bucket": "source", "s3-key": "a/b.bin", "s3-etag": "1"}
    land(house.store, NAME, B, headers=ObjectHeaders(metadata=record))

    s3_object = S3Object("source", "a/b.bin", origins=frozenset({"aws"}))
    assert locate(house, s3_object).status == "landed"


def test_each_version_is_found_where_each_lands_on_its_own(house: House) -> None:
    template = "{key}@{version_id}"
    for version in ("v1", "v2"):
        house.source.headers["x-amz-version-id"] = version
        plain = message_for(A)
        url = dataclasses.replace(plain.url, version_id=version)
        message = dataclasses.replace(plain, url=url, version_id=version)
        house.landing(template=template).land(message)

    names = [
        locate(house, S3Object("source", "a/b.bin", version), template).there
        for version in ("v1", "v2", "v3")
    ]

    assert [there and there.name for there in names] == ["a/b.bin@v1", "a/b.bin@v2", None]


def test_another_version_under_the_same_name_is_different(house: House) -> None:
    record = {"s3-bucket": "source", "s3-key": "k", "s3-etag": "1", "s3-version-id": "1-2"}
    land(house.store, "k-1-2", B, headers=ObjectHeaders(metadata=record))

    template = "{key}-{version_id}"
    assert locate(house, S3Object("source", "k", "1-2"), template).status == "landed"
    assert locate(house, S3Object("source", "k-1", "2"), template).status == "different"


def test_the_version_is_named_where_it_makes_the_name_and_only_there(house: House) -> None:
    with pytest.raises(InvalidMessage, match="versionId is missing"):
        locate(house, template="{key}@{version_id}")
    with pytest.raises(InvalidMessage, match="without versionId"):
        locate(house, S3Object("source", "a/b.bin", "v1"))


def test_parts_of_objects_in_the_making_are_not_shown(house: House) -> None:
    with pytest.raises(InvalidMessage, match="reserved"):
        locate(house, S3Object("source", ".landfall/parts/x"), "{key}")


@pytest.mark.parametrize("recorded", ["", "soon", "2026-11-24"])
def test_a_time_that_cannot_be_read_is_not_told(house: House, recorded: str) -> None:
    house.landing().land(message_for(A))
    house.store.patch(NAME, house.there().token, {"landfall-notified-time": recorded})

    assert locate(house).announce_time is None


def test_a_store_that_does_not_answer_is_no_missing_object(house: House) -> None:
    def fail() -> None:
        raise StoreUnavailable("down")

    house.store.before["stat"] = [fail]

    with pytest.raises(StoreUnavailable):
        locate(house)
