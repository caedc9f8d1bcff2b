"""The worker's loop over real sockets, in this process, with little time for its clients."""

import errno
import os
import random
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from handlers.connection import NEXT_SECONDS
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


class Exhausted:
    """A pool whose next thread cannot be started a few times."""

    def __init__(self, pool: Any, times: int) -> None:
        self._pool, self.times = pool, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def submit(self, *args: Any) -> Any:
        if self.times:
            self.times -= 1
            raise RuntimeError("can't start new thread")
        return self._pool.submit(*args)


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


@pytest.fixture(scope="module")
def worker() -> Iterator[Running]:
    with running() as one:
        yield one


def seconds_to_end(client: socket.socket) -> float:
    began = time.monotonic()
    try:
        while client.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - began


HALVES = {
    "nothing": b"",
    "half a line": b"GET /",
    "half a head": GET[:-2],
    "half a body": b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx",
    "half a chunk": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nx",
    "half of the next": GET + GET[:-2],
}


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
def test_a_half_request_has_its_time(worker: Running, half: bytes) -> None:
    with worker.connect(half) as client:
        assert 0.5 * SECONDS < seconds_to_end(client) < LATE_SECONDS


def test_a_byte_now_and_then_gains_no_time(worker: Running) -> None:
    with worker.connect(GET[:-2]) as client:
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < 10:
                client.sendall(b"A")
                time.sleep(SECONDS / 10)
        assert time.monotonic() - began < LATE_SECONDS


def test_an_idle_connection_is_kept_longer_than_a_request_may_take(worker: Running) -> None:
    with worker.connect(GET) as client:
        assert client.recv(4096)
        time.sleep(LATE_SECONDS)
        client.sendall(GET)
        assert client.recv(4096).endswith(b"heron")


def test_half_of_a_later_request_has_its_time_from_its_first_byte(worker: Running) -> None:
    with worker.connect(GET) as client:
        assert client.recv(4096)
        time.sleep(2 * NEXT_SECONDS)
        client.sendall(GET[:-2])
        assert 0.5 * SECONDS < seconds_to_end(client) < LATE_SECONDS


def test_a_slow_reader_gets_all_of_its_answer_and_holds_no_thread(worker: Running) -> None:
    with worker.connect(LARGE, receives=65536) as slow, worker.connect(GET) as other:
        assert other.recv(4096).endswith(b"heron")
        read = 0
        while read < LARGE_BYTES:
            read += len(slow.recv(65536))
        slow.sendall(GET)
        assert b"heron" in slow.recv(4096)


def test_a_client_that_takes_no_answer_is_reset_in_time(worker: Running) -> None:
    with worker.connect(3 * LARGE, receives=4096) as client:
        time.sleep(LATE_SECONDS)
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: client.recv(65536), b""))


def test_a_refused_client_that_goes_on_sending_reads_why(worker: Running) -> None:
    with worker.connect(b"heron\r\n\r\n") as client:
        for _ in range(10):
            client.sendall(1000 * b"x")
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert seconds_to_end(client) < LATE_SECONDS


@pytest.mark.parametrize("size", [65535, 65536, 65537])
def test_a_body_that_the_app_does_not_read_costs_the_next_request_nothing(
    worker: Running, size: int
) -> None:
    body = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size + size * b"x"
    with worker.connect(body + CLOSING) as client:
        assert b"".join(iter(lambda: client.recv(4096), b"")).count(b"heron") == 2


@pytest.mark.parametrize("piece", [1000, 100_000])
def test_a_head_is_too_large_in_whatever_pieces_it_arrives(worker: Running, piece: int) -> None:
    head = GET[:-2] + b"".join(b"%d: " % n + 8000 * b"x" + b"\r\n" for n in range(5)) + b"\r\n"
    with worker.connect() as client:
        for begin in range(0, len(head), piece):
            client.sendall(head[begin : begin + piece])
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_the_oldest_waiting_connection_makes_room(worker: Running) -> None:
    idle = [worker.connect(GET) for _ in range(CONNECTIONS - 1)]
    assert all(client.recv(4096).endswith(b"heron") for client in idle)
    halves = [worker.connect(b"GET /") for _ in range(2)]

    assert idle[0].recv(1) == b""
    with worker.connect(GET) as other:
        assert other.recv(4096).endswith(b"heron")
    halves[-1].sendall(GET[5:])
    assert halves[-1].recv(4096)
    for client in (*idle, *halves):
        client.close()


