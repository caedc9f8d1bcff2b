"""How long each step of a request took: recorded by the thread that serves it.

Where nobody records, as in tools and most tests, a phase costs next to nothing.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Phase(NamedTuple):
    """One step that was taken. A step that is repeated is there several times."""

    name: str
    began: int
    """Nanoseconds of `time.perf_counter_ns()`."""
    ended: int
    failed: bool
    """Whether it raised, be it only because somebody else had acted."""


class _Recorder(threading.local):
    phases: list[Phase] | None = None


_recorder = _Recorder()


@contextmanager
def recording() -> Iterator[list[Phase]]:
    """Collect the phases that this thread goes through until the block ends."""
    phases: list[Phase] = []
    _recorder.phases = phases
    try:
        yield phases
    finally:
        _recorder.phases = None


class phase:  # noqa: N801 - it is used like contextlib's context managers
    """Record the block, or each call of the function that it decorates, as this phase."""

    __slots__ = ("_began", "_name", "_phases")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._phases = _recorder.phases
        self._began = time.perf_counter_ns()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._phases is not None:
            ended = time.perf_counter_ns()
            self._phases.append(Phase(self._name, self._began, ended, kind is not None))

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            if _recorder.phases is None:
                return function(*args, **kwargs)
            with phase(self._name):
                return function(*args, **kwargs)

        return timed
