"""How many transfers and comparisons run at once, and none once the end is near."""

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest

from transfer.admission import COMPARISONS, Admission
from transfer.errors import Draining, Overloaded


def test_as_many_as_allowed_run_and_the_next_is_refused_at_once() -> None:
    admission = Admission(2)

    with (
        admission.transfer("lambda"),
        admission.transfer("lambda"),
        pytest.raises(Overloaded) as refusal,
        admission.transfer("lambda"),
    ):
        pass

    assert refusal.value.retry_after == 5


def test_a_place_is_free_again_after_its_transfer() -> None:
    admission = Admission(1)

    for _ in range(3):
        with admission.transfer("lambda"):
            pass


def test_a_place_is_free_again_after_a_failure() -> None:
    admission = Admission(1)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError), admission.transfer("lambda"):
            raise ZeroDivisionError


def test_a_refusal_takes_no_place() -> None:
    admission = Admission(1)

    with admission.transfer("lambda"):
        for _ in range(3):
            with pytest.raises(Overloaded), admission.transfer("lambda"):
                pass

    with admission.transfer("lambda"):
        pass


def test_threads_never_take_more_places_than_there_are() -> None:
    admission, threads = Admission(3), 16
    together = Barrier(threads)

    def try_once(_: int) -> bool:
        with ExitStack() as stack:
            together.wait()
            try:
                stack.enter_context(admission.transfer("lambda"))
            except Overloaded:
                return False
            finally:
                together.wait()
            return True

    with ThreadPoolExecutor(threads) as pool:
        for _ in range(20):
            assert sum(pool.map(try_once, range(threads))) == 3


def test_transfers_leave_places_for_comparisons() -> None:
    admission = Admission(3)

    with ExitStack() as running:
        for _ in range(3):
            running.enter_context(admission.transfer("lambda"))
        for n in range(COMPARISONS):
            running.enter_context(admission.comparison(f"key-{n}"))
        with pytest.raises(Overloaded) as refusal, admission.comparison("another"):
            pass

    assert refusal.value.retry_after == 1


def test_comparisons_that_hang_take_no_more_threads_than_transfers_that_hang() -> None:
    admission = Admission(3)

    with ExitStack() as running:
        for n in range(3 + COMPARISONS):
            running.enter_context(admission.comparison(f"key-{n}"))
        with pytest.raises(Overloaded), admission.comparison("another"):
            pass
        with pytest.raises(Overloaded), admission.transfer("lambda"):
            pass

    with admission.transfer("lambda"), admission.comparison("lambda"):
        pass


def test_the_last_place_is_for_a_caller_who_compares_nothing_yet() -> None:
    admission = Admission(1)

    with ExitStack() as running:
        for _ in range(COMPARISONS):
            running.enter_context(admission.comparison("hanging"))
        with (
            pytest.raises(Overloaded, match="kept for other keys"),
            admission.comparison("hanging"),
        ):
            pass
        with admission.comparison("another"):
            pass


def test_a_place_is_free_again_after_a_comparison_that_failed() -> None:
    admission = Admission(1)

    for _ in range(2 * COMPARISONS + 2):
        with pytest.raises(ZeroDivisionError), admission.comparison("lambda"):
            raise ZeroDivisionError


def test_no_comparison_begins_while_draining() -> None:
    admission = Admission(1)
    admission.drain()

    with pytest.raises(Draining), admission.comparison("lambda"):
        pass


def test_no_transfer_begins_while_draining_and_those_that_run_may_end() -> None:
    admission = Admission(2)
    before = admission.draining

    with admission.transfer("lambda"):
        admission.drain()
        with pytest.raises(Draining) as refusal, admission.transfer("lambda"):
            pass

    assert (before, admission.draining) == (False, True)
    assert refusal.value.retry_after == 1


def test_running_transfers_are_given_up_twenty_seconds_after_the_drain() -> None:
    admission = Admission(1, clock=lambda: 1000.0)
    before = admission.ends()

    admission.drain()

    assert (before, admission.ends()) == (math.inf, 1020.0)


def test_a_second_drain_does_not_put_the_end_off() -> None:
    times = [1000.0, 1015.0]
    admission = Admission(1, clock=lambda: times.pop(0))

    admission.drain()
    admission.drain()

    assert admission.ends() == 1020.0


def test_draining_is_told_before_overload() -> None:
    admission = Admission(1)

    with admission.transfer("lambda"):
        admission.drain()
        with pytest.raises(Draining), admission.transfer("lambda"):
            pass
