"""What a store that composes promises."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.directory_store import DirectoryStore
from adapters.gcs_patience import Patience
from adapters.gcs_store import GcsStore
from tests.contract.conftest import HEADERS, content_of, crc32c, land, race
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer, Drop, Fault, LoseAnswer
from transfer.errors import Misconfigured, StoreUnavailable, TokenMoved, UploadLost
from transfer.store import (
    ABSENT,
    STEP,
    ComposingStore,
    ObjectHeaders,
    StoredObject,
    Token,
)

PIECES = [content_of(STEP + 5, seed=1), content_of(7, seed=2), content_of(2 * STEP, seed=3)]
WHOLE = b"".join(PIECES)


@pytest.fixture
def parts(gcs: GcsStore) -> list[StoredObject]:
    return [land(gcs, f"parts/{number}", piece) for number, piece in enumerate(PIECES)]


@pytest.fixture
def impatient(gcs: GcsStore) -> GcsStore:
    return GcsStore("landing", patience=Patience(call_seconds=0.3))


def compose(
    store: GcsStore,
    parts: list[StoredObject],
    token: Token = ABSENT,
    headers: ObjectHeaders = HEADERS,
) -> StoredObject:
    return store.compose("name", parts, headers, token, math.inf)


def test_parts_become_one_object_with_all_that_goes_beside(
    cloud: CloudStorage, gcs: GcsStore, parts: list[StoredObject]
) -> None:
    composed = compose(gcs, parts)

    assert cloud.content("name") == WHOLE
    assert composed == gcs.stat("name")
    assert (composed.size, composed.crc32c, composed.md5) == (len(WHOLE), crc32c(WHOLE), None)
    assert composed.headers == HEADERS
    assert composed.metageneration == 1


def test_the_order_is_the_one_that_was_given(
    cloud: CloudStorage, gcs: GcsStore, parts: list[StoredObject]
) -> None:
    compose(gcs, parts[::-1])

    assert cloud.content("name") == b"".join(PIECES[::-1])


def test_exactly_the_token_is_replaced(
    cloud: CloudStorage, gcs: GcsStore, parts: list[StoredObject]
) -> None:
    first = land(gcs, "name", b"first")
    touched = gcs.patch("name", first.token, {"a": "b"})

    for stale in (ABSENT, first.token, Token(first.generation + 1, 1)):
        with pytest.raises(TokenMoved):
            compose(gcs, parts, stale)
    assert cloud.content("name") == b"first"

    assert compose(gcs, parts, touched.token).generation > first.generation


def test_of_many_who_compose_one_wins(gcs: GcsStore, parts: list[StoredObject]) -> None:
    won = race(lambda _: compose(gcs, parts))

    assert len(won) == 1


@pytest.mark.parametrize("loss", ["deleted", "replaced", "deleted and made again"])
def test_a_part_of_another_generation_is_no_part(
    cloud: CloudStorage, gcs: GcsStore, parts: list[StoredObject], loss: str
) -> None:
    if loss != "replaced":
        cloud.delete(parts[1].name)
    if loss != "deleted":
        cloud.put(parts[1].name, PIECES[1])

    with pytest.raises(TokenMoved):
        compose(gcs, parts)

    assert gcs.stat("name") is None


def test_a_part_that_was_only_marked_is_the_same_part(
    cloud: CloudStorage, gcs: GcsStore, parts: list[StoredObject]
) -> None:
    gcs.patch(parts[1].name, parts[1].token, {"a": "b"})

    assert compose(gcs, parts).size == len(WHOLE)


@pytest.mark.parametrize("fault", [Answer(503), Answer(429), Drop()])
def test_a_compose_that_fails_once_is_asked_again(
    cloud: CloudStorage, gcs: GcsStore, parts: list[StoredObject], fault: Fault
) -> None:
    cloud.fault("compose", fault)

    assert compose(gcs, parts).crc32c == crc32c(WHOLE)


def test_the_echo_of_its_own_compose_is_a_token_that_moved(
    cloud: CloudStorage, gcs: GcsStore, parts: list[StoredObject]
) -> None:
    cloud.fault("compose", LoseAnswer())

    with pytest.raises(TokenMoved):
        compose(gcs, parts)

    assert cloud.content("name") == WHOLE  # the caller looks, and finds it


@pytest.mark.parametrize("fault", [Answer(503), Drop(), LoseAnswer()])
def test_a_compose_without_an_answer_is_in_doubt(
    cloud: CloudStorage, impatient: GcsStore, parts: list[StoredObject], fault: Fault
) -> None:
    cloud.fault("compose", fault, times=math.inf)

    with pytest.raises(UploadLost):
        compose(impatient, parts)


def test_after_the_deadline_nothing_is_composed_nor_in_doubt(
    cloud: CloudStorage, gcs: GcsStore, parts: list[StoredObject]
) -> None:
    with pytest.raises(StoreUnavailable) as refusal:
        gcs.compose("name", parts, HEADERS, ABSENT, time.monotonic() - 1)

    assert not isinstance(refusal.value, UploadLost)
    assert cloud.requests["compose"] == 0


def test_a_bucket_that_may_not_be_used_is_an_operators_matter(
    cloud: CloudStorage, gcs: GcsStore, parts: list[StoredObject]
) -> None:
    for fault in (Answer(403), Answer(404, "The specified bucket does not exist.")):
        cloud.fault("compose", fault)
        with pytest.raises(Misconfigured):
            compose(gcs, parts)


def test_exactly_the_generation_is_deleted(cloud: CloudStorage, gcs: GcsStore) -> None:
    first = land(gcs, "name", b"first")
    second = land(gcs, "name", b"second", first.token)

    gcs.delete(first)
    assert gcs.stat("name") == second
    gcs.delete(second)
    assert gcs.stat("name") is None
    gcs.delete(second)  # it is gone already, and that is all that was wanted


def test_what_cannot_be_deleted_is_told_soon(
    cloud: CloudStorage, impatient: GcsStore, parts: list[StoredObject]
) -> None:
    cloud.fault("delete", Answer(503), times=math.inf)
    started = time.monotonic()

    with pytest.raises(StoreUnavailable):
        impatient.delete(parts[0])

    assert time.monotonic() - started < 5


def test_threads_may_delete_at_once(gcs: GcsStore, parts: list[StoredObject]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(gcs.delete, parts * 2))

    assert list(gcs.walk("parts/")) == []


def test_a_directory_composes_nothing(gcs: GcsStore) -> None:
    """One disk takes one stream as fast as many."""
    assert isinstance(gcs, ComposingStore)
    assert not issubclass(DirectoryStore, ComposingStore)
