"""Places are shared among callers: who lacks its share waits a moment, and somebody makes room."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from transfer.admission import COMPARISONS, WAITERS, Admission, PlacePermit
from transfer.budget import Budget
from transfer.errors import Draining, Overloaded
from transfer.shares import LENT_OUT, MIN_RUN_SECONDS, RECENT_SECONDS

WAIT_SECONDS = 0.4


class Clock:
    """Goes on by itself, and faster when asked to."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def admission_of(places: int, clock: Clock, wait_seconds: float = WAIT_SECONDS) -> Admission:
    return Admission(places, clock, wait_seconds)


def fill(admission: Admission, clock: Clock, running: ExitStack, places: int) -> list[PlacePermit]:
    permits = [running.enter_context(admission.transfer("first")) for _ in range(places)]
    clock.ahead += MIN_RUN_SECONDS + 0.1
    return permits


def land(admission: Admission, caller: str) -> str:
    with admission.transfer(caller):
        return "landed"


def wait_until_ended(permits: list[PlacePermit]) -> PlacePermit:
    while not (ended := [permit for permit in permits if permit.place.is_ended]):
        time.sleep(0.005)
    (permit,) = ended
    return permit


def test_another_caller_has_the_place_of_the_youngest_as_soon_as_it_ended(
    clock: Clock, threads: ThreadPoolExecutor
) -> None:
    admission, running = admission_of(2, clock, 10), ExitStack()
    with running, ExitStack() as youngest:
        oldest = running.enter_context(admission.transfer("first"))
        permit = youngest.enter_context(admission.transfer("first"))
        clock.ahead += MIN_RUN_SECONDS + 0.1

        landed = threads.submit(land, admission, "second")
        assert wait_until_ended([oldest, permit]) is permit
        youngest.close()

        assert landed.result(5) == "landed"
        assert not oldest.place.is_ended


def test_a_transfer_that_must_make_room_is_told_so_at_its_next_step(
    clock: Clock, threads: ThreadPoolExecutor
) -> None:
    admission = admission_of(2, clock, 10)
    with ExitStack() as running:
        budgets = {}
        for permit in fill(admission, clock, running, 2):
            budgets[permit] = Budget()
            budgets[permit].hold(permit)
            budgets[permit].go_on()

        landed = threads.submit(land, admission, "second")
        ended = wait_until_ended(list(budgets))

        with pytest.raises(Overloaded, match="The key first had more than its share"):
            budgets[ended].go_on()
        assert budgets[ended].ends() < 0
        running.close()
        assert landed.result(5) == "landed"


def test_nobody_waits_for_longer_than_a_moment(clock: Clock) -> None:
    admission = admission_of(1, clock)
    with admission.transfer("first"):
        began = time.monotonic()
        with pytest.raises(Overloaded, match="for the key second") as refusal:
            land(admission, "second")

        assert WAIT_SECONDS <= time.monotonic() - began < WAIT_SECONDS + 1
        assert refusal.value.retry_after == 2
    assert land(admission, "second") == "landed"


def test_a_caller_with_its_share_does_not_wait(clock: Clock) -> None:
    admission = admission_of(2, clock, 10)
    with (
        admission.transfer("first"),
        admission.transfer("second"),
        pytest.raises(Overloaded, match="1 of them for the key first"),
    ):
        land(admission, "first")


def test_no_more_wait_than_there_are_threads_for(clock: Clock, threads: ThreadPoolExecutor) -> None:
    admission = admission_of(1, clock)
    with admission.transfer("first"):
        callers = [f"caller-{n}" for n in range(6)]
        waits = [threads.submit(_seconds_of, admission, caller) for caller in callers]
        seconds = sorted(wait.result(5) for wait in waits)

    assert seconds[-WAITERS] >= WAIT_SECONDS
    assert seconds[-WAITERS - 1] < WAIT_SECONDS / 2


def test_those_who_wait_and_those_who_compare_leave_a_thread(
    clock: Clock, threads: ThreadPoolExecutor
) -> None:
    admission = admission_of(1, clock)
    with ExitStack() as running:
        running.enter_context(admission.transfer("first"))
        waits = [threads.submit(_seconds_of, admission, f"caller-{n}") for n in range(WAITERS)]
        time.sleep(WAIT_SECONDS / 4)
        for n in range(COMPARISONS - 1):
            running.enter_context(admission.comparison(f"comparing-{n}"))
        with pytest.raises(Overloaded), admission.comparison("another"):
            pass
        assert all(wait.result(5) >= WAIT_SECONDS for wait in waits)
        with admission.comparison("another"):
            pass


