"""Hashing one block while the next one travels, on another processor if there is one."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from transfer.checksums import Digest


class Overlapped:
    """A digest that is at most one block behind. hashlib lets other threads run meanwhile.

    There is nothing to close: whoever forgets it leaves one block to be hashed, and no thread.
    """

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._behind: Future[None] | None = None

    def update(self, data: bytes, /) -> None:
        self._catch_up()
        self._behind = _hashers().submit(self._digest.update, data)

    def digest(self) -> bytes:
        self._catch_up()
        return self._digest.digest()

    def _catch_up(self) -> None:
        if self._behind is not None:
            self._behind.result()


@cache
def _hashers() -> ThreadPoolExecutor:
    """Made at first use: after the fork, in every worker."""
    return ThreadPoolExecutor(thread_name_prefix="hashing")
