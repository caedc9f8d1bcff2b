"""A forward proxy on loopback that only knows CONNECT, with or without a password.

with connect_proxy() as proxy: ...
"""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

PATIENCE_SECONDS = 20.0


class ConnectProxy(ThreadingHTTPServer):
    """Remembers where its clients went, and what they told it."""

    def __init__(self, secret: str | None) -> None:
        """`secret` is `USER:PASSWORD`; without one everybody may pass."""
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.address = f"127.0.0.1:{self.server_port}"
        self.expected = secret and f"Basic {base64.b64encode(secret.encode()).decode()}"
        self.targets: list[str] = []
        self.headers: list[dict[str, str]] = []


class _Tunnel(BaseHTTPRequestHandler):
    server: ConnectProxy
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        self.close_connection = True
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.targets.append(self.path)
        self.server.headers.append(headers)
        if self.server.expected and headers.get("proxy-authorization") != self.server.expected:
            self.send_error(407)
            return
        host, port = self.path.rsplit(":", 1)
        with socket.create_connection((host, int(port)), PATIENCE_SECONDS) as there:
            self.send_response(200)
            self.end_headers()
            back = Thread(target=_pump, args=(there, self.connection), daemon=True)
            back.start()
            _pump(self.connection, there)
            back.join(PATIENCE_SECONDS)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of the tests clean."""


def _pump(source: socket.socket, target: socket.socket) -> None:
    source.settimeout(PATIENCE_SECONDS)
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def connect_proxy(secret: str | None = None) -> Iterator[ConnectProxy]:
    with ConnectProxy(secret) as proxy:
        proxy.daemon_threads = True
        Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
