"""What a process found when it started is shown, and never keeps it from serving."""

import threading
import time

import pytest

from transfer.errors import Misconfigured
from transfer.readiness import PATIENCE_SECONDS, Readiness


def passes() -> None:
    pass


def waits_for(told: threading.Event) -> None:
    told.wait(10)


def is_forbidden() -> None:
    raise Misconfigured("grant the role")


def breaks() -> None:
    raise ValueError("a bug")


def wait_for(readiness: Readiness) -> None:
    deadline = time.monotonic() + 10
    while readiness.starting and time.monotonic() < deadline:
        time.sleep(0.001)


def test_it_is_starting_until_every_check_has_told() -> None:
    told = threading.Event()
    readiness = Readiness({"store": passes, "topic": lambda: waits_for(told)})
    readiness.start()
    assert readiness.starting

    told.set()
    wait_for(readiness)

    assert readiness.results == {"store": "ok", "topic": "ok"}


def test_a_failed_check_is_shown_by_its_reason_and_logged_with_what_to_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    readiness = Readiness({"store": is_forbidden, "topic": passes})

    readiness.start()
    wait_for(readiness)

    assert readiness.results == {"store": "MISCONFIGURED", "topic": "ok"}
    assert "grant the role" in caplog.text


def test_a_broken_check_does_not_look_like_starting_for_ever() -> None:
    readiness = Readiness({"store": breaks, "topic": passes})

    readiness.start()
    wait_for(readiness)

    assert readiness.results == {"store": "INTERNAL", "topic": "ok"}


def test_a_neighbour_that_never_answers_is_not_waited_for() -> None:
    told, now = threading.Event(), [100.0]
    readiness = Readiness({"store": lambda: waits_for(told)}, clock=lambda: now[0])
    readiness.start()

    now[0] += PATIENCE_SECONDS

    assert not readiness.starting
    assert readiness.results == {"store": "checking"}
    told.set()


def test_the_end_waits_for_a_check_that_still_runs() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def check() -> None:
        begun.set()
        waits_for(may_end)

    readiness = Readiness({"store": check})
    readiness.start()
    begun.wait(10)
    threading.Timer(0.2, may_end.set).start()

    readiness.finish(10)

    assert readiness.results == {"store": "ok"}


def test_the_end_does_not_wait_for_a_check_that_never_ends() -> None:
    may_end = threading.Event()
    readiness = Readiness({"store": lambda: waits_for(may_end), "topic": passes})
    readiness.start()

    began = time.monotonic()
    readiness.finish(0.2)

    assert time.monotonic() - began < 5
    assert readiness.results["store"] == "checking"
    may_end.set()