def test_comparisons_do_not_keep_a_caller_from_its_share(
    clock: Clock, threads: ThreadPoolExecutor
) -> None:
    admission = admission_of(2, clock, 10)
    with ExitStack() as running, ExitStack() as comparing:
        for n in range(COMPARISONS):
            comparing.enter_context(admission.comparison(f"comparing-{n}"))
        permits = fill(admission, clock, running, 2)

        landed = threads.submit(land, admission, "second")
        wait_until_ended(permits)
        running.close()

        assert landed.result(5) == "landed"


def _compare_until_refused(admission: Admission, caller: str, running: ExitStack) -> int:
    for count in range(100):
        try:
            running.enter_context(admission.comparison(caller))
        except Overloaded:
            return count
    raise AssertionError("it was never refused")


def test_comparisons_of_one_caller_leave_places_to_another_who_asked_lately(clock: Clock) -> None:
    admission = admission_of(16, clock)
    land(admission, "second")
    with ExitStack() as running:
        _compare_until_refused(admission, "first", running)
        for _ in range(16 // LENT_OUT):
            running.enter_context(admission.transfer("second"))


def test_a_caller_whose_transfer_found_no_place_has_asked_too(clock: Clock) -> None:
    admission = admission_of(16, clock)
    with ExitStack() as running:
        for caller in ("first", "third"):
            _compare_until_refused(admission, caller, running)
        with pytest.raises(Overloaded):
            land(admission, "second")
    with ExitStack() as running:
        _compare_until_refused(admission, "first", running)
        for _ in range(16 // LENT_OUT):
            running.enter_context(admission.transfer("second"))


def test_comparisons_of_a_caller_alone_have_all_places_but_one(clock: Clock) -> None:
    admission = admission_of(16, clock)
    land(admission, "second")
    clock.ahead += RECENT_SECONDS + 1
    land(admission, "first")
    with ExitStack() as running:
        assert _compare_until_refused(admission, "first", running) == 16 + COMPARISONS - 1


def test_the_last_place_is_for_a_caller_without_a_running_comparison(clock: Clock) -> None:
    admission = admission_of(4, clock)
    with ExitStack() as running, ExitStack() as others:
        for _ in range(3):
            with admission.comparison("first"):
                pass
        _compare_until_refused(admission, "second", others)
        with admission.comparison("first"):
            pass
        others.close()

        running.enter_context(admission.comparison("first"))
        with admission.comparison("first"):
            pass
        _compare_until_refused(admission, "second", others)
        with pytest.raises(Overloaded) as refusal, admission.comparison("first"):
            pass
        assert refusal.value.retry_after == 1


def _seconds_of(admission: Admission, caller: str) -> float:
    began = time.monotonic()
    with pytest.raises(Overloaded):
        land(admission, caller)
    return time.monotonic() - began


def test_who_waits_is_refused_once_the_process_is_about_to_end(
    clock: Clock, threads: ThreadPoolExecutor
) -> None:
    admission = admission_of(1, clock, 10)
    with admission.transfer("first") as permit:
        waiting: Future[str] = threads.submit(land, admission, "second")
        time.sleep(0.05)
        admission.drain()

        with pytest.raises(Draining):
            waiting.result(2)
        assert isinstance(permit.why_ended(), Draining)


def test_places_come_back_whatever_happens(clock: Clock, threads: ThreadPoolExecutor) -> None:
    """Many callers, transfers that end well, badly and for others, and those who gave up."""
    admission = admission_of(3, clock, 0.1)

    def send(n: int) -> str:
        try:
            with admission.transfer(f"caller-{n % 5}") as permit:
                for _ in range(n % 7):
                    time.sleep(0.002)
                    clock.ahead += 0.2
                    if permit.ends() < 0:
                        raise permit.why_ended()
                if n % 4 == 0:
                    raise ZeroDivisionError
                assert admission.transfers <= 3
                return "landed"
        except (Overloaded, ZeroDivisionError) as failure:
            return type(failure).__name__

    outcomes = list(threads.map(send, range(400)))

    assert set(outcomes) == {"landed", "Overloaded", "ZeroDivisionError"}
    assert admission.transfers == 0
    clock.ahead += 60
    with ExitStack() as running:
        assert len(fill(admission, clock, running, 3)) == 3
