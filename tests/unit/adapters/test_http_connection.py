"""What a connection sends, to which hosts, and how it ends."""

import os
import socket
import ssl
import time
from contextlib import closing
from http.client import HTTPException

import pytest

from adapters.http_connection import (
    Connection,
)
from tests.servers.raw import RawServer
from tests.unit.adapters.http_asking import OK, connected


def sent_by(host: str, target: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    # Such sockets keep apart what was sent apart; a stream would run it together.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection = Connection(host, 5.0)
    connection.use(ours)
    with closing(connection), theirs:
        theirs.settimeout(0)
        try:
            connection.ask("POST", target, headers, body)
        except HTTPException:
            with pytest.raises(BlockingIOError):
                theirs.recv(1)
            raise
        return theirs.recv(65536)


def test_head_and_body_go_out_in_one_piece() -> None:
    assert sent_by("heron.example", "/x?a=%2F", {"A": "1", "Content-Length": "5"}, b"heron") == (
        b"POST /x?a=%2F HTTP/1.1\r\nHost: heron.example\r\nA: 1\r\nContent-Length: 5\r\n\r\nheron"
    )


@pytest.mark.parametrize(
    ("host", "name"),
    [("heron.example:80", "heron.example"), ("heron.example:8080",) * 2, ("[::1]:9000",) * 2],
)
def test_the_host_is_named_with_its_port_unless_that_goes_without_saying(
    host: str, name: str
) -> None:
    assert f"\r\nHost: {name}\r\n".encode() in sent_by(host, "/", {})


@pytest.mark.parametrize("unfit", ["\r", "\n", "\r\nB: 2", "\0", "\x7f", "é", "\u2028"])
def test_nothing_is_sent_of_a_head_that_would_say_more_than_it_should(unfit: str) -> None:
    for target, headers in (
        (f"/x{unfit}", {}),
        ("/x HTTP/1.1", {}),
        ("/x", {"A": f"1{unfit}"}),
        ("/x", {f"A{unfit}": "1"}),
    ):
        with pytest.raises(HTTPException):
            sent_by("heron.example", target, headers)


NO_HOSTS = (
    *("", ":80", "heron.example:", "heron.example:x", "heron.example:0", "heron.example:123456"),
    *("[::1", "::1", "heron\t.example", "heron.example\n", "h\u00e9ron", "me:heron@heron.example"),
    *("heron.example?a", "heron.example#a", "heron.example/a"),
)


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_no_host_is_told_without_repeating_it(host: str) -> None:
    with pytest.raises(HTTPException) as caught:
        Connection(host, 5.0)

    assert "heron" not in str(caught.value)


def test_a_name_that_no_resolver_takes_is_no_host() -> None:
    with pytest.raises(HTTPException):
        Connection("heron..example", 5.0).connect()


def test_a_handshake_has_its_time_however_little_was_left_for_connecting() -> None:
    tls = ssl.create_default_context()
    ours, theirs = socket.socketpair()
    ours.settimeout(0.001)
    connection = Connection("heron.example", 0.3, tls)
    with theirs:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            connection.use(ours)

    assert time.monotonic() - began >= 0.29
    assert ours.fileno() == -1


def test_a_connection_that_is_closed_leaves_no_socket_open_though_its_answer_lives() -> None:
    with RawServer([OK + b"Content-Length: 5\r\n\r\nher"]) as server:
        connection = connected(server)
        connection.ask("GET", "/", {})
        answer = connection.answer()
        wire = connection.wire.fileno()
        connection.close()

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(wire)
    assert answer.isclosed()


def test_a_connection_is_quiet_until_something_comes_or_it_ends() -> None:
    connection = Connection("heron.example", 5.0)
    assert not connection.is_quiet()
    ours, theirs = socket.socketpair()
    connection.use(ours)
    with closing(connection), theirs:
        assert connection.is_quiet()
        theirs.sendall(b"more")
        assert not connection.is_quiet()
        ours.recv(10)
        theirs.shutdown(socket.SHUT_WR)
        assert not connection.is_quiet()
