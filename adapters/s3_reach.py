"""An unsigned request to an S3 host, over a connection such as transfers use.

Its name is resolved once, only public addresses are dialled unless the operator listed the
origin, and TLS is verified.
"""

import socket
import ssl
import time
from contextlib import closing
from http.client import HTTPException

from adapters.http_connection import Connection
from adapters.kept_connections import Answer
from adapters.pinned_http import Dialer, Resolve, new_tls_context
from adapters.unreachable import why_unreachable
from transfer.errors import SourceUnavailable

ANSWER_SECONDS = 10.0
_MAX_BYTES = 64 * 1024
_NO_BUCKET = "/-"  # S3 takes no bucket of that name, so the answer is about nobody's


class S3Reach:
    """Asks hosts whether they are S3. Threads may share it."""

    def __init__(
        self, tls: ssl.SSLContext | None = None, resolve: Resolve = socket.getaddrinfo
    ) -> None:
        self._tls = tls or new_tls_context()
        self._resolve = resolve

    def ask(self, origin: str, listed: bool) -> Answer:
        """Return what the host answers, which is an error if it is S3.

        Raises:
            SourceUnavailable: It says why no answer came.
        """
        dialer = Dialer(listed, self._resolve)
        dialer.cut_off_at(time.monotonic() + ANSWER_SECONDS)
        with closing(dialer):
            try:
                return self._exchange(dialer, origin)
            except (OSError, HTTPException) as error:
                why = why_unreachable(TimeoutError() if dialer.is_cut else error)
        raise SourceUnavailable(why)

    def _exchange(self, dialer: Dialer, origin: str) -> Answer:
        scheme, _, host = origin.split("/")
        connection = Connection(host, ANSWER_SECONDS, self._tls if scheme == "https:" else None)
        with closing(connection):
            connection.use(dialer.dial(connection.host, connection.port))
            connection.wire.settimeout(ANSWER_SECONDS)
            connection.ask("GET", _NO_BUCKET, {"User-Agent": "landfall"})
            answer = connection.answer()
            return Answer(answer.status, answer.fields, answer.read(_MAX_BYTES))
