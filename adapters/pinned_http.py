"""requests' transport, connecting only to addresses that were checked at the connect itself."""

import math
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any

import certifi
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import InvalidSchema
from requests.structures import CaseInsensitiveDict

from adapters.cut_offs import CutOffs
from adapters.http_connection import Connection
from adapters.public_address import is_public
from transfer.errors import SourceUnavailable

CONNECT_SECONDS = 5.0
MAX_ADDRESSES = 4

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""What `socket.getaddrinfo` is."""


def new_tls_context(ca_file: str = certifi.where()) -> ssl.SSLContext:
    """Make the context once: loading the authorities costs more than a handshake."""
    context = ssl.create_default_context(cafile=ca_file)
    context.hostname_checks_common_name = False  # no name: https://www.rfc-editor.org/rfc/rfc9525
    return context


class Dialer:
    """Opens the TCP connection of one line, and can cut it off from another thread."""

    def __init__(
        self, private_allowed: bool, resolve: Resolve, cut_offs: CutOffs | None = None
    ) -> None:
        self._private_allowed = private_allowed
        self._look_up = resolve
        self._cut_offs = cut_offs or CutOffs()
        self._handle: socket.socket | None = None
        self.is_cut = False

    def dial(self, host: str, port: int) -> socket.socket:
        """Resolve once, check every address, connect to one that was checked."""
        addresses = self._resolve(host, port)
        give_up = time.monotonic() + CONNECT_SECONDS
        for family, address in addresses[:MAX_ADDRESSES]:
            try:
                connection = _connect(family, address, max(0.1, give_up - time.monotonic()))
            except OSError:
                continue
            # TLS takes the socket object over, so the cut needs a handle of its own.
            try:
                self._hold(connection.dup())
            except OSError:
                connection.close()
                raise SourceUnavailable("No descriptor is left for the source.") from None
            if self.is_cut:  # while there was nothing to shut down yet
                connection.close()
                raise SourceUnavailable("The source's host took too long to connect to.")
            return connection
        raise SourceUnavailable("The source's host takes no connection.")

    def cut_off_at(self, deadline: float, ends: Callable[[], float] = lambda: math.inf) -> None:
        """Shut the connection down at this time of `time.monotonic()`, whatever it does.

        `ends` is such a time as well, which may come near at any time.
        """
        self._cut_offs.watch(self, deadline, ends)

    def cut(self) -> None:
        self.is_cut = True
        handle = self._handle
        if handle is not None:
            try:
                handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it ended by itself meanwhile

    def rest(self) -> None:
        """Between two transfers nothing is cut off."""
        self._cut_offs.forget(self)

    def close(self) -> None:
        self.rest()
        self._hold(None)

    def _hold(self, handle: socket.socket | None) -> None:
        former, self._handle = self._handle, handle
        if former is not None:
            former.close()

    def _resolve(self, host: str, port: int) -> list[tuple[int, Any]]:
        try:
            found = self._look_up(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise SourceUnavailable("The source's host name cannot be resolved.") from None
        if not self._private_allowed and not all(is_public(str(f[4][0])) for f in found):
            raise SourceUnavailable("The source's host name resolves to an address not public.")
        return [(family, address) for family, _, _, _, address in found]


def _connect(family: int, address: Any, seconds: float) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection


class _PinnedConnection(Connection):
    gathers = True

    def __init__(
        self, host: str, seconds: float, tls: ssl.SSLContext | None, dialer: Dialer
    ) -> None:
        super().__init__(host, seconds, tls)
        self._dialer = dialer

    def connect(self) -> None:
        self.use(self._dialer.dial(self.host, self.port))


class PinnedAdapter(BaseAdapter):
    """The transport of one line: one connection to one origin, without retry, proxy, redirect,
    cookie or environment. Path and query go out as they are written, parsed by nobody.
    """

    def __init__(self, dialer: Dialer, tls: ssl.SSLContext, plain_allowed: bool) -> None:
        super().__init__()
        self._dialer = dialer
        self._tls = tls
        self._plain_allowed = plain_allowed
        self._connection: Connection | None = None

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = (CONNECT_SECONDS, None),
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        """Return the answer, its body unread. Raise what http.client and ssl raise."""
        url, (connect_seconds, answer_seconds) = str(request.url), timeout
        connection = self._connected(url, connect_seconds)
        connection.wire.settimeout(answer_seconds)
        connection.ask(str(request.method), "/" + url.split("/", 3)[3], request.headers)
        raw = connection.answer()
        answer = Response()
        answer.status_code, answer.raw = raw.status, raw
        answer.headers = CaseInsensitiveDict(raw.fields)
        return answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _connected(self, url: str, seconds: float) -> Connection:
        connection = self._connection = self._connection or self._new_connection(url, seconds)
        if (
            not connection.is_quiet()
        ):  # or the other side hung up, or said more than it was asked for
            connection.close()
            connection.connect()
        return connection

    def _new_connection(self, url: str, seconds: float) -> Connection:
        scheme, _, host, _ = url.split("/", 3)
        if scheme == "https:":
            return _PinnedConnection(host, seconds, self._tls, self._dialer)
        if not self._plain_allowed:
            raise InvalidSchema("Plain http is for origins that the operator listed.")
        return _PinnedConnection(host, seconds, None, self._dialer)
