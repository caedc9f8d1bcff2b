"""gunicorn's worker with threads, as it is, but for what it has no settings for.

A request must arrive, and its answer be taken, within a time, or one slow client per thread
stops the service. A client that does not close after its last answer must hold up nobody else.
And what gunicorn itself refuses is answered in our form, without repeating what was sent: a
request line may hold a key, and a broken one is no reason to write it down.
"""

import errno
import json
import select
import socket
import time
from collections import deque
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from handlers.errors import SERVER_TEXTS, UNREADABLE, envelope

REQUEST_SECONDS = 10.0
"""For the whole of a request, which has at most 64 KiB, and again for each piece of its answer."""
NEXT_SECONDS = 0.005
"""For the next request of a connection: a thread that stays costs less than one that is called."""
LINGER_SECONDS = 0.2
"""For the client to close after its last answer: closing first could cost it the answer."""


class Hurried:
    """A client's connection, whose reads share one deadline, and whose writes have one.

    All else goes to the socket.
    """

    def __init__(self, connection: socket.socket, seconds: float = REQUEST_SECONDS) -> None:
        self._connection = connection
        self._seconds = seconds
        self._ends = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def begin(self) -> None:
        """A new request may take its time from now on."""
        self._ends = time.monotonic() + self._seconds

    def says_more(self) -> bool:
        """Whether something comes within `NEXT_SECONDS`, be it the end."""
        look = select.poll()
        look.register(self._connection, select.POLLIN)
        return bool(look.poll(NEXT_SECONDS * 1000))

    def finish(self) -> None:
        """Let the client read its answer and close; after that nothing is waited for any more.

        gunicorn itself would wait on its only loop, up to 2 s for each client that does not close.
        """
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            self._ends = time.monotonic() + LINGER_SECONDS
            self._connection.settimeout(LINGER_SECONDS)
            while self.recv(4096):
                pass
        self._ends = 0.0

    def recv(self, size: int) -> bytes:
        """Raise ConnectionResetError when the time is over, as if the client had gone.

        Returning nothing would be wrong: it is the regular end of a request.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise _too_slow()
        timeout = self._connection.gettimeout()
        if timeout is not None and timeout <= left:
            return self._connection.recv(size)
        self._connection.settimeout(left)
        try:
            return self._connection.recv(size)
        except TimeoutError:
            raise _too_slow() from None
        finally:
            self._connection.settimeout(timeout)

    def sendall(self, data: bytes) -> None:
        """Raise ConnectionResetError when the client does not take it in time.

        Many requests on one connection fill it with answers, if nobody reads them.
        """
        timeout = self._connection.gettimeout()
        if timeout is None:
            self._connection.settimeout(self._seconds)
        try:
            self._connection.sendall(data)
        except TimeoutError:
            raise _too_slow() from None
        finally:
            self._connection.settimeout(timeout)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Named in gunicorn.conf.py."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: deque[None] = deque()
        """As long as the queue of those for whom no thread is free yet."""

    def enqueue_req(self, conn: Any) -> None:
        self._waiting.append(None)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> bool:
        """Serve requests of a connection, on a thread; return whether to keep it.

        The thread goes on as long as they follow each other closely and nobody waits for it. A
        connection that has said nothing within 5 s is not kept either, as gunicorn would.
        """
        self._waiting.pop()
        if not isinstance(conn.sock, Hurried):
            conn.sock = Hurried(conn.sock)
        keeps = self._serve(conn)
        while keeps and not self._waiting and conn.sock.says_more():
            keeps = self._serve(conn)
        if not keeps:
            conn.sock.finish()
        return keeps

    def _serve(self, conn: Any) -> bool:
        conn.sock.begin()
        return super().handle(conn) is True

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Hang up if a body that nobody read turns out broken: its request has its answer already.

        gunicorn would send another, which whoever shares the connection takes for the next one's.
        """
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except ParseException:
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what never reached the app."""
        if isinstance(exc, ParseException):
            self.log.warning("MALFORMED_BODY: what came is no request (%s).", type(exc).__name__)
            answer = _answer("MALFORMED_BODY", UNREADABLE)
        else:
            self.log.error("Unexpected %s", type(exc).__name__, exc_info=exc)
            answer = _answer("INTERNAL", SERVER_TEXTS[500])
        with suppress(OSError):  # it may have gone
            write_nonblock(client, answer)


def _answer(reason: str, text: str) -> bytes:
    code, fields = envelope(reason, text)
    body = json.dumps(fields).encode()
    head = (
        f"HTTP/1.1 {code} {HTTPStatus(code).phrase}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode() + body


def _too_slow() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "The client is too slow.")
