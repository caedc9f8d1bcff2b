"""The landing protocol under races, lost answers and what others left unfinished."""

import pytest

from tests.fakes import etag_of, message_for, raising
from tests.unit.transfer.house import NAME, A, B, House
from transfer.errors import (
    Misconfigured,
    StoreUnavailable,
    TokenMoved,
    UploadLost,
)


def test_the_object_stays_when_publishing_fails(house: House) -> None:
    house.land_unannounced()

    assert house.bytes_there() == A
    assert "landfall-notified" not in house.there().metadata


def test_a_repeat_announces_what_was_landed_and_not_announced(house: House) -> None:
    house.land_unannounced()
    house.source.asked.clear()

    outcome = house.landing().land(message_for(A))

    assert outcome.status == "already-landed"
    assert house.source.asked == []
    assert len(house.topic.published) == 1
    assert house.there().metadata["landfall-notified"] == "message-1"


def test_an_unannounced_predecessor_is_announced_before_it_is_replaced(house: House) -> None:
    house.land_unannounced()
    house.source.body = B

    house.landing().land(message_for(B))

    etags = [n.attributes["s3ETag"] for n in house.topic.published]
    assert etags == [etag_of(A), etag_of(B)]
    assert len(set(house.topic.event_ids)) == 2


def test_a_predecessor_is_announced_though_its_mark_fails(house: House) -> None:
    house.land_unannounced()
    house.source.body = B
    house.store.before["patch"] = [raising(StoreUnavailable("429"))]

    outcome = house.landing().land(message_for(B))

    assert outcome.status == "landed"
    assert len(set(house.topic.event_ids)) == 2


def test_a_foreign_object_is_replaced_under_its_token_and_not_announced(house: House) -> None:
    (house.folder / "source/a").mkdir(parents=True)
    (house.folder / NAME).write_bytes(b"put here by hand")

    house.landing().land(message_for(A))

    assert house.bytes_there() == A
    assert len(house.topic.published) == 1
    assert "overwroteGeneration" in house.topic.published[0].attributes


def test_endless_interference_ends_in_doubt(house: House) -> None:
    house.store.before["stat"] = [raising(TokenMoved())] * 6

    with pytest.raises(StoreUnavailable, match="6 times"):
        house.landing().land(message_for(A))

    assert house.store.calls == ["stat"] * 6


def test_a_refused_checksum_is_not_taken_for_interference(house: House) -> None:
    house.store.before["finish"] = [raising(TokenMoved())]

    with pytest.raises(StoreUnavailable, match="checksum"):
        house.landing().land(message_for(A))

    assert len(house.source.asked) == 1
    assert house.topic.published == []


def test_an_upload_whose_end_is_in_doubt_is_not_aborted(house: House) -> None:
    house.store.before["finished"] = [raising(UploadLost("answer lost"))]

    house.landing().land(message_for(A))

    assert "abort" not in house.store.calls


def test_a_failed_mark_still_answers_landed(house: House) -> None:
    house.store.before["patch"] = [raising(StoreUnavailable("429"))]

    outcome = house.landing().land(message_for(A))

    assert outcome.status == "landed"
    assert "landfall-notified" not in house.there().metadata


def test_a_missing_topic_leaves_the_object_to_be_announced(house: House) -> None:
    house.topic.failures = [Misconfigured("no topic")]

    with pytest.raises(Misconfigured):
        house.landing().land(message_for(A))
    outcome = house.landing().land(message_for(A))

    assert outcome.status == "already-landed"
    assert len(house.topic.published) == 1
