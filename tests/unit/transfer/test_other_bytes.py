"""An object whose bytes have another checksum than its record is not the one that was verified."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.directory_store import DirectoryStore
from tests.fakes import message_for
from tests.unit.transfer.house import NAME, A, B, House
from transfer import object_headers as names
from transfer.comparing import Comparing, is_whole
from transfer.errors import NotLanded
from transfer.locating import Locating
from transfer.object_name import ObjectName
from transfer.reannouncing import Reannouncing
from transfer.reconciling import Finding, Reconciler
from transfer.s3_object import S3Object
from transfer.store import StoredObject

OBJECT, TEMPLATE = S3Object("source", "a/b.bin"), ObjectName("{bucket}/{key}")


def record(house: House, crc32c: str) -> StoredObject:
    there = house.there()
    return house.store.store.patch(NAME, there.token, {names.CRC32C: crc32c})


@pytest.fixture
def wrong(house: House) -> House:
    """As after a compose of other bytes, whose answer was lost: nothing is announced."""
    house.land_unannounced()
    record(house, "AAAAAA==")
    house.store.calls.clear()
    return house


def test_what_is_recorded_must_be_what_is_there(house: House) -> None:
    house.landing().land(message_for(A))
    there = house.there()

    assert is_whole(there)
    assert is_whole(record(house, there.crc32c))
    assert not is_whole(record(house, "AAAAAA=="))


def test_what_the_store_does_not_tell_is_not_held_against_it(house: House) -> None:
    """As in lists of a bucket with a key in Cloud KMS."""
    house.landing().land(message_for(A))

    assert is_whole(replace(record(house, "AAAAAA=="), crc32c=""))


def test_the_repeat_replaces_it_and_announces_only_what_it_landed(wrong: House) -> None:
    former = wrong.there().generation

    outcome = wrong.landing().land(message_for(A))

    assert outcome.status == "landed"
    assert wrong.there().generation > former
    assert names.CRC32C not in wrong.there().metadata
    [published] = wrong.topic.published
    assert published.attributes["objectGeneration"] == str(wrong.there().generation)
    assert published.attributes["overwroteGeneration"] == str(former)


def test_a_newer_version_does_not_announce_it(wrong: House) -> None:
    wrong.source.body = B

    assert wrong.landing().land(message_for(B)).status == "landed"

    assert len(wrong.topic.published) == 1
    assert wrong.bytes_there() == B


def test_a_comparison_and_a_question_call_it_different(wrong: House) -> None:
    compared = Comparing(wrong.store, TEMPLATE, 10**9).compare(message_for(A))
    located = Locating(wrong.store, TEMPLATE).locate(OBJECT)

    assert (compared.status, located.status) == ("different", "different")
    assert located.etag is None


def test_it_is_not_announced_by_request(wrong: House) -> None:
    reannouncing = Reannouncing(Locating(wrong.store, TEMPLATE), wrong.store, wrong.topic)

    with pytest.raises(NotLanded):
        reannouncing.announce(OBJECT)

    assert wrong.topic.published == []


@pytest.mark.parametrize(
    ("age", "finding"), [(timedelta(minutes=9), Finding.YOUNG), (timedelta(1), Finding.FAILED)]
)
def test_the_second_net_names_it_and_leaves_it_alone(
    wrong: House, age: timedelta, finding: Finding, caplog: pytest.LogCaptureFixture
) -> None:
    before = wrong.there()
    now = before.created + age

    with caplog.at_level(logging.ERROR):
        found = Reconciler(DirectoryStore(wrong.folder), wrong.topic, now=lambda: now).look(NAME)

    assert found is finding
    assert (NAME in caplog.text) == (finding is Finding.FAILED)
    assert wrong.there() == before
    assert wrong.topic.published == []
