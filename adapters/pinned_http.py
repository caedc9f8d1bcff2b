"""requests' transport, connecting only to addresses that were checked at the connect itself."""

import logging
import math
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import certifi
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from adapters.cut_offs import CutOffs
from adapters.public_address import is_public
from transfer.errors import SourceUnavailable

CONNECT_SECONDS = 5.0
MAX_ADDRESSES = 4

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""What `socket.getaddrinfo` is."""

# They write whole URLs, the first of them at WARNING (about malformed headers), and a
# presigned URL is a secret, whatever LOG_LEVEL says.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def new_tls_context(ca_file: str = certifi.where()) -> ssl.SSLContext:
    """Make the context once: loading the authorities costs more than a handshake."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.check_hostname = True
    context.load_verify_locations(ca_file)
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


class _PinnedHTTPConnection(HTTPConnection):
    def __init__(self, *args: Any, dialer: Dialer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialer = dialer

    def _new_conn(self) -> socket.socket:
        return self._dialer.dial(self._dns_host, self.port)


class _PinnedHTTPSConnection(HTTPSConnection):
    def __init__(self, *args: Any, dialer: Dialer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialer = dialer

    @property
    def is_connected(self) -> bool:
        """Whether a kept connection may be used: a surplus may be decrypted already."""
        quiet = not isinstance(self.sock, ssl.SSLSocket) or not self.sock.pending()
        return quiet and super().is_connected

    def _new_conn(self) -> socket.socket:
        return self._dialer.dial(self._dns_host, self.port)


class PinnedAdapter(HTTPAdapter):
    """The transport of one line: no retry, no proxy, no environment, one connection."""

    def __init__(self, dialer: Dialer, tls: ssl.SSLContext, plain_allowed: bool) -> None:
        self._dialer = dialer
        self._tls = tls
        self._plain_allowed = plain_allowed
        self._pools: list[HTTPConnectionPool] = []
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **kwargs)
        pools: dict[str, Any] = {"https": partial(self._pool, HTTPSConnectionPool)}
        if self._plain_allowed:
            pools["http"] = partial(self._pool, HTTPConnectionPool)
        self.poolmanager.pool_classes_by_scheme = pools

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context verifies, and its authorities are loaded already."""
        conn.cert_reqs = "CERT_REQUIRED"

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *args: Any, **kwargs: Any
    ) -> Any:
        """Look for the pool once: all requests of a line go to one origin."""
        if not self._pools:
            return super().get_connection_with_tls_context(request, *args, **kwargs)
        return self._pools[0]

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """Path and query as they are written: parsing them anew could only change them."""
        return "/" + str(request.url).split("/", 3)[3]

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Take no cookies, and guess no encoding."""
        answer = Response()
        answer.status_code, answer.raw = resp.status, resp
        answer.headers = CaseInsensitiveDict(resp.headers)
        return answer

    def close(self) -> None:
        """End what is connected now; urllib3 would leave it to the garbage collector."""
        for pool in self._pools:
            pool.close()
        super().close()

    def _pool(self, kind: type[HTTPConnectionPool], *args: Any, **kwargs: Any) -> Any:
        pool: Any = kind(*args, **kwargs)
        secure = kind is HTTPSConnectionPool
        connection = _PinnedHTTPSConnection if secure else _PinnedHTTPConnection
        pool.ConnectionCls = partial(connection, dialer=self._dialer)
        self._pools.append(pool)
        return pool
