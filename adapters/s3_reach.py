"""An unsigned request to an S3 host, over a connection such as transfers use.

Its name is resolved once, only public addresses are dialled unless the operator listed the
origin, and TLS is verified.
"""

import socket
import ssl
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

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
        url = urlsplit(origin)
        host, secure = url.hostname or "", url.scheme == "https"
        with dialer.dial(host, url.port or (443 if secure else 80)) as wire:
            wire.settimeout(ANSWER_SECONDS)
            connection = HTTPConnection(url.netloc)
            connection.sock = self._tls.wrap_socket(wire, server_hostname=host) if secure else wire
            with closing(connection):
                connection.request("GET", _NO_BUCKET, headers={"User-Agent": "landfall"})
                answer = connection.getresponse()
                headers = {name.lower(): value for name, value in answer.getheaders()}
                return Answer(answer.status, headers, answer.read(_MAX_BYTES))
