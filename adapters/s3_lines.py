"""Connections to S3 that are kept for the next object: a handshake costs more than a small one.

A line is kept only after its answer was read to the exact end. A surplus that S3 has sent by
then is noticed before the line is used again, and every answer is held to the ETag asked for.
"""

import ssl
import threading
import weakref
from collections.abc import Callable

from adapters.pinned_http import Dialer, PinnedAdapter
from transfer.presigned_url import PresignedUrl

MAX_KEPT = 32
"""Of all origins together; the oldest is hung up first."""


class Line:
    """One connection at a time, to one origin, for one transfer after the other."""

    def __init__(self, dialer: Dialer, tls: ssl.SSLContext, plain_allowed: bool) -> None:
        self.dialer = dialer
        self.adapter = PinnedAdapter(dialer, tls, plain_allowed)
        self.origin = ""

    def close(self) -> None:
        self.adapter.close()
        self.dialer.close()


class Lines:
    """Those that are kept, the latest last. Threads share it."""

    def __init__(self, new_line: Callable[[bool], Line]) -> None:
        self._new_line = new_line
        self._lock = threading.Lock()
        self._kept: list[Line] = []
        weakref.finalize(self, _hang_up, self._kept)

    def kept(self, url: PresignedUrl) -> Line | None:
        """Take the line to this URL's origin that was used last, if there is any."""
        origin = _origin(url)
        with self._lock:
            for at in reversed(range(len(self._kept))):
                if self._kept[at].origin == origin:
                    return self._kept.pop(at)
        return None

    def fresh(self, url: PresignedUrl) -> Line:
        line = self._new_line(url.listed)
        line.origin = _origin(url)
        return line

    def keep(self, line: Line) -> None:
        line.dialer.rest()
        with self._lock:
            self._kept.append(line)
            surplus = self._kept.pop(0) if len(self._kept) > MAX_KEPT else None
        if surplus is not None:
            surplus.close()


def _hang_up(lines: list[Line]) -> None:
    for line in lines:
        line.close()


def _origin(url: PresignedUrl) -> str:
    """Scheme, host and port. The text was checked: its third slash begins the path."""
    return "/".join(url.reveal().split("/", 3)[:3])
