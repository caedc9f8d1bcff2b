"""What every store promises about being walked through."""

import pytest

from tests.contract.conftest import HEADERS, land
from tests.odd_keys import ODD_KEYS
from transfer.errors import Misconfigured
from transfer.reconciling import WalkableStore

NAMES = ["a", "a/b", "a/b c/ü☃", "ab", "b/../x", "z" * 900, *ODD_KEYS.values()]


def test_a_walk_meets_every_object_once_as_stat_tells_it(store: WalkableStore) -> None:
    for name in NAMES:
        land(store, name, name.encode(), headers=HEADERS)

    met = list(store.walk(""))

    assert sorted(there.name for there in met) == sorted(NAMES)
    assert all(store.stat(there.name) == there for there in met)


def test_a_walk_keeps_to_its_prefix(store: WalkableStore) -> None:
    for name in NAMES:
        land(store, name, b"x")

    assert sorted(there.name for there in store.walk("a/")) == ["a/b", "a/b c/ü☃"]
    assert list(store.walk("nothing")) == []


def test_a_walk_meets_the_live_generation_only(store: WalkableStore) -> None:
    first = land(store, "name", b"first")
    second = land(store, "name", b"second", first.token)

    assert list(store.walk("")) == [second]


def test_a_walk_through_nothing_ends_at_once(store: WalkableStore) -> None:
    assert list(store.walk("")) == []


def test_a_walk_may_begin_at_a_bucket_of_thousands(store: WalkableStore) -> None:
    for number in range(1100):  # more than Cloud Storage gives on one page
        land(store, f"{number:04}", b"")

    assert sum(1 for _ in store.walk("")) == 1100


def test_a_walk_through_a_bucket_that_is_not_there_says_so(misplaced: WalkableStore) -> None:
    with pytest.raises(Misconfigured):
        list(misplaced.walk(""))
