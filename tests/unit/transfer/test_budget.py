"""How long and how often one message may try."""

import pytest

from transfer.budget import MAX_INTERRUPTIONS, PROGRESS_BYTES, Budget
from transfer.errors import (
    Draining,
    SourceBusy,
    SourceTooSlow,
    SourceUnavailable,
    StoreUnavailable,
)

MIB, GIB = 2**20, 2**30


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def budget_of(clock: Clock, interruptions: int = MAX_INTERRUPTIONS) -> Budget:
    return Budget(clock, clock.sleep, interruptions)


@pytest.mark.parametrize(
    ("size", "seconds"),
    [
        (0, 600),
        (1, 600),
        (2400 * MIB, 600),
        (4 * GIB, 1024),
        (8 * GIB, 2048),
        (5 * 2**40, 3300),
    ],
)
def test_a_large_object_has_more_time_within_what_the_platform_gives(
    size: int, seconds: float
) -> None:
    clock = Clock()
    budget = budget_of(clock)

    budget.allow(size)

    assert budget.deadline == 1000 + seconds


def test_the_time_counts_from_the_start() -> None:
    clock = Clock()
    budget = budget_of(clock)
    assert budget.deadline == 1600

    clock.now += 500
    budget.allow(4 * GIB)

    assert budget.deadline == 1000 + 1024


def test_interruptions_are_borne_with_growing_pauses_and_then_raised() -> None:
    clock = Clock()
    budget = budget_of(clock, interruptions=3)
    last = SourceUnavailable("the fourth")

    for _ in range(3):
        budget.spend(SourceUnavailable("one of three"))
    with pytest.raises(SourceUnavailable) as raised:
        budget.spend(last)

    assert raised.value is last
    assert [0.1 * 2**n <= pause <= 0.2 * 2**n for n, pause in enumerate(clock.slept)] == 3 * [True]


def test_all_kinds_of_interruption_share_one_budget() -> None:
    budget = budget_of(Clock(), interruptions=1)

    budget.spend(SourceUnavailable("first"))

    with pytest.raises(StoreUnavailable):
        budget.spend(StoreUnavailable("second"))


def test_progress_refills_the_budget_and_less_than_a_step_is_none() -> None:
    budget = budget_of(Clock(), interruptions=1)
    for n in range(1, 9):
        budget.advance(n * PROGRESS_BYTES)
        budget.spend(StoreUnavailable("it got on before"))

    budget.advance(9 * PROGRESS_BYTES - 1)

    with pytest.raises(StoreUnavailable):
        budget.spend(StoreUnavailable("it did not"))


def test_what_was_reached_before_is_no_progress() -> None:
    budget = budget_of(Clock(), interruptions=1)
    budget.advance(GIB)
    budget.spend(StoreUnavailable("then all is lost, and begins again"))

    budget.advance(GIB)

    with pytest.raises(StoreUnavailable):
        budget.spend(StoreUnavailable("at the same place"))


def test_pauses_are_short_again_after_progress() -> None:
    clock = Clock()
    budget = budget_of(clock)
    for _ in range(3):
        budget.spend(StoreUnavailable("stuck"))

    budget.advance(MIB)
    budget.spend(StoreUnavailable("it got on"))

    assert clock.slept[-1] <= 0.2 < clock.slept[-2]


def test_progress_gives_no_more_time() -> None:
    clock = Clock()
    budget = budget_of(clock)
    clock.now = budget.deadline
    budget.advance(GIB)

    with pytest.raises(StoreUnavailable):
        budget.spend(StoreUnavailable("late"))


def test_a_busy_source_without_progress_is_given_one_more_try() -> None:
    budget = budget_of(Clock())
    second = SourceBusy("slow down", 17)

    budget.spend(SourceBusy("slow down"))
    budget.spend(SourceUnavailable("a cut counts for itself"))
    with pytest.raises(SourceBusy) as raised:
        budget.spend(second)

    assert raised.value is second


