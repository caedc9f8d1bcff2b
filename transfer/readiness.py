"""Whether this process is ready, and what it found when it started."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from transfer.errors import LandfallError

PATIENCE_SECONDS = 5.0
_log = logging.getLogger("landfall.readiness")


class Readiness:
    """Runs each check once, in the background, and remembers what it told.

    An outage of a neighbour makes messages fail, not the instance: a result other than
    `ok` is shown, and does not make it unready.
    """

    def __init__(
        self,
        checks: Mapping[str, Callable[[], None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = checks
        self._clock = clock
        self._started = clock()
        self._results: dict[str, str] = {}
        self._threads: list[threading.Thread] = []

    @property
    def starting(self) -> bool:
        """Whether a check still runs; a neighbour that never answers is not waited for."""
        waited = self._clock() - self._started
        return waited < PATIENCE_SECONDS and len(self._results) < len(self._checks)

    @property
    def results(self) -> Mapping[str, str]:
        """`ok`, `checking` or a reason of the error table, by check."""
        return {name: self._results.get(name, "checking") for name in self._checks}

    def start(self) -> None:
        for name, check in self._checks.items():
            thread = threading.Thread(target=self._run, args=(name, check), daemon=True)
            self._threads.append(thread)
            thread.start()

    def finish(self, seconds: float) -> None:
        """Wait so long for checks that still run: one that is cut off may leave a file behind."""
        ends = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _run(self, name: str, check: Callable[[], None]) -> None:
        try:
            check()
        except LandfallError as error:
            _log.error("The %s is not usable: %s", name, error)
            self._results[name] = error.reason
        except Exception:  # noqa: BLE001 - or it would seem to start for ever
            _log.exception("The check of the %s failed", name)
            self._results[name] = LandfallError.reason
        else:
            self._results[name] = "ok"
