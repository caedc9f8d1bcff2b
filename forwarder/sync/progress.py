"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

import shutil
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self, TextIO

from forwarder.printable import printable_lines

BAR_SECONDS, LINE_SECONDS = 0.2, 10.0
RATE_SECONDS = 30.0
"""The rate is that of so long before now."""
CLEAR_LINE = "\r\x1b[K"


class Progress:
    """Counts results, and writes how far they are until the block ends.

    All lines of the program go through `say`, so that they do not end up within the bar.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        count_all: Callable[[], Iterable[object]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stream` is stderr by default; `count_all` lists all that is to be done.

        On a terminal that is counted beside the work.
        """
        self.counts: Counter[str] = Counter()
        self.started = clock()
        self._stream = stream or sys.stderr
        self._clock = clock
        self._bar = self._stream.isatty()
        self._lock = Lock()
        self._over = Event()
        self._recent: deque[tuple[float, int]] = deque([(self.started, 0)])
        self._known_total: int | None = None
        self._count_all = count_all if self._bar else None

    def add(self, status: str) -> None:
        with self._lock:
            self.counts[status] += 1

    def say(self, line: str, stream: TextIO | None = None) -> None:
        with self._lock:
            if self._bar:
                self._stream.write(CLEAR_LINE)
                self._stream.flush()
            print(printable_lines(line), file=stream or self._stream, flush=True)

    def text(self) -> str:
        """Return the line to show now."""
        with self._lock:
            done, seconds = self.counts.total(), self._clock() - self.started
            rate = self._rate(done)
            counts = ", ".join(f"{number} {status}" for status, number in self.counts.items())
            total = self._known_total
        parts = [f"{done} of {total}" if total is not None else f"{done} objects"]
        parts.append(f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s")
        parts.append(f"{clock_time(seconds)} so far")
        if total is not None and rate > 0:
            parts.append(f"{clock_time(max(0, total - done) / rate)} left")
        line = "  ".join(parts) + (f"  ({counts})" if counts else "")
        return bar_of(done, total) + line

    def summary(self) -> str:
        """Return the line for the end."""
        with self._lock:
            done, seconds = self.counts.total(), self._clock() - self.started
            counts = ", ".join(f"{number} {status}" for status, number in self.counts.items())
        return f"{done} objects in {seconds:.1f} s: {counts or 'nothing to do'}"

    def _rate(self, done: int) -> float:
        now = self._clock()
        self._recent.append((now, done))
        while len(self._recent) > 2 and now - self._recent[0][0] > RATE_SECONDS:
            self._recent.popleft()
        since, before = self._recent[0]
        return (done - before) / (now - since) if now > since else 0.0

    def __enter__(self) -> Self:
        Thread(target=self._show, daemon=True).start()
        if self._count_all is not None:
            Thread(target=self._count, args=(self._count_all,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._bar:
            with self._lock:
                self._stream.write(CLEAR_LINE)

    def _show(self) -> None:
        while not self._over.wait(BAR_SECONDS if self._bar else LINE_SECONDS):
            text = self.text()
            with self._lock:
                if self._over.is_set():
                    return
                if self._bar:
                    width = shutil.get_terminal_size().columns - 1
                    self._stream.write(CLEAR_LINE + text[:width])
                    self._stream.flush()
                else:
                    print(text, file=self._stream, flush=True)

    def _count(self, count_all: Callable[[], Iterable[object]]) -> None:
        """Only for the time left, so a failure here is none of the run."""
        total = 0
        try:
            for _ in count_all():
                total += 1
                if self._over.is_set():
                    return
        except Exception:  # noqa: BLE001 - the run itself meets the same and tells
            return
        self._known_total = total


def bar_of(done: int, total: int | None, width: int = 24) -> str:
    if total is None:
        return ""
    part = min(1.0, done / total) if total else 1.0
    filled = int(part * width)
    return f"[{'#' * filled}{'-' * (width - filled)}] {part:4.0%}  "


def clock_time(seconds: float) -> str:
    """Return hours, minutes and seconds, without the hours if there are none."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
