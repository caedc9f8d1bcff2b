"""Where an object is, and announcing it again, on every store."""

import pytest

from tests.contract.conftest import land
from tests.fakes import FakeSource, FakeTopic, impatient_budget, message_for
from transfer.errors import NotLanded
from transfer.landing import Landing
from transfer.locating import Locating
from transfer.notification import event_id
from transfer.object_name import ObjectName
from transfer.reannouncing import Reannouncing
from transfer.reconciling import WalkableStore
from transfer.s3_object import S3Object

BODY, OBJECT_NAME = b"body", ObjectName("{bucket}/{key}")
KEY = "größe/☃ +%20.bin"
OBJECT = S3Object("source", KEY)


def test_a_landed_object_is_found_and_announced_again(store: WalkableStore) -> None:
    source, topic = FakeSource(BODY), FakeTopic()
    source.headers["last-modified"] = "Tue, 24 Nov 2026 12:00:00 GMT"
    landing = Landing(source, store, topic, OBJECT_NAME, 10**9, impatient_budget)
    outcome = landing.land(message_for(BODY, KEY))
    locating = Locating(store, OBJECT_NAME)
    before = locating.locate(OBJECT)

    announced = Reannouncing(locating, store, topic).announce(OBJECT)

    after = locating.locate(OBJECT)
    assert (before.status, before.etag, before.message_id) == ("landed", outcome.etag, "message-1")
    assert (after.status, after.etag, after.message_id) == ("landed", outcome.etag, "message-2")
    assert before.there is not None
    assert after.there is not None
    assert announced.of.there == before.there
    assert topic.event_ids == [event_id(before.there)] * 2
    assert after.there.generation == before.there.generation
    assert before.announce_time is not None
    assert after.announce_time is not None
    assert before.announce_time < after.announce_time
    assert before.lag_ms == after.lag_ms is not None


def test_what_landfall_did_not_put_there_is_found_as_different(store: WalkableStore) -> None:
    topic, locating = FakeTopic(), Locating(store, OBJECT_NAME)
    assert locating.locate(OBJECT).status == "missing"
    there = land(store, f"source/{KEY}", BODY)

    found = locating.locate(OBJECT)

    assert (found.status, found.there) == ("different", there)
    with pytest.raises(NotLanded):
        Reannouncing(locating, store, topic).announce(OBJECT)
    assert (topic.published, store.stat(there.name)) == ([], there)
