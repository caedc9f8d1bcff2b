"""A server that answers with scripted bytes, so that it can misbehave as no library would.

    with RawServer([b"HTTP/1.1 200 OK\r\n", stall()]) as server: ...

Each connection gets the next script, and the last one again and again.
"""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

Step = bytes | Callable[[socket.socket], None]
Script = Sequence[Step]
PATIENCE_SECONDS = 20.0


def stall() -> Step:
    """Say nothing more until the client goes away."""

    def step(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    return step


def drip(data: bytes, pause_seconds: float = 0.05) -> Step:
    """Send byte by byte, each in time for a timeout per read."""

    def step(connection: socket.socket) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause_seconds)

    return step


def reset() -> Step:
    """Break off with RST instead of FIN."""

    def step(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return step


def answer(body: bytes = b"", status: str = "200 OK", **headers: str | None) -> bytes:
    """A whole answer with an ETag and a length; a header of None is left out."""
    named: dict[str, str | None] = {"ETag": '"etag-1"', "Content-Length": str(len(body))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}\r\n" for name, value in named.items() if value is not None]
    return f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode("latin-1") + body


class RawServer:
    """Listens on loopback while it is entered, over TLS if there is a context."""

    def __init__(
        self, *scripts: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self._scripts = scripts
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._address = self._listener.getsockname()[:2]
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self.port: int = self._address[1]
        self.host = f"[{host}]" if ":" in host else host
        self.connections = 0
        self.requests: list[bytes] = []
        """The head of each request, as it came."""

    @property
    def origin(self) -> str:
        return f"http{'s' if self._tls else ''}://{self.host}:{self.port}"

    @property
    def request_line(self) -> str:
        """Of the last request."""
        return self.requests[-1].split(b"\r\n")[0].decode("latin-1")

    @property
    def headers(self) -> dict[str, str]:
        """Of the last request, names in lower case."""
        lines = self.requests[-1].decode("latin-1").split("\r\n")[1:-2]
        return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping = True
        with suppress(OSError):
            socket.create_connection(self._address, 1).close()  # ends `accept`
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        self._listener.close()

    def script_for(self, head: bytes, script: Script) -> Script:
        """What to play for this request; another kind of server may look at it first."""
        return script

    def _start(self, run: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=run, args=args, name="raw-server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stopping:
                connection.close()
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            self._start(self._serve, connection, script)

    def _serve(self, connection: socket.socket, script: Script) -> None:
        connection.settimeout(PATIENCE_SECONDS)
        with connection, suppress(OSError):
            if self._tls is None:
                self._play(connection, script)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as secure:
                    self._play(secure, script)

    def _play(self, connection: socket.socket, script: Script) -> None:
        head = b""
        while b"\r\n\r\n" not in head:  # a body may come with it
            received = connection.recv(65536)
            if not received:
                return
            head += received
        head = head[: head.index(b"\r\n\r\n") + 4]
        self.requests.append(head)
        for step in self.script_for(head, script):
            if isinstance(step, bytes):
                connection.sendall(step)
            else:
                step(connection)
