"""HTTP connections that are kept and used again: for small objects the rest costs more than bytes.

The standard library's client is used bare, since what others put on top of it costs several
times as much as a small request itself. No redirects, no proxies, no cookies, no .netrc.
"""

import select
import socket
import ssl
import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Protocol

import certifi

MAX_KEPT = 64
"""Per origin."""


class Body(Protocol):
    """A body that is made while it is sent; its length is known before."""

    def __iter__(self) -> Iterator[bytes]: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Answer:
    """A whole answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class KeptConnections:
    """Threads share it; each process makes its own."""

    def __init__(self, authorities: str | None = None) -> None:
        """`authorities` is a file in PEM; by default certifi's."""
        self._authorities = authorities or certifi.where()
        self._tls: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._kept: dict[str, list[HTTPConnection]] = {}
        weakref.finalize(self, _hang_up, self._kept)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Body,
        timeout: tuple[float, float],
        *,
        repeatable: bool,
    ) -> Answer:
        """Ask once; if it is repeatable and a kept connection is dead, once more on a fresh one.

        `timeout` is in seconds: to connect, and for each wait after that.

        Raises:
            ConnectionError: No answer came; its text holds no URL.
            TimeoutError
        """
        scheme, _, host, target = url.split("/", 3)
        origin = f"{scheme}//{host}"
        connection = self._take(origin)
        if connection is not None:
            try:
                return self._exchange(origin, connection, method, target, headers, body, timeout)
            except (ConnectionError, HTTPException) as error:
                if not repeatable:
                    raise ConnectionError(type(error).__name__) from None
        try:
            connection = self._new(scheme, host, timeout[0])
            return self._exchange(origin, connection, method, target, headers, body, timeout)
        except HTTPException as error:
            raise ConnectionError(type(error).__name__) from None

    def _exchange(
        self,
        origin: str,
        connection: HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Body,
        timeout: tuple[float, float],
    ) -> Answer:
        try:
            if connection.sock is None:
                connection.connect()  # which turns Nagle's algorithm off
            wire: socket.socket = connection.sock
            wire.settimeout(timeout[1])
            response = _ask(connection, method, f"/{target}", headers, body)
            answer = Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._keep(origin, connection)
        return answer

    def _take(self, origin: str) -> HTTPConnection | None:
        """Return one at which nothing has happened since: neither an end nor a surplus."""
        while True:
            with self._lock:
                kept = self._kept.get(origin)
                if not kept:
                    return None
                connection = kept.pop()
            look = select.poll()
            look.register(connection.sock, select.POLLIN)
            if not look.poll(0):
                return connection
            connection.close()

    def _keep(self, origin: str, connection: HTTPConnection) -> None:
        with self._lock:
            kept = self._kept.setdefault(origin, [])
            if len(kept) < MAX_KEPT:
                kept.append(connection)
                return
        connection.close()

    def _new(self, scheme: str, host: str, seconds: float) -> HTTPConnection:
        if scheme == "http:":
            return HTTPConnection(host, timeout=seconds)
        with self._lock:
            if self._tls is None:
                self._tls = ssl.create_default_context(cafile=self._authorities)
        return HTTPSConnection(host, timeout=seconds, context=self._tls)


def _hang_up(kept: Mapping[str, list[HTTPConnection]]) -> None:
    for connections in kept.values():
        for connection in connections:
            connection.close()


def _ask(
    connection: HTTPConnection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | Body,
) -> HTTPResponse:
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body or method != "GET":
        connection.putheader("Content-Length", str(len(body)))
    if isinstance(body, bytes):
        connection.endheaders(body or None)
        return connection.getresponse()
    connection.endheaders()
    try:
        for block in body:
            connection.send(block)
    except (BrokenPipeError, ConnectionResetError):
        pass  # an answer may have come early, and tells more than this
    return connection.getresponse()
