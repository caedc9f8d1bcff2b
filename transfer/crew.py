"""Threads that share one list of work. None of them outlives the block that engaged them."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Crew(Generic[T, R]):
    """Each thread takes the next task until none is left. The first failure stops all."""

    def __init__(self, tasks: Iterable[T], work: Callable[[T], R]) -> None:
        """`work` of a long task looks at `stopped` now and then."""
        self._tasks = deque(tasks)
        self._work = work
        self._threads: list[threading.Thread] = []
        self._results: list[R] = []
        self._failure: BaseException | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def stopped(self) -> bool:
        return self._stopped

    def engage(self, count: int) -> None:
        for _ in range(count):
            thread = threading.Thread(target=self._run, name="stream", daemon=True)
            thread.start()
            self._threads.append(thread)

    def results(self) -> list[R]:
        """Wait until all is done, and return the results in no order.

        Raises:
            What the first task that failed raised, once all threads have ended.
        """
        for thread in self._threads:
            thread.join()
        if self._failure is not None:
            raise self._failure
        return self._results

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped = True
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stopped:
            try:
                task = self._tasks.popleft()
            except IndexError:
                return
            try:
                result = self._work(task)
            except BaseException as failure:  # noqa: BLE001 - raised again by `results`
                self._fail(failure)
                return
            with self._lock:
                self._results.append(result)

    def _fail(self, failure: BaseException) -> None:
        with self._lock:
            if self._failure is None:
                self._failure = failure
            self._stopped = True
