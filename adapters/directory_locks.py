"""A lock per name, across threads and processes; a killed holder lets it go.

Anybody who may open a lock file may hold it (https://man7.org/linux/man-pages/man2/flock.2.html),
so nobody is waited for without end.
"""

import fcntl
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.beneath import Beneath, Folder, NotPlain
from transfer.errors import StoreUnavailable

LOCK_SECONDS = 10.0
_SHORTEST, _LONGEST = 0.0005, 0.02
"""Seconds between two tries."""


class Locks:
    """Of 256 files, by the first two digits of the name's digest."""

    def __init__(self, beneath: Beneath, folder: tuple[str, ...], seconds: float) -> None:
        self._beneath = beneath
        self._folder = folder
        self._seconds = seconds
        # Threads of this process wait for each other here, and are woken at once.
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def held(self, digest: str) -> Iterator[None]:
        """Raise StoreUnavailable if somebody else holds it for too long, or it is no file."""
        name, ends = digest[:2], time.monotonic() + self._seconds
        turn = self._turns[name]
        if not turn.acquire(timeout=self._seconds):
            raise self._too_long(name)
        try:
            descriptor = self._lock(name, ends)
            try:
                yield
            finally:
                os.close(descriptor)
        finally:
            turn.release()

    def _lock(self, name: str, ends: float) -> int:
        pause = _SHORTEST
        while True:
            with self._beneath.standing(*self._folder) as folder:
                descriptor = self._opened(folder, name)
                try:
                    if _taken(descriptor, folder, name):
                        return descriptor
                except OSError:  # a file system without locks, perhaps
                    os.close(descriptor)
                    raise
            os.close(descriptor)
            if time.monotonic() > ends:
                raise self._too_long(name)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    def _opened(self, folder: Folder, name: str) -> int:
        try:
            try:
                return folder.open_plain(name, os.O_RDWR)
            except FileNotFoundError:
                return folder.open_new(name)
        except FileExistsError:  # made by another meanwhile
            return self._opened(folder, name)
        except NotPlain:
            raise StoreUnavailable(
                f"{self._path(name)} is no plain file, and should be an empty one: remove it."
            ) from None

    def _too_long(self, name: str) -> StoreUnavailable:
        path = self._path(name)
        return StoreUnavailable(
            f"The lock file {path} was held by somebody else for {self._seconds:.0f} s. "
            f"`fuser -v {path}`, or lsof, shows which process holds it."
        )

    def _path(self, name: str) -> Path:
        return self._beneath.path.joinpath(*self._folder, name)


def _taken(descriptor: int, folder: Folder, name: str) -> bool:
    """Take the lock if it is free. One whose file was removed meanwhile keeps nobody out."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    there = folder.entry(name)
    return there is not None and os.path.samestat(there, os.fstat(descriptor))
