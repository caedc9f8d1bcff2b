"""The parts of a line of progress, and when lines are written."""

import io
import itertools
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from forwarder.sync.progress import Progress, bar_of, clock_time
from tests.unit.forwarder.sync.test_progress import Clock, Terminal


def wait_for(what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not what() and time.monotonic() < deadline:
        time.sleep(0.01)
    return what()


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"),
     (36_061, "10:01:01")],
)  # fmt: skip
def test_times_are_shown_as_clocks_show_them(seconds: float, shown: str) -> None:
    assert clock_time(seconds) == shown


@pytest.mark.parametrize(
    ("done", "total", "shown"),
    [
        (0, 4, f"[{'-' * 24}]   0%  "),
        (1, 4, f"[{'#' * 6}{'-' * 18}]  25%  "),
        (4, 4, f"[{'#' * 24}] 100%  "),
        (5, 4, f"[{'#' * 24}] 100%  "),
        (0, 0, f"[{'#' * 24}] 100%  "),
        (5, None, ""),
    ],
)
def test_a_bar_is_as_full_as_what_is_done(done: int, total: int | None, shown: str) -> None:
    assert bar_of(done, total) == shown


@pytest.mark.parametrize(("objects", "shown"), [(99, "9.9/s"), (100, "10/s"), (0, "0.0/s")])
def test_a_small_rate_has_a_decimal(objects: int, shown: str) -> None:
    clock = Clock()
    progress = Progress(io.StringIO(), None, clock)
    clock.now += 10
    for _ in range(objects):
        progress.add("landed now")

    assert f"  {shown}  " in progress.text()


@pytest.mark.parametrize(("seconds", "shown"), [(30, "3.3/s"), (30.5, "0.0/s")])
def test_what_was_done_more_than_half_a_minute_ago_is_no_rate(seconds: float, shown: str) -> None:
    clock = Clock()
    progress = Progress(io.StringIO(), None, clock)
    clock.now += 1
    for _ in range(100):
        progress.add("landed now")
    progress.text()
    clock.now += seconds - 1

    assert f"  {shown}  " in progress.text()


def test_a_first_look_after_more_than_that_has_a_rate() -> None:
    clock = Clock()
    progress = Progress(io.StringIO(), None, clock)
    for _ in range(100):
        progress.add("landed now")
    clock.now += 40

    assert "  2.5/s  " in progress.text()


def test_a_rate_needs_time() -> None:
    progress = Progress(io.StringIO(), None, Clock())
    progress.add("landed now")

    assert progress.text() == "1 objects  0.0/s  0:00 so far  (1 landed now)"


def counted(objects: int, done: int) -> Progress:
    """Ten seconds after the start, on a terminal."""
    clock = Clock()
    progress = Progress(Terminal(), lambda: range(objects), clock)
    with progress:
        assert wait_for(lambda: " of " in progress.text())
    clock.now += 10
    for _ in range(done):
        progress.add("landed now")
    return progress


def test_before_the_first_object_nobody_knows_how_long_it_takes() -> None:
    assert counted(4, 0).text() == f"{bar_of(0, 4)}0 of 4  0.0/s  0:10 so far"


def test_more_objects_than_were_counted_leave_no_time() -> None:
    assert "  0.5/s  0:10 so far  0:00 left" in counted(4, 5).text()


def test_without_a_terminal_only_lines_are_written() -> None:
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress.say("one")

    assert stream.getvalue() == "one\n"


class Buffered(io.StringIO):
    """Shows what it has when it is flushed."""

    shown = ""

    def flush(self) -> None:
        self.shown = self.getvalue()


class BufferedTerminal(Buffered, Terminal):
    pass


def test_a_line_shows_at_once() -> None:
    log, terminal, elsewhere = Buffered(), BufferedTerminal(), Buffered()

    Progress(log).say("one")
    Progress(terminal).say("one", elsewhere)

    assert log.shown == elsewhere.shown == "one\n"
    assert terminal.shown == "\r\x1b[K"


def test_a_log_does_not_get_as_many_lines_as_a_terminal() -> None:
    stream = io.StringIO()
    with Progress(stream):
        time.sleep(0.5)

    assert stream.getvalue() == ""


def test_on_a_terminal_the_line_is_drawn_again_and_fits_into_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "21")
    terminal = Terminal()
    with Progress(terminal, clock=Clock()) as progress:
        assert wait_for(lambda: terminal.getvalue().count("\r\x1b[K") >= 2)
        progress.say("said")

    drawn = terminal.getvalue().split("\r\x1b[K")
    assert drawn[:3] == ["", "0 objects  0.0/s  0:", "0 objects  0.0/s  0:"]
    assert drawn[-2:] == ["said\n", ""]


def test_nothing_is_counted_once_the_run_is_over() -> None:
    begun, over = threading.Event(), threading.Event()

    def endless() -> Iterator[int]:
        try:
            for number in itertools.count():
                begun.set()
                yield number
        finally:
            over.set()

    with Progress(Terminal(), endless) as progress:
        assert begun.wait(10)

    assert over.wait(10)
    assert " of " not in progress.text()


def test_what_shows_the_progress_does_not_keep_the_program_alive() -> None:
    before = set(threading.enumerate())
    waiting = threading.Event()

    def hanging() -> Iterator[int]:
        waiting.wait(10)
        yield 1

    with Progress(Terminal(), hanging):
        started = set(threading.enumerate()) - before
        waiting.set()

    assert len(started) == 2
    assert all(thread.daemon for thread in started)
