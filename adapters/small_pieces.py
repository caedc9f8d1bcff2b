"""Reading from a connection whose other side may send a byte at a time.

A read costs a worker the same however little it brings, so a peer that sends byte by byte could
keep a whole processor busy. A pause lets what is on its way arrive together.
"""

import io
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READS = 16
SMALL_BYTES = 512
"""Of a read, on average. A full segment has some 1,400, a record of TLS up to 16 KiB."""
PAUSE_SECONDS = 0.01


class Gathered:
    """What the library's reader of answers uses of a socket."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(Gathering(self._wire))


class Gathering(io.RawIOBase):
    """The bytes of a connection. After each READS reads that were small, it pauses."""

    def __init__(self, wire: socket.socket, sleep: Callable[[float], None] = time.sleep) -> None:
        self._wire = wire.makefile("rb", buffering=0)
        self._sleep = sleep
        self._reads = self._bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        if self._reads == READS:
            if self._bytes < READS * SMALL_BYTES:
                self._sleep(PAUSE_SECONDS)
            self._reads = self._bytes = 0
        length = self._wire.readinto(buffer)
        self._reads += 1
        self._bytes += length or 0
        return length

    def close(self) -> None:
        self._wire.close()
        super().close()
