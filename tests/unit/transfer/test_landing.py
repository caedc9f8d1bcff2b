"""The landing protocol, step by step."""

import pytest

from tests.fakes import message_for
from tests.unit.transfer.house import NAME, A, B, House
from transfer.errors import (
    ObjectTooLarge,
    SourceCorrupt,
    SourceGone,
)
from transfer.message import Message
from transfer.store import STEP


def test_an_object_is_landed_announced_and_marked(house: House) -> None:
    outcome = house.landing().land(message_for(A))

    assert (outcome.status, outcome.message_id) == ("landed", "message-1")
    assert house.bytes_there() == A
    assert house.there().metadata["landfall-notified"] == "message-1"
    assert house.there().metadata["landfall-verified"] == "size,md5"
    assert [n.attributes["objectId"] for n in house.topic.published] == [NAME]
    assert house.leftovers() == []


def test_a_repeat_transfers_and_announces_nothing(house: House) -> None:
    house.landing().land(message_for(A))
    house.source.asked.clear()

    outcome = house.landing().land(message_for(A))

    assert (outcome.status, outcome.message_id) == ("already-landed", "message-1")
    assert house.source.asked == []
    assert len(house.topic.published) == 1


def test_a_repeat_answers_success_only_after_a_write_of_its_own(house: House) -> None:
    house.landing().land(message_for(A))
    before = house.there().token

    house.landing().land(message_for(A))

    assert house.there().generation == before.generation
    assert house.there().metageneration > before.metageneration


def test_a_stale_message_is_superseded_and_stores_nothing(house: House) -> None:
    house.source.body = B

    outcome = house.landing().land(message_for(A))

    assert (outcome.status, outcome.landed) == ("superseded", None)
    assert house.store.store.stat(NAME) is None
    assert house.topic.published == []


def test_an_overwrite_names_the_generation_it_replaced(house: House) -> None:
    house.landing().land(message_for(A))
    replaced = house.there().generation
    house.source.body = B

    house.landing().land(message_for(B))

    assert house.bytes_there() == B
    assert "overwroteGeneration" not in house.topic.published[0].attributes
    assert house.topic.published[1].attributes["overwroteGeneration"] == str(replaced)


def test_wrong_bytes_never_become_visible(house: House) -> None:
    message = message_for(A, checksums={"sha256": b"\x00" * 32})

    with pytest.raises(SourceCorrupt, match="sha256"):
        house.landing().land(message)

    assert house.store.store.stat(NAME) is None
    assert house.leftovers() == []
    assert house.topic.published == []


def test_a_source_that_is_gone_stores_nothing(house: House) -> None:
    house.source.body = None

    with pytest.raises(SourceGone):
        house.landing().land(message_for(A))

    assert house.store.store.stat(NAME) is None


def test_too_large_an_object_is_refused_before_anybody_is_asked(house: House) -> None:
    with pytest.raises(ObjectTooLarge):
        house.landing(max_bytes=5).land(message_for(A))

    assert house.source.asked == []
    assert house.store.calls == []


def test_too_large_an_answer_is_refused_before_a_byte_moves(house: House) -> None:
    with pytest.raises(ObjectTooLarge):
        house.landing(max_bytes=5).land(message_for(None))

    assert "create" not in house.store.calls


@pytest.mark.parametrize(
    "message", [message_for(A, size=99), message_for(A, content_type="image/png")]
)
def test_an_answer_that_contradicts_the_message_is_not_used(house: House, message: Message) -> None:
    with pytest.raises(SourceCorrupt):
        house.landing().land(message)

    assert "create" not in house.store.calls


def test_an_answer_with_another_etag_is_not_used(house: House) -> None:
    """Some servers ignore If-Match."""
    house.source.headers["etag"] = "0" * 32

    with pytest.raises(SourceCorrupt, match="ETag"):
        house.landing().land(message_for(A))

    assert "create" not in house.store.calls


def test_types_are_compared_without_case_and_spaces(house: House) -> None:
    house.source.headers["content-type"] = "text/plain;charset=UTF-8"

    outcome = house.landing().land(message_for(A, content_type="text/plain; charset=utf-8"))

    assert outcome.status == "landed"


def test_a_message_without_etag_lands_what_the_source_has(house: House) -> None:
    assert house.landing().land(message_for(None)).status == "landed"
    assert house.landing().land(message_for(None)).status == "already-landed"

    assert house.source.asked == [(None, 0), (None, 0)]
    assert len(house.topic.published) == 1


def test_two_sources_of_one_name_are_two_versions(house: House) -> None:
    for bucket in ("source", "other"):
        message = message_for(A, bucket=bucket)
        assert house.landing(template="{key}").land(message).status == "landed"

    assert [n.attributes["s3Bucket"] for n in house.topic.published] == ["source", "other"]


@pytest.mark.parametrize("size", [0, 1, STEP - 1, STEP, STEP + 1, 2 * STEP, 3 * STEP + 7])
def test_every_size_around_a_step_arrives_whole(house: House, size: int) -> None:
    house.source.body = body = bytes(i * 31 % 251 for i in range(size))

    house.landing().land(message_for(body))

    assert house.bytes_there() == body
