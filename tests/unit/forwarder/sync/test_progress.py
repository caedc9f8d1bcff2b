"""What a person sees: a bar with rate and time left on a terminal, plain lines elsewhere."""

import io
import time

from forwarder.sync.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_a_terminal_nothing_is_counted_ahead_and_lines_are_plain() -> None:
    clock = Clock()
    progress = Progress(io.StringIO(), lambda: 1 / 0, clock)  # type: ignore[arg-type, return-value]
    clock.now += 10
    for _ in range(50):
        progress.add("landed now")
    progress.add("failed")

    with progress:
        text = progress.text()

    assert text == "51 objects  5.1/s  0:10 so far  (50 landed now, 1 failed)"


def test_on_a_terminal_there_is_a_bar_with_rate_and_time_left() -> None:
    clock = Clock()
    progress = Progress(Terminal(), lambda: range(400), clock)
    with progress:
        wait_until_counted(progress)
        clock.now += 10
        for _ in range(100):
            progress.add("landed now")

        text = progress.text()

    assert text == (
        "[######------------------]  25%  "
        "100 of 400  10/s  0:10 so far  0:30 left  (100 landed now)"
    )


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    clock = Clock()
    progress = Progress(io.StringIO(), None, clock)
    for seconds, objects in ((10, 1000), (25, 0), (20, 60)):
        clock.now += seconds
        for _ in range(objects):
            progress.add("landed now")
        text = progress.text()

    assert "  3.0/s  " in text


def test_a_count_that_fails_only_leaves_out_the_time_left() -> None:
    progress = Progress(Terminal(), lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    with progress:
        progress.add("failed")

    assert progress.text().startswith("1 objects  ")


def test_lines_do_not_end_up_within_the_bar() -> None:
    terminal, elsewhere = Terminal(), io.StringIO()
    with Progress(terminal) as progress:
        progress.say("to the terminal")
        progress.say("elsewhere", elsewhere)

    assert "\r\x1b[Kto the terminal\n" in terminal.getvalue()
    assert elsewhere.getvalue() == "elsewhere\n"
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_the_summary_names_every_status() -> None:
    clock = Clock()
    progress = Progress(io.StringIO(), None, clock)
    assert progress.summary() == "0 objects in 0.0 s: nothing to do"
    clock.now += 2
    progress.add("landed now")
    progress.add("failed")

    assert progress.summary() == "2 objects in 2.0 s: 1 landed now, 1 failed"


def wait_until_counted(progress: Progress) -> None:
    deadline = time.monotonic() + 10
    while " of " not in progress.text() and time.monotonic() < deadline:
        time.sleep(0.01)