def test_clients_with_requests_without_end_keep_nobody_out(worker: Running) -> None:
    busy = [worker.connect(400 * GET) for _ in range(CONNECTIONS)]
    with worker.connect(GET) as other:
        assert other.recv(4096).endswith(b"heron")

    answers = b""
    for client in busy:
        client.settimeout(SECONDS)
        with suppress(TimeoutError, ConnectionError):
            while piece := client.recv(65536):
                answers += piece
        client.close()
    assert b"Connection: close" in answers


def test_nothing_is_left_of_clients_that_do_anything_at_all(worker: Running) -> None:
    """A connection that is counted for ever would in the end keep all others out."""
    rng = random.Random(3)
    for _ in range(300):
        client = worker.connect()
        with suppress(ConnectionError, TimeoutError):
            for _ in range(rng.randint(0, 3)):
                client.sendall(rng.choice([*HALVES.values(), CLOSING, LARGE, b"x\r\n\r\n"]))
            if rng.random() < 0.3:
                client.settimeout(0.05)
                client.recv(4096)
        if rng.random() < 0.5:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    with worker.connect(CLOSING) as client:
        assert client.recv(4096).endswith(b"heron")

    ends = time.monotonic() + 10
    while worker.worker.nr_conns and time.monotonic() < ends:
        time.sleep(0.05)
    assert worker.worker.nr_conns == 0


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ECONNABORTED])
def test_a_failed_accept_does_not_end_the_worker(number: int) -> None:
    with running(number, times=3) as one, one.connect(GET) as client:
        assert client.recv(4096).endswith(b"heron")


def test_what_was_dropped_in_the_same_round_of_events_is_left_alone() -> None:
    """The poller found it ready before another connection took its place."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = Running(listener)
        with one.connect(), one.connect():
            one.worker.accept(listener)
            one.worker.accept(listener)
            first, second = (key.data for key in list(one.worker.poller.get_map().values()))
            one.worker.murder_keepalived(force=True)

            first(None)
            second(None)

        assert one.worker.nr_conns == 0
        one.worker.poller.close()
        one.worker.method_queue.close()
        one.worker.tmp.close()


def test_what_fails_for_one_connection_ends_that_one_alone() -> None:
    """First a new connection, then one that waited for its client."""
    with running() as one, one.connect(GET[:-2]) as waits:
        one.worker.tpool = Exhausted(one.worker.tpool, times=2)
        with one.connect(GET) as new:
            assert seconds_to_end(new) < LATE_SECONDS
        waits.sendall(b"\r\n")
        assert waits.recv(4096) == b""
        assert one.worker.tpool.times == 0
        with one.connect(CLOSING) as client:
            assert client.recv(4096).endswith(b"heron")

        ends = time.monotonic() + 5
        while one.worker.nr_conns and time.monotonic() < ends:
            time.sleep(0.02)
        assert one.worker.nr_conns == 0


def test_a_stopping_worker_answers_what_comes_and_waits_no_longer_than_needed() -> None:
    with running() as one:
        idle, half, deaf = one.connect(GET), one.connect(b"GET /"), one.connect(LARGE)
        assert idle.recv(4096)
        stopping = threading.Thread(target=one.stop)
        stopping.start()
        time.sleep(0.2)
        idle.sendall(GET)
        assert b"Connection: close" in idle.recv(4096)
        stopping.join(3.5)
        assert not stopping.is_alive()
        for client in (idle, half, deaf):
            client.close()
