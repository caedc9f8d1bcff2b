"""One look at the destination: what it tells, and that it is all that happens."""

from dataclasses import replace

import pytest

from tests.contract.conftest import crc32c
from tests.fakes import etag_of, message_for, message_from, raising
from tests.unit.transfer.house import NAME, A, B, House
from transfer.comparing import Comparing, Comparison
from transfer.errors import InvalidMessage, ObjectTooLarge, StoreUnavailable, UrlRefused
from transfer.message import Message
from transfer.object_name import ObjectName
from transfer.presigned_url import PresignedUrl
from transfer.store import ABSENT, ObjectHeaders


def compare(house: House, message: Message, max_bytes: int = 10**9) -> Comparison:
    """Compare, and assert that this was one STAT and nothing else."""
    house.store.calls.clear()
    house.source.asked.clear()
    published = len(house.topic.published)
    found = Comparing(house.store, ObjectName("{bucket}/{key}"), max_bytes).compare(message)
    assert house.store.calls == ["stat"]
    assert house.source.asked == []
    assert len(house.topic.published) == published
    return found


def test_nothing_there_is_missing(house: House) -> None:
    found = compare(house, message_for(A))

    assert (found.status, found.there, found.message_id) == ("missing", None, None)


def test_this_version_there_is_landed(house: House) -> None:
    house.landing().land(message_for(A))

    found = compare(house, message_for(A))

    assert (found.status, found.message_id) == ("landed", "message-1")
    assert found.there == house.there()


def test_a_comparison_leaves_the_token_as_it_was(house: House) -> None:
    house.landing().land(message_for(A))
    before = house.there().token

    compare(house, message_for(A))

    assert house.there().token == before


def test_what_landed_and_was_not_announced_is_landed_without_a_notification(
    house: House,
) -> None:
    house.land_unannounced()

    found = compare(house, message_for(A))

    assert (found.status, found.message_id) == ("landed", None)
    assert house.topic.published == []


def test_another_version_there_is_different_and_told(house: House) -> None:
    house.landing().land(message_for(A))

    found = compare(house, message_for(B))

    assert (found.status, found.there) == ("different", house.there())


@pytest.mark.parametrize(
    "change", [{"size": len(A) + 1}, {"bucket": "another"}, {"etag": "0" * 32}]
)
def test_each_part_of_the_version_counts(house: House, change: dict[str, object]) -> None:
    house.landing(template="one-name-for-{key}").land(message_for(A))

    found = Comparing(house.store, ObjectName("one-name-for-{key}"), 10**9).compare(
        replace(message_for(A), **change)  # type: ignore[arg-type]
    )

    assert found.status == "different"


@pytest.mark.parametrize("there", ["aws", "aws-cn", "https://minio.example"])
def test_the_same_bucket_elsewhere_is_another_bucket(house: House, there: str) -> None:
    house.landing().land(message_from(there, A))

    for origin in ("aws", "aws-cn", "https://minio.example"):
        found = compare(house, message_from(origin, A))
        assert found.status == ("landed" if origin == there else "different")


def test_what_landed_before_origins_were_recorded_counts_as_before(house: House) -> None:
    record = {"s3-bucket": "source", "s3-key": "a/b.bin", "s3-etag": etag_of(A)}
    upload = house.store.create(NAME, len(A), ObjectHeaders(metadata=record), ABSENT)
    upload.finish(A, crc32c(A))

    assert compare(house, message_from("aws", A)).status == "landed"
    assert house.landing().land(message_from("aws", A)).status == "already-landed"
    assert "s3-origin" not in house.there().metadata  # nobody has read these bytes from there


def test_an_object_that_somebody_else_put_there_is_different(house: House) -> None:
    upload = house.store.create(NAME, len(A), ObjectHeaders(), ABSENT)
    upload.finish(A, crc32c(A))

    found = compare(house, message_for(A))

    assert (found.status, found.message_id) == ("different", None)


def test_a_message_that_names_no_version_cannot_be_compared(house: House) -> None:
    with pytest.raises(InvalidMessage, match="ETag"):
        compare(house, message_for(None))


def test_what_landing_refuses_is_refused(house: House) -> None:
    pinned = PresignedUrl("source", "a/b.bin", "v1", {}, origin="o", listed=True, _text="")

    with pytest.raises(ObjectTooLarge):
        compare(house, message_for(A), max_bytes=len(A) - 1)
    with pytest.raises(UrlRefused, match="pins a version"):
        compare(house, message_for(A, url=pinned))
    with pytest.raises(InvalidMessage, match="1024 bytes"):
        compare(house, message_for(A, key="k" * 1024))


def test_a_store_that_cannot_be_asked_is_no_missing_object(house: House) -> None:
    house.store.before["stat"] = [raising(StoreUnavailable("down"))]

    with pytest.raises(StoreUnavailable):
        compare(house, message_for(A))
