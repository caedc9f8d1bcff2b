"""How long Cloud Storage is waited for, by a clock of the test's own: nothing waits."""

import math

import pytest

from adapters.gcs_patience import DEFAULT, Patience
from transfer.errors import StoreUnavailable


class Clock:
    """Stands still but for the pauses, and for what a call takes."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Call:
    """Fails so many times, and takes its time."""

    def __init__(self, clock: Clock, failures: float, seconds: float = 0.0) -> None:
        self.clock, self.failures, self.seconds = clock, failures, seconds
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        self.clock.now += self.seconds
        if self.tries <= self.failures:
            raise ConnectionError(str(self.tries))
        return "done"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def patience(clock: Clock) -> Patience:
    return Patience(clock=clock, sleep=clock.sleep)


def test_a_call_is_tried_until_it_succeeds(clock: Clock, patience: Patience) -> None:
    call = Call(clock, failures=3)

    assert patience.patiently(call, lambda _: True) == "done"

    assert call.tries == 4
    assert len(clock.pauses) == 3


def test_pauses_begin_short_double_and_stop_growing_at_sixteen_times(
    clock: Clock, patience: Patience
) -> None:
    patience.patiently(Call(clock, failures=6), lambda _: True)

    assert clock.pauses == [
        pytest.approx(0.75 * 0.25 * times, rel=1 / 3) for times in (1, 2, 4, 8, 16, 16)
    ]


def test_not_all_callers_pause_equally_long(clock: Clock, patience: Patience) -> None:
    for _ in range(50):
        patience.pause(0, math.inf)

    assert max(clock.pauses) - min(clock.pauses) > 0.05


def test_a_failure_that_does_not_pass_is_the_last(clock: Clock, patience: Patience) -> None:
    call = Call(clock, failures=math.inf)

    with pytest.raises(ConnectionError, match="2"):
        patience.patiently(call, lambda failure: str(failure) == "1")

    assert len(clock.pauses) == 1


def test_a_call_is_given_up_after_its_time_with_its_last_failure(
    clock: Clock, patience: Patience
) -> None:
    call = Call(clock, failures=math.inf, seconds=1.0)

    with pytest.raises(ConnectionError) as last:
        patience.patiently(call, lambda _: True)

    assert str(last.value) == str(call.tries)
    assert 100 + 12 - 4 - 1 <= clock.now <= 100 + 12 + 1  # no pause is over four seconds


def test_a_call_that_was_not_answered_is_tried_once_more(clock: Clock, patience: Patience) -> None:
    call = Call(clock, failures=1, seconds=patience.answer_seconds)

    assert patience.patiently(call, lambda _: True) == "done"
    assert call.tries == 2


def test_a_deadline_before_that_ends_a_call_earlier(clock: Clock, patience: Patience) -> None:
    call = Call(clock, failures=math.inf, seconds=1.0)

    with pytest.raises(ConnectionError):
        patience.patiently(call, lambda _: True, deadline=103.0)

    assert 101 <= clock.now <= 104


@pytest.mark.parametrize("late", [0.0, 1.0])
def test_after_the_deadline_nothing_is_tried(late: float, clock: Clock, patience: Patience) -> None:
    call = Call(clock, failures=0)

    with pytest.raises(StoreUnavailable, match="not enough time"):
        patience.patiently(call, lambda _: True, deadline=clock.now - late)

    assert call.tries == 0


def test_a_pause_that_would_pass_the_deadline_is_not_made(clock: Clock, patience: Patience) -> None:
    with pytest.raises(StoreUnavailable):
        patience.pause(4, clock.now + 0.5)

    assert clock.pauses == []


def test_waiting_ends_with_the_deadline(clock: Clock, patience: Patience) -> None:
    assert patience.for_answer() == (10, 10)
    assert patience.for_answer(clock.now + 3) == (3, 3)
    assert patience.for_answer(clock.now + 0.5) == (0.5, 0.5)
    assert Patience(connect_seconds=2, clock=clock).for_answer(clock.now + 3) == (2, 3)
    with pytest.raises(StoreUnavailable):
        patience.for_answer(clock.now)
    with pytest.raises(StoreUnavailable):
        patience.for_upload(1, clock.now)


def test_tidying_has_its_own_time_which_no_deadline_shortens() -> None:
    assert DEFAULT.for_tidying() == (5, 5)
