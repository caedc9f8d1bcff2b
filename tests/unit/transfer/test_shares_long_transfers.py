"""Which transfer is ended for another caller, and that long ones still come to their end."""

import pytest

from tests.unit.transfer.shared_places import House
from transfer.shares import PATIENCE_SECONDS, Place, Shares


def test_no_older_transfer_is_ended_while_the_youngest_is_too_young() -> None:
    """Or a caller who begins a new one each time would finish none."""
    shares = Shares(2)
    shares.take("first", 0.0)
    youngest = shares.take("first", 10.0)
    waiting = shares.wait("second", 10.1)

    for tenths in range(12):
        shares.make_room(waiting, 10.1 + tenths / 10)

    assert waiting.instead_of is youngest


@pytest.mark.parametrize("places", [2, 3, 4, 16])
def test_what_a_caller_has_within_its_share_ends_well_whatever_another_asks_for(
    places: int,
) -> None:
    """The first has transfers of 20 s and always wants more, the second short ones at any rate."""
    for pause in (0.1, 0.7, 3.0):
        house, ended, landed = House(places), 0, 0
        ends_at: dict[Place, float] = {}
        while house.now < 1100:
            if round(house.now, 1) % 0.5 < 0.1:
                house.ask("large")
            if round(house.now, 1) % pause < 0.1:
                house.ask("small")
            before = [place for place in house.running if place.caller == "large"]
            house.let_pass(0.1)
            ended += sum(place not in house.running for place in before)
            for place in list(house.running):
                seconds = 20 if place.caller == "large" else 0.2
                if house.now >= ends_at.setdefault(place, house.now + seconds):
                    landed += place.caller == "large"
                    house.end(place)
        assert landed >= 5 * (places // 2) - places
        assert ended <= 2 * places


def test_no_transfer_ends_for_one_who_has_a_place_in_a_moment_anyway() -> None:
    """Or a crowd of short messages would end one long transfer after the other."""
    house = House(4)
    house.fill("long")
    short = house.running[0]

    place = house.ask("second")
    house.let_pass(PATIENCE_SECONDS - 0.1)

    assert not any(each.is_ended for each in house.running)
    house.end(short)
    assert place in house.running


def test_of_two_who_wait_each_has_a_place_in_whatever_order_transfers_end() -> None:
    """The first who waits gets the place that was to become free for the second."""
    shares = Shares(6)
    held = [shares.take("first", 0.0) for _ in range(6)]
    second, third = shares.wait("second", 9.0), shares.wait("third", 9.0)
    shares.make_room(second, 10.0)
    shares.make_room(third, 10.0)
    assert held[4] is not None
    assert third.instead_of is held[4]

    shares.leave(held[4], 10.1)
    assert not second.is_waiting
    shares.make_room(third, 10.2)

    ended = [place for place in held if place and place.is_ended and place is not held[4]]
    assert ended == [third.instead_of]
    shares.leave(ended[0], 10.3)
    assert not third.is_waiting
