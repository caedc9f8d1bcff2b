"""What the worker's loop does for slow, silent and broken clients, over real sockets."""

import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from handlers.connection import NEXT_SECONDS
from tests.unit.handlers.running_worker import (
    CLOSING,
    CONNECTIONS,
    GET,
    LARGE,
    LARGE_BYTES,
    LATE_SECONDS,
    SECONDS,
    Running,
    running,
    seconds_to_end,
)


@pytest.fixture(scope="module")
def worker() -> Iterator[Running]:
    with running() as one:
        yield one


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
    """A connection that stays counted after its end would in time keep all others out."""
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
