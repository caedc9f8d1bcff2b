"""Threads that share one list of work."""

import threading
import time

import pytest

from transfer.crew import Crew


def streams() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "stream"]


def test_each_task_is_done_once() -> None:
    with Crew(range(100), lambda task: task * 2) as crew:
        crew.engage(4)

        assert sorted(crew.results()) == [task * 2 for task in range(100)]


def test_tasks_are_done_at_once() -> None:
    together = threading.Barrier(3)
    with Crew(range(3), lambda _: together.wait(10)) as crew:
        crew.engage(1)
        crew.engage(2)

        assert sorted(crew.results()) == [0, 1, 2]


@pytest.mark.parametrize("failure", [ValueError("first"), KeyboardInterrupt()])
def test_the_first_failure_stops_all_and_is_told(failure: BaseException) -> None:
    done: list[int] = []
    crew: Crew[int, None]

    def work(task: int) -> None:
        if task == 1:
            raise failure
        while not crew.stopped():
            time.sleep(0.001)
        done.append(task)
        raise ValueError("second")

    with Crew(range(100), work) as crew:
        crew.engage(3)
        with pytest.raises(type(failure)) as told:
            crew.results()

    assert told.value is failure
    assert set(done) <= {0, 2}
    assert streams() == []


def test_no_thread_outlives_the_block() -> None:
    def work(_: int) -> None:
        while not crew.stopped():
            time.sleep(0.001)

    with Crew(range(100), work) as crew:
        crew.engage(3)

    assert streams() == []


def test_without_tasks_there_is_nothing_to_wait_for() -> None:
    nothing: list[int] = []
    with Crew(nothing, lambda task: task) as crew:
        crew.engage(2)

        assert crew.results() == []
