"""A client's connection, as the loop and gunicorn use it: nothing of it waits."""

import socket
import struct
from collections.abc import Iterator

import pytest

from handlers.connection import ANSWER_BYTES, DRAINED_BYTES, Connection, RequestCutOff

HEAD = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n"
REQUEST = HEAD + b"\r\nheron"
Pair = tuple[socket.socket, Connection]


@pytest.fixture
def pair() -> Iterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        client = socket.create_connection(door.getsockname(), timeout=5)
        connection = Connection(door.accept()[0])
        with client:
            yield client, connection
            connection.close()


def arrives(pair: Pair, data: bytes) -> None:
    client, connection = pair
    client.sendall(data)
    connection.receive()


def served(connection: Connection) -> bytes:
    """Read a request as gunicorn would, with a piece of its own choice."""
    connection.begin()
    return connection.recv(16) + connection.recv(8192)


def test_a_request_is_whole_once_its_last_byte_is_there(pair: Pair) -> None:
    _, connection = pair
    arrives(pair, REQUEST[:-1])
    assert (connection.begun, connection.whole, connection.gone) == (True, False, False)

    arrives(pair, REQUEST[-1:])

    assert connection.whole
    assert served(connection) == REQUEST


def test_nothing_that_arrived_is_no_wait(pair: Pair) -> None:
    pair[1].receive()

    assert not pair[1].begun


def test_gunicorn_cannot_wait_for_more_than_a_request(pair: Pair) -> None:
    arrives(pair, REQUEST + REQUEST)
    served(pair[1])

    with pytest.raises(RequestCutOff):
        pair[1].recv(1)


def test_requests_in_one_piece_are_served_one_by_one(pair: Pair) -> None:
    _, connection = pair
    arrives(pair, REQUEST + REQUEST.replace(b"heron", b"egret") + REQUEST[:9])

    assert served(connection) == REQUEST
    assert not connection.whole  # until it is looked for
    assert connection.has_next()
    assert served(connection).endswith(b"egret")
    assert (connection.has_next(), connection.begun) == (False, True)


def test_a_malformed_request_is_served_with_all_there_is(pair: Pair) -> None:
    arrives(pair, b"heron, egret\r\nstork")

    assert pair[1].whole
    assert served(pair[1]) == b"heron, egret\r\nstork"
    with pytest.raises(RequestCutOff):
        pair[1].recv(1)


def test_a_client_that_only_waits_for_its_answer_is_answered(pair: Pair) -> None:
    client, connection = pair
    arrives(pair, REQUEST)
    client.shutdown(socket.SHUT_WR)
    connection.receive()

    assert (connection.whole, connection.gone) == (True, False)
    served(connection)
    connection.sendall(b"egret")
    connection.flush()

    assert client.recv(9) == b"egret"
    assert connection.finish()


def test_half_a_body_and_an_end_are_served_as_cut_off(pair: Pair) -> None:
    client, connection = pair
    client.sendall(REQUEST[:-1])
    client.shutdown(socket.SHUT_WR)
    connection.receive()
    connection.receive()

    assert connection.whole
    assert served(connection) == REQUEST[:-1]
    assert connection.recv(1) == b""


@pytest.mark.parametrize("sent", [b"", b"POST / HT", HEAD])
def test_half_a_head_and_an_end_are_nothing(pair: Pair, sent: bytes) -> None:
    client, connection = pair
    client.sendall(sent)
    client.shutdown(socket.SHUT_WR)
    connection.receive()
    connection.receive()

    assert (connection.whole, connection.gone) == (False, True)


def test_a_client_that_resets_is_gone(pair: Pair) -> None:
    client, connection = pair
    arrives(pair, HEAD)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    connection.receive()

    assert connection.gone
    assert connection.finish()


def test_a_client_that_waits_is_asked_for_its_body_once(pair: Pair) -> None:
    client, connection = pair
    arrives(pair, HEAD + b"Expect: 100-continue\r\n\r\n")
    arrives(pair, b"her")
    arrives(pair, b"on")
    connection.begin()
    connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")  # as gunicorn would
    connection.sendall(b"answer")
    connection.flush()

    assert client.recv(99) == b"HTTP/1.1 100 Continue\r\n\r\nanswer"


def test_a_body_that_is_there_is_not_asked_for(pair: Pair) -> None:
    client, connection = pair
    arrives(pair, HEAD + b"Expect: 100-continue\r\n\r\nheron")
    connection.begin()
    connection.sendall(b"answer")
    connection.flush()

    assert client.recv(99) == b"answer"


def test_what_the_client_does_not_take_is_kept_for_later(pair: Pair) -> None:
    client, connection = pair
    size = ANSWER_BYTES - 9
    connection.sendall(size * b"x")
    connection.flush()
    assert connection.unsent

    taken = 0
    while taken < size:
        taken += len(client.recv(2**20))
        connection.flush()

    assert not connection.unsent


def test_an_answer_without_bounds_is_not_kept(pair: Pair) -> None:
    pair[1].sendall(ANSWER_BYTES * b"x")

    with pytest.raises(OverflowError):
        pair[1].sendall(b"x")


def test_a_client_that_took_no_answer_is_reset(pair: Pair) -> None:
    """The kernel would keep what it has of the answer."""
    client, connection = pair
    connection.sendall(ANSWER_BYTES * b"x")
    connection.flush()

    connection.close()

    with pytest.raises(ConnectionResetError):
        list(iter(lambda: client.recv(2**20), b""))


def test_a_connection_whose_request_was_read_ends_at_once(pair: Pair) -> None:
    arrives(pair, REQUEST)
    served(pair[1])

    assert pair[1].finish()


@pytest.mark.parametrize("rest", [b"", 1000 * b"x"])
def test_a_refused_client_can_read_why_before_the_end(pair: Pair, rest: bytes) -> None:
    """An end with unread bytes would reset the connection, and take the answer with it."""
    client, connection = pair
    arrives(pair, b"POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n")
    served(connection)
    connection.sendall(b"refused")
    connection.flush()
    client.sendall(rest)

    assert not connection.finish()
    client.sendall(1000 * b"x")
    assert not connection.drain()
    assert (client.recv(99), client.recv(99)) == (b"refused", b"")
    client.close()
    assert connection.drain()


def test_a_refused_client_that_sends_without_end_is_let_go(pair: Pair) -> None:
    client, connection = pair
    arrives(pair, b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")
    served(connection)
    assert not connection.finish()

    sent = 0
    while not connection.drain():
        sent += client.send(10_000 * b"x")

    assert DRAINED_BYTES / 2 < sent < DRAINED_BYTES * 2


def test_a_request_behind_the_last_answer_does_not_cost_it(pair: Pair) -> None:
    client, connection = pair
    arrives(pair, REQUEST)
    served(connection)
    connection.sendall(b"answer")
    connection.flush()
    client.sendall(REQUEST)

    assert not connection.finish()
    client.close()
    assert connection.drain()


def test_gunicorn_giving_an_answer_up_sends_none_of_it(pair: Pair) -> None:
    client, connection = pair
    connection.sendall(b"half")
    connection.shutdown(socket.SHUT_WR)
    connection.close()
    connection.flush()

    assert connection.gone
    with pytest.raises(ConnectionResetError):
        client.recv(9)
