"""Hashing some blocks while the next ones travel, on another processor if there is one."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from threading import Condition

from transfer.checksums import Digest

BLOCKS_BEHIND = 4
"""Enough that the hashing thread never waits for the one that moves the blocks to wake up."""


class Overlapped:
    """A digest that is some blocks behind. hashlib lets other threads run meanwhile.

    There is nothing to close: whoever forgets it leaves a few blocks to be hashed, and no thread.
    """

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._behind: deque[bytes] = deque()
        self._changed = Condition()
        self._hashing = False
        self._failure: Exception | None = None

    def update(self, data: bytes, /) -> None:
        with self._changed:
            while len(self._behind) >= BLOCKS_BEHIND:
                self._changed.wait()
            self._check()
            self._behind.append(data)
            if not self._hashing:
                self._hashing = True
                _hashers().submit(self._catch_up)

    def digest(self) -> bytes:
        with self._changed:
            while self._hashing:
                self._changed.wait()
            self._check()
        return self._digest.digest()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _catch_up(self) -> None:
        """Hash some blocks, then queue up again: there are fewer threads than transfers."""
        while self._hash_some():
            with suppress(RuntimeError):  # the process ends, and takes nothing new
                _hashers().submit(self._catch_up)
                return

    def _hash_some(self) -> bool:
        """Return whether there may be more."""
        for _ in range(BLOCKS_BEHIND):
            with self._changed:
                if not self._behind:
                    self._hashing = False
                    self._changed.notify_all()
                    return False
                block = self._behind[0]
            try:
                self._digest.update(block)
            except Exception as failure:  # noqa: BLE001 - raised where the transfer goes on
                self._failure = failure
            with self._changed:
                self._behind.popleft()
                self._changed.notify_all()
        return True


@cache
def _hashers() -> ThreadPoolExecutor:
    """Made at first use: after the fork, in every worker."""
    return ThreadPoolExecutor(thread_name_prefix="hashing")
