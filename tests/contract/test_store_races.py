"""Of many who act on one token, one wins: the lock that the landing protocol stands on."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.conftest import THREADS, Place, begin, content_of, finish, land, race
from transfer.errors import TokenMoved
from transfer.store import STEP, ObjectHeaders, Store


@pytest.fixture(params=[11, STEP + 11], ids=["small", "large"])
def versions(request: pytest.FixtureRequest) -> list[bytes]:
    """What each of the threads wants to be there."""
    return [content_of(request.param, seed) for seed in range(THREADS)]


def test_one_of_many_creates(place: Place, versions: list[bytes]) -> None:
    uploads = [begin(place.store, "name", data) for data in versions]

    won = race(lambda number: finish(uploads[number], versions[number]))

    [(winner, landed)] = won.items()
    assert place.store.stat("name") == landed
    assert place.content("name") == versions[winner]
    assert place.leftovers() == 0


def test_one_of_many_replaces(place: Place, versions: list[bytes]) -> None:
    token = land(place.store, "name", b"the first").token
    uploads = [begin(place.store, "name", data, token) for data in versions]

    won = race(lambda number: finish(uploads[number], versions[number]))

    [(winner, landed)] = won.items()
    assert place.store.stat("name") == landed
    assert place.content("name") == versions[winner]
    assert place.leftovers() == 0


def test_one_of_many_patches(store: Store, versions: list[bytes]) -> None:
    there = land(store, "name", versions[0])

    won = race(lambda number: store.patch("name", there.token, {f"by-{number}": "me"}))

    [(winner, patched)] = won.items()
    assert store.stat("name") == patched
    assert patched.metadata == {f"by-{winner}": "me"}


def test_no_update_is_lost(store: Store, versions: list[bytes]) -> None:
    land(store, "name", versions[0], headers=ObjectHeaders(metadata={"count": "0"}))

    def count_up(_: int) -> None:
        while True:
            there = store.stat("name")
            assert there is not None
            try:
                store.patch("name", there.token, {"count": str(int(there.metadata["count"]) + 1)})
            except TokenMoved:
                continue
            return

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(count_up, range(THREADS)))
    there = store.stat("name")
    assert there is not None
    assert there.metadata["count"] == str(THREADS)
