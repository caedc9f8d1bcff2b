"""HTTP connections that are kept and used again: for small objects the rest costs more than bytes.

What client libraries put on top of a connection costs several times as much as a small request
itself. No redirects, no proxies, no cookies, no .netrc.
"""

import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Protocol

import certifi

from adapters.cut_offs import CutOffs
from adapters.http_connection import Connection, Response

MAX_KEPT = 64
"""Per origin."""
MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""The longest answer is a page of a thousand objects, of some 12 KiB at most each."""
# What ssl calls a connection that is gone is no ConnectionError.
_GONE = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


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
        self._kept: dict[str, list[Connection]] = {}
        self._cut_offs = CutOffs()
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

        `timeout` is in seconds: to connect, and for each block to be taken, as for the answer.

        Raises:
            ConnectionError: No answer came; its text holds no URL.
            TimeoutError
            OSError: The answer has more than MAX_ANSWER_BYTES, or TLS failed.
        """
        scheme, _, host, target = url.split("/", 3)
        origin = f"{scheme}//{host}"
        connection = self._take(origin)
        if connection is not None:
            try:
                return self._exchange(origin, connection, method, target, headers, body, timeout)
            except (*_GONE, HTTPException) as error:
                if not repeatable:
                    raise ConnectionError(type(error).__name__) from None
        try:
            connection = self._new(scheme, host, timeout[0])
            connection.connect()
            return self._exchange(origin, connection, method, target, headers, body, timeout)
        except (*_GONE, HTTPException) as error:
            raise ConnectionError(type(error).__name__) from None

    def _exchange(
        self,
        origin: str,
        connection: Connection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Body,
        timeout: tuple[float, float],
    ) -> Answer:
        try:
            wire = connection.wire
            wire.settimeout(timeout[1])
            is_sent = _send(connection, method, f"/{target}", headers, body)
            with _Limit(self._cut_offs, wire, timeout[1]):
                response = connection.answer()
                answer = Answer(response.status, response.fields, _whole(response))
        except BaseException:
            connection.close()
            raise
        if is_sent and not response.will_close:
            self._keep(origin, connection)
        else:
            connection.close()
        return answer

    def _take(self, origin: str) -> Connection | None:
        """Return one at which nothing has happened since: neither an end nor a surplus."""
        while True:
            with self._lock:
                kept = self._kept.get(origin)
                if not kept:
                    return None
                connection = kept.pop()
            if connection.is_quiet():
                return connection
            connection.close()

    def _keep(self, origin: str, connection: Connection) -> None:
        with self._lock:
            kept = self._kept.setdefault(origin, [])
            if len(kept) < MAX_KEPT:
                kept.append(connection)
                return
        connection.close()

    def _new(self, scheme: str, host: str, seconds: float) -> Connection:
        if scheme == "http:":
            return Connection(host, seconds)
        with self._lock:
            if self._tls is None:
                self._tls = ssl.create_default_context(cafile=self._authorities)
        return Connection(host, seconds, self._tls)


def _hang_up(kept: Mapping[str, list[Connection]]) -> None:
    for connections in kept.values():
        for connection in connections:
            connection.close()


class _Limit:
    """Within it a connection lasts only so long: a byte now and then would hold it for ever."""

    def __init__(self, cut_offs: CutOffs, wire: socket.socket, seconds: float) -> None:
        self._cut_offs = cut_offs
        self._wire = wire
        self._deadline = time.monotonic() + seconds
        self._is_cut = False

    def cut(self) -> None:
        self._is_cut = True
        with suppress(OSError):
            # By the base class: ssl's own would have the reader take what is encrypted for plain.
            socket.socket.shutdown(self._wire, socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._cut_offs.watch(self, self._deadline)

    def __exit__(self, *_: object) -> None:
        """Raise TimeoutError if it was cut: an end could be taken for the regular one."""
        self._cut_offs.forget(self)
        if self._is_cut:
            raise TimeoutError("The answer took too long.") from None


def _send(
    connection: Connection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | Body,
) -> bool:
    """Return whether all was taken. If not, an answer may have come early, and tells more."""
    if body or method != "GET":
        headers = {**headers, "Content-Length": str(len(body))}
    if isinstance(body, bytes):
        connection.ask(method, target, headers, body)
        return True
    connection.ask(method, target, headers)
    for block in body:
        try:
            connection.send(block)
        except _GONE:
            return False
    return True


def _whole(response: Response) -> bytes:
    if (response.length or 0) <= MAX_ANSWER_BYTES:
        if response.length is not None:
            return response.read()  # all of that length, or it raises
        body = response.read(MAX_ANSWER_BYTES + 1)
        if len(body) <= MAX_ANSWER_BYTES:
            return body
    raise OSError("The answer is too long.")
