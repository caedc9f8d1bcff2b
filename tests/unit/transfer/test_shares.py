"""Who gets a place, who waits for one and whose transfer ends for it."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.transfer.shared_places import ROOM_SECONDS, WAIT_SECONDS, House
from transfer.shares import (
    MIN_RUN_SECONDS,
    OWED_SECONDS,
    PATIENCE_SECONDS,
    RECENT_SECONDS,
    Place,
    Shares,
)

RETRY_SECONDS = 5.0


@pytest.mark.parametrize("places", [1, 2, 3, 16])
def test_a_caller_alone_has_all_places(places: int) -> None:
    house = House(places)

    house.fill("alone")

    assert house.held_by("alone") == places
    assert house.ask("alone") is None


@pytest.mark.parametrize("places", [2, 3, 4, 16])
def test_a_caller_who_finds_all_places_taken_has_one_soon(places: int) -> None:
    house = House(places)
    house.fill("first")

    place = house.ask("second")
    house.let_pass(ROOM_SECONDS)

    assert place is not None
    assert not place.is_waiting
    assert house.held_by("second") == 1
    assert house.held_by("first") == places - 1


def test_the_place_comes_from_the_youngest_transfer_of_the_caller_with_the_most() -> None:
    house = House(6)
    few = [house.ask("few") for _ in range(2)]
    house.let_pass(RECENT_SECONDS + 1)
    many = []
    for _ in range(4):
        many.append(house.ask("many"))
        house.let_pass(1.1)

    house.ask("new")
    house.let_pass(PATIENCE_SECONDS)

    ended = [place for place in (*few, *many) if place is not None and place.is_ended]
    assert ended == [many[-1]]


def test_what_began_a_moment_ago_is_not_ended() -> None:
    house = House(2)
    while house.ask("first"):
        pass

    place = house.ask("second")

    assert place is not None
    assert not any(each.is_ended for each in house.running)
    house.let_pass(MIN_RUN_SECONDS + 0.2)
    assert any(each.is_ended for each in house.running)


def test_what_may_not_be_ended_is_not() -> None:
    shares = Shares(2)
    places = [shares.take("first", 0.0, may_be_ended=False) for _ in range(2)]

    shares.make_room(shares.wait("second", 9.0), 10.0)

    assert [place and place.is_ended for place in places] == [False, False]


@pytest.mark.parametrize("places", [2, 4, 7, 16])
@pytest.mark.parametrize("callers", [2, 3, 5, 20])
def test_those_who_want_more_than_there_is_end_up_with_equal_shares(
    places: int, callers: int
) -> None:
    house, names = House(places), [f"caller-{n}" for n in range(callers)]
    house.fill(names[0])

    for _ in range(60):
        for name in names:
            house.ask(name)
        house.let_pass(0.5)

    held = sorted(house.held_by(name) for name in names)
    assert held[-1] - held[0] <= 1
    assert sum(held) == places


def test_the_last_place_of_a_caller_is_never_ended() -> None:
    house = House(1)
    house.fill("first")

    house.ask("second")
    house.let_pass(WAIT_SECONDS + 1)

    assert house.held_by("first") == 1
    assert house.refused == 1


def test_a_place_that_becomes_free_goes_to_the_one_who_waits() -> None:
    house = House(1)
    first = house.ask("first")
    house.let_pass(1)
    second = house.ask("second")
    assert first is not None

    house.end(first)

    assert second is not None
    assert not second.is_waiting
    assert house.ask("first") is not second


def test_nothing_ends_any_more_once_a_place_became_free_by_itself() -> None:
    house = House(3)
    house.fill("first")
    oldest = house.running[0]
    house.ask("second")
    house.let_pass(PATIENCE_SECONDS)
    assert sum(place.is_ended for place in house.running) == 1

    house.end(oldest)

    assert not any(place.is_ended for place in house.running)


def test_a_transfer_that_ends_late_is_ended_for_the_next_who_waits_and_no_other_is() -> None:
    """As one that waits for its store, which it may for a minute."""
    shares = Shares(3)
    for _ in range(3):
        shares.take("first", 0.0)
    waiting = shares.wait("second", 9.0)
    shares.make_room(waiting, 10.0)
    victim = waiting.instead_of
    shares.leave(waiting, 12.0)

    again = shares.wait("second", 13.0)
    shares.make_room(again, 14.0)

    assert victim is not None
    assert victim.is_ended
    assert again.instead_of is victim
    shares.leave(victim, 15.0)
    assert not again.is_waiting


def test_a_place_is_kept_free_for_those_who_asked_lately() -> None:
    """So that their next message need not wait for the end of a transfer."""
    house = House(8)
    place = house.ask("now and then")
    assert place is not None
    house.end(place)

    house.fill("hungry")

    assert house.held_by("hungry") == 7
    assert house.ask("now and then") in house.running
    house.let_pass(RECENT_SECONDS + 1)


def test_what_is_kept_free_is_lent_out_once_nobody_asks_for_it() -> None:
    house = House(8)
    place = house.ask("now and then")
    assert place is not None
    house.end(place)
    house.fill("hungry")

    house.let_pass(RECENT_SECONDS + 1)
    house.fill("hungry")

    assert house.held_by("hungry") == 8


def test_a_refused_caller_has_the_next_place_if_it_comes_back_in_time() -> None:
    house = House(1)
    first = house.ask("first")
    assert first is not None
    house.ask("second")
    house.let_pass(WAIT_SECONDS + 1)
    house.end(first)

    house.let_pass(OWED_SECONDS - 2)
    assert house.ask("first") not in house.running
    house.let_pass(0.5)

    assert house.ask("second") in house.running


def test_a_refused_caller_that_stays_away_keeps_nobody_out() -> None:
    house = House(1)
    first = house.ask("first")
    assert first is not None
    house.ask("second")
    house.let_pass(WAIT_SECONDS + 1)
    house.end(first)

    house.let_pass(OWED_SECONDS + 0.1)

    assert house.ask("first") in house.running


@pytest.mark.parametrize("places", [1, 2, 3, 16])
@pytest.mark.parametrize("seed", range(5))
def test_nobody_starves_who_comes_back_as_asked(places: int, seed: int) -> None:
    """Beside three who ask all the time, with transfers that last for up to 30 s: it waits until
    each of these had a turn, at most.
    """
    house, rng = House(places), random.Random(seed)
    ends: dict[Place, float] = {}
    asks_at, landed = 1000.0 + rng.uniform(0, 40), False
    began = asks_at
    while not landed:
        for n in range(3):
            house.ask(f"hungry-{n}")
        if house.now >= asks_at:
            house.ask("patient")
            asks_at = house.now + WAIT_SECONDS + rng.uniform(2, RETRY_SECONDS - 1)
        house.let_pass(0.3)
        for place in list(house.running):
            if house.now >= ends.setdefault(place, place.since + rng.uniform(5, 30)):
                house.end(place)
        landed = house.held_by("patient") > 0
        assert house.now - began < 30 * -(-4 // places) + OWED_SECONDS


@settings(max_examples=100)
@given(
    st.integers(1, 8),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.floats(0, 3)), max_size=60),
)
def test_whatever_comes_no_place_is_lost_and_who_lacks_a_share_has_one_soon(
    places: int, events: list[tuple[int, int, float]]
) -> None:
    house = House(places)
    for caller, kind, seconds in events:
        name = f"caller-{caller}"
        if kind == 0 and house.running:
            house.end(house.running[caller % len(house.running)])
        elif kind == 1:
            house.ask(name)
        house.let_pass(seconds / 3)

    house.let_pass(WAIT_SECONDS + OWED_SECONDS + 0.2)
    most = max((house.held_by(place.caller) for place in house.running), default=0)
    place = house.ask("new")
    house.let_pass(ROOM_SECONDS)
    if most >= 2 or house.shares.taken < places:
        assert place in house.running
    for running in list(house.running):
        if running in house.running:
            house.end(running)
    house.let_pass(WAIT_SECONDS + 0.2)
    for running in list(house.running):
        house.end(running)
    assert house.shares.taken == house.shares.waiting == 0
