"""A client's connection, whose reads for one request share one deadline."""

import socket
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
