"""The landing protocol, step by step, on the directory store."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.directory_store import DirectoryStore
from tests.fakes import Door, FakeSource, FakeTopic, etag_of, impatient_budget, message_for, raising
from transfer.errors import (
    Misconfigured,
    NotifyUnavailable,
    ObjectTooLarge,
    SourceCorrupt,
    SourceGone,
    StoreUnavailable,
    TokenMoved,
    UploadLost,
)
from transfer.landing import Landing
from transfer.message import Message
from transfer.object_name import ObjectName
from transfer.store import STEP, StoredObject

A, B = b"first version", b"second version, longer"
NAME = "source/a/b.bin"


@dataclass
class House:
    """One Landfall: a source that changes, a store with doors, a topic that remembers."""

    folder: Path
    source: FakeSource
    store: Door
    topic: FakeTopic

    def landing(self, max_bytes: int = 10**9, template: str = "{bucket}/{key}") -> Landing:
        name = ObjectName(template)
        return Landing(self.source, self.store, self.topic, name, max_bytes, impatient_budget)

    def land_unannounced(self) -> None:
        self.topic.failures = [NotifyUnavailable("down")]
        with pytest.raises(NotifyUnavailable):
            self.landing().land(message_for(self.source.body))

    def there(self) -> StoredObject:
        found = self.store.store.stat(NAME)
        assert found is not None
        return found

    def bytes_there(self) -> bytes:
        return (self.folder / NAME).read_bytes()

    def leftovers(self) -> list[Path]:
        return list((self.folder / ".landfall" / "uploads").iterdir())


@pytest.fixture
def house(tmp_path: Path) -> House:
    folder = tmp_path / "bucket"
    return House(folder, FakeSource(A), Door(DirectoryStore(folder)), FakeTopic())


def test_an_object_is_landed_announced_and_marked(house: House) -> None:
    outcome = house.landing().land(message_for(A))

    assert (outcome.status, outcome.message_id) == ("landed", "message-1")
    assert house.bytes_there() == A
    assert house.there().metadata["landfall-notified"] == "message-1"
    assert house.there().metadata["landfall-verified"] == "size,md5"
    assert [n.attributes["objectId"] for n in house.topic.published] == [NAME]
    assert house.leftovers() == []


def test_the_object_stays_when_publishing_fails(house: House) -> None:
    house.land_unannounced()

    assert house.bytes_there() == A
    assert "landfall-notified" not in house.there().metadata


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


def test_a_repeat_announces_what_was_landed_and_not_announced(house: House) -> None:
    house.land_unannounced()
    house.source.asked.clear()

    outcome = house.landing().land(message_for(A))

    assert outcome.status == "already-landed"
    assert house.source.asked == []
    assert len(house.topic.published) == 1
    assert house.there().metadata["landfall-notified"] == "message-1"


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


def test_a_version_put_back_is_not_lost_to_a_slower_worker(house: House) -> None:
    """A, B, A: the repeat of A must make the token of B's worker stale."""
    house.landing().land(message_for(A))
    house.source.body = B

    def put_back_and_repeat() -> None:
        house.source.body = A
        assert house.landing().land(message_for(A)).status == "already-landed"

    house.store.before["finish"] = [put_back_and_repeat]
    outcome = house.landing().land(message_for(B))

    assert outcome.status == "superseded"
    assert house.bytes_there() == A


def test_the_loser_of_a_race_finds_the_object_landed(house: House) -> None:
    def another_worker() -> None:
        assert house.landing().land(message_for(A)).status == "landed"

    house.store.before["finish"] = [another_worker]
    outcome = house.landing().land(message_for(A))

    assert outcome.status == "already-landed"
    assert house.bytes_there() == A
    assert len(set(house.topic.event_ids)) == 1


def test_older_bytes_never_replace_newer_ones(house: House) -> None:
    def newer_lands() -> None:
        house.source.body = B
        assert house.landing().land(message_for(B)).status == "landed"

    house.store.before["finish"] = [newer_lands]
    outcome = house.landing().land(message_for(A))

    assert outcome.status == "superseded"
    assert house.bytes_there() == B


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


def test_a_lost_answer_of_the_last_write_is_read_from_the_destination(house: House) -> None:
    house.store.before["finished"] = [raising(UploadLost("answer lost"))]

    outcome = house.landing().land(message_for(A))

    assert outcome.status == "already-landed"
    assert len(house.topic.published) == 1
    assert len(house.source.asked) == 1


def test_an_upload_whose_end_is_in_doubt_is_not_aborted(house: House) -> None:
    house.store.before["finished"] = [raising(UploadLost("answer lost"))]

    house.landing().land(message_for(A))

    assert "abort" not in house.store.calls


def test_a_failed_mark_still_answers_landed(house: House) -> None:
    house.store.before["patch"] = [raising(StoreUnavailable("429"))]

    outcome = house.landing().land(message_for(A))

    assert outcome.status == "landed"
    assert "landfall-notified" not in house.there().metadata


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


def test_a_missing_topic_leaves_the_object_to_be_announced(house: House) -> None:
    house.topic.failures = [Misconfigured("no topic")]

    with pytest.raises(Misconfigured):
        house.landing().land(message_for(A))
    outcome = house.landing().land(message_for(A))

    assert outcome.status == "already-landed"
    assert len(house.topic.published) == 1


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
def test_an_answer_that_contradicts_the_message_is_not_used(
    house: House, message: Message
) -> None:
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
