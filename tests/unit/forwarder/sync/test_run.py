"""Many objects at once: how many, how a run ends early, and from where it may go on."""

import threading
import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from forwarder.events import S3Object
from forwarder.sync.bringing import Result, Status
from forwarder.sync.listing import CannotWork, Listed
from forwarder.sync.run import Run


def listed(name: str) -> Listed:
    return Listed(S3Object("heron-meadow", name, "eu-west-2", etag="e"), 1)


OBJECTS = [listed(f"{number:03}") for number in range(200)]


def landed(one: Listed) -> Result:
    return Result(one, Status.NOW)


def failing(*keys: str) -> Callable[[Listed], Result]:
    return lambda one: Result(one, Status.FAILED if one.object.key in keys else Status.NOW)


def new_run(
    bring: Callable[[Listed], Result],
    told: list[Result] | None = None,
    concurrency: int = 4,
) -> Run:
    return Run(bring, (told if told is not None else []).append, concurrency, Event())


def test_every_object_is_brought_and_told_once() -> None:
    told: list[Result] = []
    going = new_run(landed, told)

    going.over(OBJECTS)

    assert sorted(r.listed.object.key for r in told) == [one.object.key for one in OBJECTS]
    assert going.all_before == "199"


def test_never_more_than_so_many_at_once_and_the_list_is_read_as_they_go() -> None:
    running, most, handed_out, ahead = 0, 0, 0, 0
    lock = threading.Lock()

    def bring(one: Listed) -> Result:
        nonlocal running, most, ahead
        with lock:
            running += 1
            most = max(most, running)
            ahead = max(ahead, handed_out - int(one.object.key))
        time.sleep(0.001)
        with lock:
            running -= 1
        return landed(one)

    def objects() -> Iterator[Listed]:
        nonlocal handed_out
        for one in OBJECTS:
            handed_out += 1
            yield one

    new_run(bring, concurrency=5).over(objects())

    assert most == 5
    assert ahead <= 3 * 5


def test_without_objects_there_is_nothing_to_pass_over() -> None:
    going = new_run(landed)

    going.over([])

    assert going.all_before == ""


def test_a_run_is_over_when_the_last_object_is_done() -> None:
    told: list[Result] = []

    def bring(one: Listed) -> Result:
        if one is OBJECTS[-1]:
            time.sleep(0.1)
        return landed(one)

    new_run(bring, told).over(OBJECTS)

    assert len(told) == len(OBJECTS)


def test_what_failed_is_told_and_not_passed_over_when_going_on() -> None:
    told: list[Result] = []
    going = new_run(failing("070", "030"), told)

    going.over(OBJECTS)

    failed = [r.listed.object.key for r in told if r.status is Status.FAILED]
    assert sorted(failed) == ["030", "070"]
    assert going.all_before == "029"


def test_what_is_still_on_its_way_is_not_passed_over_when_going_on() -> None:
    enough, rest = Event(), Event()

    def bring(one: Listed) -> Result:
        if one.object.key == "050":
            rest.wait(10)
        if one.object.key == "100":
            enough.set()
        return landed(one)

    going = new_run(bring)
    thread = threading.Thread(target=going.over, args=(OBJECTS,))
    thread.start()
    assert enough.wait(10)
    assert going.all_before == "049"
    rest.set()
    thread.join(10)
    assert going.all_before == "199"


def test_an_object_that_shows_that_the_rest_would_fail_ends_the_run() -> None:
    told: list[Result] = []

    def bring(one: Listed) -> Result:
        if one.object.key == "020":
            raise CannotWork("wrong key")
        return landed(one)

    going = new_run(bring, told)

    with pytest.raises(CannotWork, match="wrong key"):
        going.over(OBJECTS)

    assert 16 <= len(told) <= 30
    assert going.all_before <= "019"


def test_after_the_end_nothing_more_is_listed_or_brought() -> None:
    brought, handed_out = 0, 0

    def bring(one: Listed) -> Result:
        nonlocal brought
        brought += 1
        raise CannotWork("wrong key")

    def objects() -> Iterator[Listed]:
        nonlocal handed_out
        for one in OBJECTS:
            handed_out += 1
            yield one

    with pytest.raises(CannotWork):
        new_run(bring, concurrency=1).over(objects())

    assert brought == 1
    assert handed_out <= 5


def test_what_is_given_up_at_the_end_has_not_failed_but_what_is_done_counts() -> None:
    told: list[Result] = []
    ending = Event()

    def bring(one: Listed) -> Result:
        if one.object.key == "002":
            raise CannotWork("wrong key")
        ending.wait(10)
        return Result(one, Status.NOW if one.object.key == "000" else Status.FAILED)

    going = Run(bring, told.append, 3, ending)
    with pytest.raises(CannotWork):
        going.over(OBJECTS[:3])

    assert [r.listed.object.key for r in told] == ["000"]
    assert going.all_before == "000"


def test_a_list_that_breaks_off_ends_the_run() -> None:
    told: list[Result] = []

    def objects() -> Iterator[Listed]:
        yield from OBJECTS[:50]
        raise CannotWork("cannot list")

    with pytest.raises(CannotWork, match="cannot list"):
        new_run(landed, told).over(objects())

    assert len(told) <= 50


def test_a_teller_that_fails_ends_the_run() -> None:
    def tell(result: Result) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        Run(landed, tell, 4, Event()).over(OBJECTS)


def test_an_interruption_leaves_at_once_and_gives_up_what_waits() -> None:
    """What waits for its next try is neither told as failed nor passed over."""
    told: list[Result] = []
    ending = Event()

    def bring(one: Listed) -> Result:
        if one.object.key == "010":
            ending.wait(60)
            return Result(one, Status.FAILED, "OVERLOADED")
        assert threading.current_thread().daemon, "the program would wait for it at its end"
        return landed(one)

    def objects() -> Iterator[Listed]:
        yield from OBJECTS[:50]
        raise KeyboardInterrupt

    going = Run(bring, told.append, 4, ending)
    started = time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        going.over(objects())

    assert time.monotonic() - started < 10
    assert ending.is_set()
    assert all(r.status is Status.NOW for r in told)
    assert going.all_before == "009"
