"""Clients that leave things half done, as cheaply as possible: one process, one loop.

python -m bench.attackers PORT SECONDS KIND=NUMBER ...

halves    new half requests a second: parts of a line, of a head, of a body, a byte more each second
unclosed  new HTTP/1.0 requests a second without a key, which are never closed from here
burst     half heads, all opened at the beginning
deaf      clients that send requests without end and read no answer
"""

import selectors
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from itertools import count

HALVES = (
    b"POST /process",
    b"POST /processmessage HTTP/1.1\r\nHost: x\r\n",
    b"POST /processmessage HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{",
)
UNCLOSED = (
    b"POST /processmessage HTTP/1.0\r\n"
    b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
)
REQUESTS = 500 * b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
_TICK_SECONDS = 0.01
_KEPT_SECONDS = 5.0
"""So long an answered connection stays open here, whatever the service does."""


class Attack:
    """All connections of one process."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._selector = selectors.DefaultSelector()
        self._halves: set[socket.socket] = set()
        self._deaf: list[socket.socket] = []
        self._kept: deque[tuple[float, socket.socket]] = deque()
        self._numbers = count()
        self.opened = 0
        self.failed = 0

    def run(self, seconds: float, rates: dict[str, float]) -> None:
        for _ in range(int(rates.get("burst", 0))):
            self._open_half(HALVES[1])
        self._deaf = [self._open_deaf() for _ in range(int(rates.get("deaf", 0)))]
        began = time.monotonic()
        halves, unclosed, drips = 0, 0, 0
        while (passed := time.monotonic() - began) < seconds:
            while halves < passed * rates.get("halves", 0):
                halves += 1
                self._open_half(HALVES[next(self._numbers) % len(HALVES)])
            while unclosed < passed * rates.get("unclosed", 0):
                unclosed += 1
                self._open_unclosed()
            if passed > drips:
                drips += 1
                self._drip()
            self._deaf = [self._shout(one) for one in self._deaf]
            self._look()

    def _connect(self, receives: int | None = None) -> socket.socket:
        client = socket.socket()
        if receives:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        self.opened += 1
        client.settimeout(0.2)  # a full backlog must not stop this loop
        try:
            client.connect(self._address)
        except OSError:
            self.failed += 1
        client.settimeout(0)
        return client

    def _open_half(self, half: bytes) -> None:
        client = self._connect()
        with suppress(OSError):
            client.send(half)
        self._halves.add(client)
        self._selector.register(client, selectors.EVENT_READ)

    def _open_unclosed(self) -> None:
        client = self._connect()
        with suppress(OSError):
            client.send(UNCLOSED)
        self._kept.append((time.monotonic() + _KEPT_SECONDS, client))

    def _open_deaf(self) -> socket.socket:
        return self._connect(receives=4096)

    def _shout(self, client: socket.socket) -> socket.socket:
        try:
            client.send(REQUESTS)
        except BlockingIOError:
            pass
        except OSError:
            client.close()
            return self._open_deaf()
        return client

    def _drip(self) -> None:
        for client in self._halves:
            with suppress(OSError):
                client.send(b"x")

    def _look(self) -> None:
        """Let those go that the service has closed, and those kept for long enough."""
        for key, _ in self._selector.select(_TICK_SECONDS):
            client = key.fileobj
            assert isinstance(client, socket.socket)  # noqa: S101 - nothing else is registered
            with suppress(BlockingIOError):
                try:
                    if client.recv(65536):
                        continue
                except ConnectionError:
                    pass
                self._selector.unregister(client)
                self._halves.discard(client)
                client.close()
        while self._kept and self._kept[0][0] < time.monotonic():
            self._kept.popleft()[1].close()


def main() -> int:
    port, seconds, *rates = sys.argv[1:]
    attack = Attack(int(port))
    attack.run(float(seconds), {kind: float(n) for kind, n in (r.split("=") for r in rates)})
    print(f"{attack.opened} opened, {attack.failed} not accepted within 0.2 s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
