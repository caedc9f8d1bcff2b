"""The worker's loop over real sockets, in this process, with little time for its clients."""

import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

from handlers.worker import Worker

SECONDS = 0.2
LATE_SECONDS = 6 * SECONDS
CONNECTIONS = 5
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = GET.replace(b"/ ", b"/large ")
LARGE_BYTES = 3 * 2**20
CLOSING = GET.replace(b"Host", b"Connection: close\r\nHost")


class Hasty(Worker):
    request_seconds = answer_seconds = drain_seconds = SECONDS


class Refusing:
    """A listener that fails a few times."""

    def __init__(self, listener: socket.socket, number: int, times: int) -> None:
        self._listener, self._number, self.times = listener, number, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)

    def accept(self) -> Any:
        if self.times:
            self.times -= 1
            raise OSError(self._number, "refused")
        return self._listener.accept()


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = LARGE_BYTES * b"x" if environ["PATH_INFO"] == "/large" else b"heron"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class Running:
    """A worker with one thread, set up as gunicorn's `init_process` does, but for signals."""

    def __init__(self, listener: Any) -> None:
        config = Config()
        for name, value in {"worker_connections": CONNECTIONS, "keepalive": 60}.items():
            config.set(name, value)
        self.worker = Hasty(1, os.getppid(), [listener], None, 60, config, Logger(config))
        self.worker.tpool = self.worker.get_thread_pool()
        self.worker.poller = selectors.DefaultSelector()
        self.worker.method_queue.init()
        self.worker.wsgi = app
        self._address = listener.getsockname()
        self._loop = threading.Thread(target=self.worker.run, daemon=True)

    def start(self) -> None:
        self._loop.start()

    def connect(self, sent: bytes = b"", receives: int = 0) -> socket.socket:
        client = socket.socket()
        if receives:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        client.settimeout(5)
        client.connect(self._address)
        client.sendall(sent)
        return client

    def stop(self) -> float:
        """Stop as SIGTERM does; return after how many seconds it did."""
        began = time.monotonic()
        self.worker.handle_exit(15, None)
        self._loop.join(10)
        assert not self._loop.is_alive()
        self.worker.tpool.shutdown()
        self.worker.tmp.close()
        return time.monotonic() - began


@contextmanager
def running(failing: int = 0, times: int = 0) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = Running(Refusing(listener, failing, times))
        one.start()
        try:
            yield one
        finally:
            one.stop()


def seconds_to_end(client: socket.socket) -> float:
    began = time.monotonic()
    try:
        while client.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - began
