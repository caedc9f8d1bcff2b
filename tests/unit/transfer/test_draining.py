"""A process about to end gives up cleanly what lasts, and finishes what is visible already."""

import math

import pytest

from tests.fakes import message_for, raising
from tests.unit.transfer.house import House
from transfer.budget import Budget
from transfer.errors import Draining, LandfallError, Overloaded, TokenMoved
from transfer.landing import Landing
from transfer.object_name import ObjectName
from transfer.store import STEP

BODY = bytes(i * 7 % 251 for i in range(4 * STEP + 1000))


class End:
    """The end of the process: it comes when told, or once it was looked for so many times."""

    def __init__(self, looks: float = math.inf) -> None:
        self._looks = looks

    def comes(self) -> None:
        self._looks = 0

    def __call__(self) -> float:
        self._looks -= 1
        return math.inf if self._looks >= 0 else 0.0


def landing(house: House, end: End) -> Landing:
    def new_budget() -> Budget:
        return Budget(sleep=lambda _: None, ends=end)

    name = ObjectName("{bucket}/{key}")
    return Landing(house.source, house.store, house.topic, name, 10**9, new_budget)


@pytest.mark.parametrize("blocks", range(5))
def test_a_transfer_is_given_up_between_any_two_blocks(house: House, blocks: int) -> None:
    house.source.body = BODY

    with pytest.raises(Draining):
        landing(house, End(looks=blocks)).land(message_for(BODY))

    assert house.store.calls == ["stat", "create", "abort"]
    assert house.leftovers() == []
    assert house.store.store.stat("source/a/b.bin") is None
    assert house.topic.published == []


def test_a_transfer_whose_source_is_cut_off_by_the_end_is_given_up(house: House) -> None:
    house.source.body, house.source.cuts = BODY, [STEP]

    with pytest.raises(Draining):
        landing(house, End(looks=2)).land(message_for(BODY))

    assert len(house.source.asked) == 1
    assert house.leftovers() == []


def test_a_source_that_does_not_answer_is_not_asked_again_at_the_end(house: House) -> None:
    house.source.unreachable = 1

    with pytest.raises(Draining):
        landing(house, End(looks=0)).land(message_for(house.source.body))

    assert house.store.calls == ["stat"]


def test_a_round_that_somebody_else_thwarted_is_not_begun_again_at_the_end(house: House) -> None:
    end = End()
    house.store.before["finish"] = [end.comes]
    house.store.before["finished"] = [raising(TokenMoved())]

    with pytest.raises(Draining):
        landing(house, end).land(message_for(house.source.body))

    assert house.store.calls.count("create") == 1


def test_what_is_visible_is_announced_and_marked_though_the_end_has_come(house: House) -> None:
    end = End()
    house.store.before["finish"] = [end.comes]

    outcome = landing(house, end).land(message_for(house.source.body))

    assert outcome.status == "landed"
    assert len(house.topic.published) == 1
    assert "landfall-notified" in house.there().metadata


def test_a_repeat_is_answered_though_the_end_has_come(house: House) -> None:
    house.landing().land(message_for(house.source.body))

    outcome = landing(house, End(looks=0)).land(message_for(house.source.body))

    assert outcome.status == "already-landed"


class Needed:
    """A permit of a place that another key needs from some moment on."""

    def __init__(self) -> None:
        self.is_ended = False

    def end(self) -> None:
        self.is_ended = True

    def ends(self) -> float:
        return -math.inf if self.is_ended else math.inf

    def why_ended(self) -> LandfallError:
        return Overloaded("another key needs the place")


def test_a_transfer_whose_place_is_needed_is_given_up_without_a_trace(house: House) -> None:
    house.source.body = BODY
    permit = Needed()
    house.source.on_open = permit.end

    with pytest.raises(Overloaded):
        house.landing().land(message_for(BODY), permit)

    assert house.store.calls == ["stat", "create", "abort"]
    assert house.leftovers() == []
    assert house.topic.published == []


def test_what_is_visible_is_announced_though_its_place_is_needed(house: House) -> None:
    permit = Needed()
    house.store.before["finish"] = [permit.end]

    outcome = house.landing().land(message_for(house.source.body), permit)

    assert outcome.status == "landed"
    assert len(house.topic.published) == 1
