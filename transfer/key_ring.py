"""The keys in force, read again from time to time: rotation needs no restart."""

import logging
import threading
from collections.abc import Callable, Sequence

from transfer.api_keys import ApiKey
from transfer.errors import LandfallError

REFRESH_SECONDS = 60.0
_log = logging.getLogger("landfall.keys")


class KeyRing:
    """Holds the keys that `read` gave last. A read that fails leaves them as they are, and so do
    keys that `read` refuses by a ValueError.
    """

    def __init__(
        self, read: Callable[[], Sequence[ApiKey]], seconds: float = REFRESH_SECONDS
    ) -> None:
        """Read once, here: without keys there is no service."""
        self._read = read
        self._seconds = seconds
        self._stopped = threading.Event()
        self._keys = read()

    @property
    def keys(self) -> Sequence[ApiKey]:
        return self._keys

    def start(self) -> None:
        """Read again in the background: no request ever waits for it."""
        threading.Thread(target=self._run, name="keys", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            self.refresh()

    def refresh(self) -> None:
        try:
            keys = self._read()
        except (LandfallError, ValueError) as error:
            _log.error("The former API keys stay in force; the new ones are not taken: %s", error)
            return
        except Exception:  # noqa: BLE001 - or the thread would end, and no key could be taken back
            _log.exception("The API keys stay as they are, for their read failed")
            return
        if keys != self._keys:
            _log.info("API keys in force: %s", ", ".join(key.name for key in keys))
            self._keys = keys
