"""A client's connection: a request, and its answer, have their time."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from handlers.worker import Hurried

SECONDS = 0.2
Pair = tuple[socket.socket, Hurried]


@pytest.fixture
def pair() -> Iterator[Pair]:
    client, server = socket.socketpair()
    with client, server:
        hurried = Hurried(server, SECONDS)
        hurried.begin()
        yield client, hurried


def test_what_arrives_in_time_is_read(pair: Pair) -> None:
    client, hurried = pair
    client.sendall(b"heron")

    assert hurried.recv(3) + hurried.recv(3) == b"heron"


def test_the_end_is_an_end_and_no_delay(pair: Pair) -> None:
    client, hurried = pair
    client.shutdown(socket.SHUT_WR)

    assert hurried.recv(3) == b""


def test_silence_is_ended(pair: Pair) -> None:
    _, hurried = pair
    began = time.monotonic()

    with pytest.raises(ConnectionResetError):
        hurried.recv(1)

    assert SECONDS <= time.monotonic() - began < 10 * SECONDS


def test_a_byte_now_and_then_gains_no_time(pair: Pair) -> None:
    client, hurried = pair
    began = time.monotonic()

    def reads() -> Iterator[bytes]:
        while True:
            client.sendall(b"x")
            yield hurried.recv(1)
            time.sleep(SECONDS / 4)

    with pytest.raises(ConnectionResetError):
        list(reads())

    assert time.monotonic() - began < 3 * SECONDS


def test_an_answer_is_sent(pair: Pair) -> None:
    client, hurried = pair

    hurried.sendall(b"heron")

    assert client.recv(9) == b"heron"


def test_a_client_that_does_not_take_its_answer_is_let_go(pair: Pair) -> None:
    _, hurried = pair
    began = time.monotonic()

    with pytest.raises(ConnectionResetError):
        hurried.sendall(10_000_000 * b"x")

    assert SECONDS <= time.monotonic() - began < 10 * SECONDS
    assert hurried.gettimeout() is None


def test_an_answer_in_small_sips_gains_no_time(pair: Pair) -> None:
    client, hurried = pair
    done = threading.Event()

    def sip() -> None:
        while not done.wait(SECONDS / 10):
            client.recv(4096)

    sipping = threading.Thread(target=sip)
    sipping.start()
    try:
        with pytest.raises(ConnectionResetError):
            hurried.sendall(10_000_000 * b"x")
    finally:
        done.set()
        sipping.join()


def test_the_next_request_has_its_own_time(pair: Pair) -> None:
    client, hurried = pair
    time.sleep(SECONDS)
    client.sendall(b"x")

    with pytest.raises(ConnectionResetError):
        hurried.recv(1)
    hurried.begin()
    assert hurried.recv(1) == b"x"


@pytest.mark.parametrize("timeout", [None, 60.0])
def test_the_sockets_own_timeout_is_left_as_it_is(pair: Pair, timeout: float | None) -> None:
    client, hurried = pair
    hurried.settimeout(timeout)
    client.sendall(b"x")

    hurried.recv(1)

    assert hurried.gettimeout() == timeout


def test_a_shorter_timeout_of_the_socket_still_holds(pair: Pair) -> None:
    _, hurried = pair
    hurried.settimeout(SECONDS / 10)

    with pytest.raises(TimeoutError):
        hurried.recv(1)
