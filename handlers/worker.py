"""gunicorn's worker with threads, whose threads wait for no client.

The loop keeps a connection until its request is whole, and only then gives it to a thread. What
the client does not take of its answer at once goes back to the loop, and so does the end of the
connection. Whatever clients leave half done thus costs a descriptor, and that for a limited time.
https://en.wikipedia.org/wiki/Slowloris_(cyber_attack)

What gunicorn itself refuses is answered in our form, without repeating what was sent: a request
line may hold a key.
"""

import errno
import json
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.errors import ConfigError
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from handlers.connection import Connection
from handlers.errors import SERVER_TEXTS, UNREADABLE, envelope

SEND_BUFFER_BYTES = 4 * 1024
"""Of the kernel, for each connection: it would keep MiB of answers for a client that reads none.

Most answers are smaller. The kernel doubles it. https://man7.org/linux/man-pages/man7/tcp.7.html
"""
_SWEEP_SECONDS = 0.25
_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Named in gunicorn.conf.py."""

    request_seconds = 10.0
    """For the whole of a request, which has at most 64 KiB."""
    answer_seconds = 10.0
    """For the client to take its answer."""
    drain_seconds = 2.0
    """For the client to read why it was refused, before a connection with unread data is closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: deque[None] = deque()
        """As long as the queue of those for whom no thread is free yet."""
        self._held: dict[Any, None] = {}
        """Connections that wait in the loop, the one that has waited longest first."""
        self._next_sweep = 0.0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse settings of gunicorn that `Connection` is not made for."""
        wrong = [
            name
            for name, is_set in {
                "certfile or keyfile": cfg.is_ssl,
                "http_protocols": list(cfg.http_protocols) != ["h1"],
                "http2_cleartext": cfg.http2_cleartext != "off",
                "protocol": cfg.protocol != "http",
                "proxy_protocol": cfg.proxy_protocol != "off",
                "sendfile": cfg.sendfile is not False,
                "http_parser": cfg.http_parser != "python",
            }.items()
            if is_set
        ]
        if wrong:
            raise ConfigError(
                "Landfall serves plain HTTP/1.1 only, as gunicorn.conf.py sets it: remove the "
                f"setting of {', '.join(wrong)}."
            )
        super().check_config(cfg, log)

    def init_process(self) -> None:
        """Set what accepted connections inherit."""
        for listener in self.sockets:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Take one more connection; often its request is there already."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in _FULL:
                self._drop_oldest()
                time.sleep(0.01)  # the listener stays readable
            elif error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
                raise
            return
        conn = TConn(self.cfg, Connection(client), address, listener.getsockname())
        conn.data_ready = True
        self.nr_conns += 1
        self._try(conn, self._begin)

    def _begin(self, conn: Any) -> None:
        conn.sock.receive()
        self._continue(conn, self.request_seconds)

    def _try(self, conn: Any, step: Callable[[Any], None]) -> None:
        """What fails for one connection ends that one, and not the worker with all transfers.

        Such as a thread that cannot be started, for the machine has no more.
        """
        try:
            step(conn)
        except Exception as error:
            self.log.error("Unexpected %s, at a connection", type(error).__name__, exc_info=error)
            if conn in self._held:
                self._release(conn)
            self._close(conn)

    def _continue(self, conn: Any, idle_seconds: float) -> None:
        """Do what is next for a connection that neither waits nor is served."""
        client = conn.sock
        if client.unsent:
            self._hold(conn, selectors.EVENT_WRITE, self._on_room, self.answer_seconds)
        elif not client.keeps:
            self._end(conn)
        else:
            client.look()
            if client.whole:
                self.enqueue_req(conn)
            elif client.gone:
                self._close(conn)
            else:
                seconds = self.request_seconds if client.begun else idle_seconds
                self._hold(conn, selectors.EVENT_READ, self._on_arrival, seconds)

    def _on_arrival(self, conn: Any) -> None:
        client, begun = conn.sock, conn.sock.begun
        client.receive()
        if client.whole or client.gone:
            self._release(conn)
            self._continue(conn, self.cfg.keepalive)
        elif client.begun and not begun:  # its time counts from now on, and not from byte to byte
            conn.timeout = min(conn.timeout, time.monotonic() + self.request_seconds)
            self._held[conn] = self._held.pop(conn)

    def _on_room(self, conn: Any) -> None:
        conn.sock.flush()
        if not conn.sock.unsent:
            self._release(conn)
            self._continue(conn, self.cfg.keepalive)

    def _on_rest(self, conn: Any) -> None:
        if conn.sock.drain():
            self._release(conn)
            self._close(conn)

    def _end(self, conn: Any) -> None:
        if conn.sock.finish():
            self._close(conn)
        else:
            self._hold(conn, selectors.EVENT_READ, self._on_rest, self.drain_seconds)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.sock.close()

    def _hold(self, conn: Any, event: int, then: Callable[[Any], None], seconds: float) -> None:
        """Wait for the client, for a limited time."""
        if not self.alive:
            seconds = min(seconds, STOP_KEEPALIVE_LINGER)
        conn.timeout = time.monotonic() + seconds
        self.poller.register(conn.sock.fileno(), event, partial(self._resume, conn, then))
        self._held[conn] = None
        if self.nr_conns >= self.worker_connections:
            # Or a client that opens one connection after the other would keep all others out.
            self._drop_oldest()

    def _resume(self, conn: Any, then: Callable[[Any], None], _: Any) -> None:
        if conn in self._held:  # it may have been dropped since the poller found it ready
            self._try(conn, then)

    def _release(self, conn: Any) -> None:
        self.poller.unregister(conn.sock.fileno())
        del self._held[conn]

    def _drop(self, conn: Any) -> None:
        self._release(conn)
        self._close(conn)

    def _drop_oldest(self) -> None:
        if oldest := next(iter(self._held), None):
            self._drop(oldest)

    def murder_keepalived(self, force: bool = False) -> None:
        """Drop those whose time is over, or all."""
        now = time.monotonic()
        if force or now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            for conn in [conn for conn in self._held if force or conn.timeout <= now]:
                self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """A stopping worker waits for no client any longer than this."""
        for conn in self._held:
            conn.timeout = min(conn.timeout, deadline)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        seconds = _SWEEP_SECONDS if self._held or not self.alive else timeout
        super().wait_for_and_dispatch_events(min(seconds, timeout))

    def enqueue_req(self, conn: Any) -> None:
        self._waiting.append(None)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> bool:
        """Serve requests of a connection, on a thread.

        The thread goes on as long as they follow each other closely and nobody waits for it.
        """
        self._waiting.pop()
        client = conn.sock
        self._serve(conn)
        while client.keeps and not client.unsent and not self._waiting and client.has_next():
            self._serve(conn)
        return bool(client.keeps)

    def _serve(self, conn: Any) -> None:
        client = conn.sock
        client.begin()
        # What gunicorn read and did not use would be taken for the beginning of the next request.
        client.keeps = super().handle(conn) is True and not conn.parser.unreader.take_buffered()
        client.flush()

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Announce the end of a connection where it is not known where the next request begins.

        Or where that is here already while there are as many connections as may be: with requests
        without end, none of them would ever wait, and nobody else's be accepted.
        """
        if conn.sock.cut_off or (conn.sock.begun and self.nr_conns >= self.worker_connections):
            req.force_close()
        return bool(super().handle_request(req, conn))

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Continue in the loop, after a thread served the connection."""
        conn.sock.keeps = not fs.cancelled() and fs.exception() is None and fs.result()
        self._try(conn, partial(self._continue, idle_seconds=self.cfg.keepalive))

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Read what nobody read of the body; hang up if it turns out broken, for it was answered.

        gunicorn would send another answer then, which is taken for that to the next request. It
        would also hang up on a body of 64 KiB, unannounced, as reading it might take long.
        """
        try:
            return keepalive and bool(conn.parser.finish_body())
        except ParseException:
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what never reached the app."""
        if isinstance(exc, ParseException):
            self.log.warning(
                "MALFORMED_BODY: what came is no request, or one with too long a line or too many "
                "headers (%s).",
                type(exc).__name__,
            )
            client.sendall(_answer("MALFORMED_BODY", UNREADABLE))
        else:
            self.log.error("Unexpected %s", type(exc).__name__, exc_info=exc)
            client.sendall(_answer("INTERNAL", SERVER_TEXTS[500]))


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
