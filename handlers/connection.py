"""A client's connection: what it sent, and what it has yet to take. Nothing here waits for it.

gunicorn reads one request from it and writes the answer to it, as if it were a socket.
"""

import select
import socket
import struct
from contextlib import suppress

from gunicorn.http.errors import ParseException

from handlers.arriving import HEAD_BYTES, Arriving, Verdict

NEXT_SECONDS = 0.005
"""For the next request of a connection: a thread that stays costs less than one that is called."""
ANSWER_BYTES = 4 * 1024 * 1024
"""More than any answer has. It is held in memory until the client takes it."""
DRAINED_BYTES = 1024 * 1024
"""Read and thrown away after a refusal, so that the client can read why."""
_PIECE = 64 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_RESET = struct.pack("ii", 1, 0)  # struct linger of socket(7)


class RequestCutOff(ParseException):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's parser wants more than has arrived, or than is accepted."""


class Connection:
    """Used by the loop, or by the thread that serves its request, but not by both at once."""

    def __init__(self, client: socket.socket) -> None:
        client.settimeout(0)
        self.keeps = True
        """Whether another request may follow."""
        self._socket = client
        self._number = client.fileno()
        self._arrived = bytearray()
        """What was received and is not served yet."""
        self._arriving = Arriving()
        self._verdict = Verdict.PART
        self._ended = False
        """The client sends nothing more: it has gone, or only waits for its answer."""
        self._lost = False
        """Nothing can be sent any more."""
        self._request = memoryview(b"")
        """What gunicorn has yet to read of the request that is served."""
        self._served = Verdict.WHOLE
        self._unsent = bytearray()
        self._drained = 0

    @property
    def begun(self) -> bool:
        """Whether something of the next request is here."""
        return bool(self._arrived)

    @property
    def whole(self) -> bool:
        """Whether the next request can be served without waiting for the client."""
        return self._verdict is not Verdict.PART

    @property
    def gone(self) -> bool:
        """Whether there is nothing to serve, and nothing more comes."""
        return self._lost or (self._ended and not self.whole)

    @property
    def cut_off(self) -> bool:
        """Whether the request that is served lacks a part, or is malformed."""
        return self._served is not Verdict.WHOLE

    @property
    def unsent(self) -> bool:
        """Whether the client has yet to take a part of its answer."""
        return bool(self._unsent)

    def fileno(self) -> int:
        """Return what the poller knows it by, also after it is closed."""
        return self._number

    def receive(self) -> None:
        """Take what has arrived by now, and judge it."""
        try:
            piece = self._socket.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            self._lost = True
            return
        self._arrived += piece
        self._ended = not piece
        self.look()

    def look(self) -> None:
        """Judge whether the next request is whole; ask for its body if the client waits for that.

        https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
        """
        if self._arrived and not self.whole:
            self._verdict = self._arriving.look(self._arrived)
        if self.whole:
            return
        if self._ended and self._arriving.has_head:
            self._verdict = Verdict.REFUSED  # its body is cut off
        elif self._arriving.expects_continue:
            self._arriving.expects_continue = False
            with suppress(OSError):  # whether it has gone is seen when it is answered
                self._socket.send(_CONTINUE)

    def has_next(self) -> bool:
        """Return whether the next request is whole within `NEXT_SECONDS`."""
        self.look()
        if not self.whole and not self._ended and self._is_readable(NEXT_SECONDS):
            self.receive()
        return self.whole

    def begin(self) -> None:
        """Serve the request that is whole: gunicorn reads it, and no byte behind it."""
        self._served = self._verdict
        length = self._arriving.length if self._served is Verdict.WHOLE else len(self._arrived)
        if not self._arriving.has_head:
            length = HEAD_BYTES  # gunicorn itself would take more, if it has it at once
        self._request = memoryview(bytes(self._arrived[:length]))
        del self._arrived[:length]
        self._arriving, self._verdict = Arriving(), Verdict.PART

    def flush(self) -> None:
        """Send as much of the answer as the client takes by now."""
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._lost = True
            self._unsent.clear()

    def finish(self) -> bool:
        """Send nothing more; return whether it can be closed, for all was read.

        To close a connection with unread data resets it, which can cost the client its answer.
        https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        everything = not self.cut_off and not self._arrived
        if self._lost or self._ended or (everything and not self._is_readable(0)):
            return True
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            return True
        return self.drain()

    def drain(self) -> bool:
        """Throw away what has arrived; return whether that is all, or enough."""
        try:
            size = len(self._socket.recv(_PIECE))
        except BlockingIOError:
            return False
        except OSError:
            return True
        self._drained += size
        return not size or self._drained > DRAINED_BYTES

    def _is_readable(self, seconds: float) -> bool:
        look = select.poll()
        look.register(self._number, select.POLLIN)
        return bool(look.poll(seconds * 1000))

    # What follows is what gunicorn uses of a socket; tests/contract/test_gunicorn.py lists it.

    def recv(self, size: int) -> bytes:
        """Return more of the request that is served, and nothing at the end of a cut off one.

        Raises:
            RequestCutOff: gunicorn would have to wait for the client.
        """
        piece = bytes(self._request[:size])
        if not piece and not (self._ended and self._served is Verdict.REFUSED):
            raise RequestCutOff
        self._request = self._request[size:]
        return piece

    def send(self, data: bytes) -> int:
        """Drop it: gunicorn sends nothing this way but `100 Continue`, which look() has sent."""
        return len(data)

    def sendall(self, data: bytes) -> None:
        """Keep it for flush(), so that an answer leaves as one."""
        if len(self._unsent) + len(data) > ANSWER_BYTES:
            raise OverflowError(f"The answer is larger than {ANSWER_BYTES} bytes.")
        self._unsent += data

    def settimeout(self, seconds: float | None) -> None:
        """Nothing waits."""

    def setblocking(self, blocking: bool) -> None:
        """Nothing waits."""

    def gettimeout(self) -> float | None:
        return None

    def shutdown(self, how: int) -> None:
        """gunicorn gives the answer up half-way, and closes next."""

    def close(self) -> None:
        """Close it; reset it if the client has not taken its answer, which the kernel would keep.

        https://nginx.org/en/docs/http/ngx_http_core_module.html#reset_timedout_connection
        """
        if self._unsent:
            self._unsent.clear()
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._lost = True
        with suppress(OSError):  # the descriptor is gone all the same
            self._socket.close()
