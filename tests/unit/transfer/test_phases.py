"""What took how long: the steps of the protocol, told by the protocol itself."""

import threading

import pytest

from tests.fakes import message_for
from tests.unit.transfer.house import A, B, House
from transfer.errors import NotifyUnavailable, SourceGone
from transfer.phases import Phase, phase, recording


def names(phases: list[Phase]) -> list[str]:
    return [phase.name for phase in phases]


def test_a_landing_goes_through_the_steps_of_the_protocol(house: House) -> None:
    with recording() as phases:
        house.landing().land(message_for(A))

    steps = ["stat", "get", "create", "stream", "verify", "finish", "publish", "mark"]
    assert names(phases) == steps
    assert not any(phase.failed for phase in phases)
    times = [time for phase in phases for time in (phase.began, phase.ended)]
    assert times == sorted(times)  # one after the other, none inside another


def test_a_repeat_looks_and_marks(house: House) -> None:
    house.landing().land(message_for(A))

    with recording() as phases:
        house.landing().land(message_for(A))

    assert names(phases) == ["stat", "mark"]


def test_a_predecessor_is_announced_before_the_source_is_asked(house: House) -> None:
    house.land_unannounced()
    house.source.body = B

    with recording() as phases:
        house.landing().land(message_for(B))

    assert names(phases)[:4] == ["stat", "publish", "mark", "get"]


def test_the_step_that_failed_is_the_last_one(house: House) -> None:
    house.topic.failures = [NotifyUnavailable("down")]

    with recording() as phases, pytest.raises(NotifyUnavailable):
        house.landing().land(message_for(A))

    assert (phases[-1].name, phases[-1].failed) == ("publish", True)
    assert not any(phase.failed for phase in phases[:-1])


def test_a_source_that_has_nothing_is_seen_at_its_get(house: House) -> None:
    house.source.body = None

    with recording() as phases, pytest.raises(SourceGone):
        house.landing().land(message_for(A))

    assert [(phase.name, phase.failed) for phase in phases] == [("stat", False), ("get", True)]


def test_threads_record_for_themselves() -> None:
    def work() -> None:
        with recording() as mine, phase("mine"):
            pass
        seen.append(names(mine))

    seen: list[list[str]] = []
    with recording() as phases:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        with phase("ours"):
            pass

    assert (seen, names(phases)) == ([["mine"]], ["ours"])


def test_nothing_is_kept_where_nobody_records() -> None:
    with recording() as phases:
        pass

    with phase("later"):
        pass

    assert phases == []
