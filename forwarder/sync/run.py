"""Many objects at once, but never more than so many: listed here, brought by threads."""

from collections.abc import Callable, Iterable
from queue import Queue
from threading import Event, Lock, Thread

from forwarder.sync.bringing import Result, Status
from forwarder.sync.listing import CannotWork, Listed


class Run:
    """One run over all objects. Memory does not grow with their number."""

    def __init__(
        self,
        bring: Callable[[Listed], Result],
        tell: Callable[[Result], None],
        concurrency: int,
        ending: Event,
    ) -> None:
        """`ending` is set when the run is to end early."""
        self._bring = bring
        self._tell = tell
        self._concurrency = concurrency
        self._ending = ending
        self._queue: Queue[tuple[int, Listed] | None] = Queue(maxsize=concurrency)
        self._lock = Lock()
        self._unfinished: dict[int, str] = {}
        """For each object that is on its way, the key before it; in the order of the list."""
        self._first_failed: tuple[int, str] | None = None
        self._last_key = ""
        self._failure: Exception | None = None

    @property
    def all_before(self) -> str:
        """The key up to which, in the order of the list, every object is done without failure."""
        with self._lock:
            stops = [] if self._first_failed is None else [self._first_failed]
            stops += list(self._unfinished.items())[:1]
            return min(stops)[1] if stops else self._last_key

    def over(self, objects: Iterable[Listed]) -> None:
        """Bring all of them. On KeyboardInterrupt, what is on its way is left to itself.

        Raises:
            CannotWork: The list broke off, or an object showed that the rest would fail.
        """
        threads = [Thread(target=self._work, daemon=True) for _ in range(self._concurrency)]
        for thread in threads:
            thread.start()
        try:
            self._hand_out(objects)
            for _ in threads:
                self._queue.put(None)
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self._ending.set()
            raise
        if self._failure is not None:
            raise self._failure

    def _hand_out(self, objects: Iterable[Listed]) -> None:
        try:
            for number, listed in enumerate(objects):
                if self._ending.is_set():
                    return
                with self._lock:
                    self._unfinished[number] = self._last_key
                    self._last_key = listed.object.key
                self._queue.put((number, listed))
        except CannotWork as error:
            self._end(error)

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            if self._ending.is_set():
                continue  # the queue is emptied, so that nobody waits for a place in it
            number, listed = task
            try:
                result = self._bring(listed)
                if self._ending.is_set() and result.status is Status.FAILED:
                    continue  # given up, not failed: it stays unfinished
                self._tell(result)
                self._finished(number, result.status)
            except Exception as error:  # noqa: BLE001 - raised again where the run began
                self._end(error)

    def _finished(self, number: int, status: Status) -> None:
        with self._lock:
            before = self._unfinished.pop(number)
            failed = (number, before)
            if status is Status.FAILED:
                self._first_failed = min(self._first_failed or failed, failed)

    def _end(self, error: Exception) -> None:
        with self._lock:
            self._failure = self._failure or error
        self._ending.set()