def test_progress_gives_a_busy_source_one_more_try_again() -> None:
    budget = budget_of(Clock())

    for n in range(1, 9):
        budget.spend(SourceBusy("slow down"))
        budget.advance(n * PROGRESS_BYTES)
    budget.spend(SourceBusy("slow down"))
    budget.advance(9 * PROGRESS_BYTES - 1)
    with pytest.raises(SourceBusy):
        budget.spend(SourceBusy("slow down"))


def test_no_round_begins_when_the_time_is_over() -> None:
    clock = Clock()
    budget = budget_of(clock)
    budget.give_way()
    clock.now = budget.deadline

    with pytest.raises(StoreUnavailable):
        budget.give_way()

    assert len(clock.slept) == 1
    assert 0 <= clock.slept[0] <= 0.3


def test_a_source_that_is_too_slow_is_never_tried_again() -> None:
    with pytest.raises(SourceTooSlow):
        budget_of(Clock()).spend(SourceTooSlow("too slow"))


def test_no_pause_begins_once_the_process_ends() -> None:
    clock = Clock()
    with pytest.raises(Draining):
        Budget(clock, clock.sleep, ends=lambda: 1000.0).pause(SourceUnavailable("cut off"))

    assert clock.slept == []


def test_a_pause_that_would_pass_the_deadline_is_not_made() -> None:
    clock = Clock()
    budget = budget_of(clock)
    clock.now = budget.deadline - 0.05

    with pytest.raises(SourceUnavailable):
        budget.spend(SourceUnavailable("too late"))

    assert clock.slept == []


def test_pauses_differ_from_message_to_message() -> None:
    clock = Clock()
    for _ in range(50):
        budget_of(clock).spend(SourceUnavailable("as everybody"))

    assert len(set(clock.slept)) > 1


def test_nobody_goes_on_or_waits_once_the_process_ends() -> None:
    clock = Clock()
    end = 1010.0
    budget = Budget(clock, clock.sleep, ends=lambda: end)
    budget.go_on()
    clock.now = end

    with pytest.raises(Draining) as refusal:
        budget.go_on()
    with pytest.raises(Draining):
        budget.give_way()
    with pytest.raises(Draining):
        budget.spend(SourceUnavailable("cut off by the end"))

    assert refusal.value.retry_after == 1
    assert clock.slept == []


def test_an_end_that_comes_near_counts_at_once() -> None:
    clock = Clock()
    ends = [2000.0]
    budget = Budget(clock, clock.sleep, ends=lambda: ends[0])
    budget.go_on()

    ends[0] = 1000.0

    with pytest.raises(Draining):
        budget.go_on()


class TestBranches:
    def test_each_has_interruptions_of_its_own(self) -> None:
        budget = budget_of(Clock(), interruptions=1)
        branches = [budget.branch(lambda: False) for _ in range(3)]

        for branch in (*branches, budget):
            branch.spend(SourceUnavailable("first"))
            with pytest.raises(SourceUnavailable, match="second"):
                branch.spend(SourceUnavailable("second"))

    def test_it_has_the_deadline(self) -> None:
        clock = Clock()
        budget = budget_of(clock)
        budget.allow(8 * GIB)
        branch = budget.branch(lambda: False)

        assert branch.deadline == budget.deadline
        clock.now = budget.deadline
        with pytest.raises(SourceUnavailable):
            branch.spend(SourceUnavailable("late"))

    def test_it_ends_with_the_process(self) -> None:
        clock = Clock()
        branch = Budget(clock, clock.sleep, ends=lambda: 1010.0).branch(lambda: False)

        branch.go_on()
        assert branch.ends() == 1010.0
        clock.now = 1010.0
        with pytest.raises(Draining):
            branch.go_on()

    def test_it_ends_when_it_is_stopped_and_no_other_does(self) -> None:
        budget = budget_of(Clock())
        branch = budget.branch(lambda: True)

        with pytest.raises(Draining):
            branch.go_on()
        assert branch.ends() < 0
        budget.go_on()
