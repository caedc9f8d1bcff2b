"""A kept connection gives each request its own answer, whole and in time, or none."""

import socket
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.kept_connections import MAX_ANSWER_BYTES, Answer, KeptConnections
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, Script, answer, drip, reset, stall

ONE, OTHER = answer(b"one"), answer(b"other")
TIMES = (5.0, 0.5)


def next_request(connection: socket.socket) -> None:
    """Take the head of one more request on this connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        received = connection.recv(65536)
        if not received:
            raise ConnectionResetError
        head += received


def ask(connections: KeptConnections, server: RawServer) -> Answer:
    return connections.request("GET", f"{server.origin}/x", {}, b"", TIMES, repeatable=True)


def test_a_connection_is_used_again() -> None:
    with RawServer([ONE, next_request, OTHER]) as server:
        connections = KeptConnections()

        assert [ask(connections, server).body, ask(connections, server).body] == [b"one", b"other"]
        assert server.connections == 1


def test_interim_answers_are_not_the_answer() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with RawServer([hints + hints + ONE, next_request, OTHER]) as server:
        connections = KeptConnections()

        assert [ask(connections, server).body, ask(connections, server).body] == [b"one", b"other"]


def test_a_surplus_that_tls_has_decrypted_already_is_no_answer(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    # One record, of which the reader of the first answer takes 8 KiB.
    record = answer(b"one" * 2700).ljust(8192, b"\n") + answer(b"wrong", "404 Not Found")
    tls = authority.server_context()
    with RawServer([record, stall()], [OTHER], tls=tls) as server:
        connections = KeptConnections(str(authority.file))

        assert ask(connections, server).body == b"one" * 2700
        assert ask(connections, server).body == b"other"
        assert server.connections == 2


@pytest.mark.parametrize(
    "script",
    [
        [drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 400)],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n", drip(b"x" * 400)],
        [b"HTTP/1.1 200 OK\r\n\r\n", drip(b"x" * 400)],
        [drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 20)],
    ],
    ids=["headers", "body", "body without a length", "interim answers"],
)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_an_answer_that_drips_is_cut_off(script: Script, secure: bool, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with RawServer(script, tls=authority.server_context() if secure else None) as server:
        connections = KeptConnections(str(authority.file))
        began = time.monotonic()

        with pytest.raises(TimeoutError):
            ask(connections, server)

        assert time.monotonic() - began < 4 * TIMES[1]


@pytest.mark.parametrize(
    "head",
    [f"Content-Length: {MAX_ANSWER_BYTES + 1}", "X-Length: unknown", "Transfer-Encoding: chunked"],
)
def test_an_answer_too_long_is_not_read_into_memory(head: str) -> None:
    def endless(connection: socket.socket) -> None:
        block = b"x" * 65536
        while True:
            chunked = b"10000\r\n" + block + b"\r\n"
            connection.sendall(chunked if "chunked" in head else block)

    with RawServer([f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode(), endless]) as server:
        tracemalloc.start()
        try:
            with pytest.raises(OSError, match="too long"):
                KeptConnections().request(
                    "GET", f"{server.origin}/x", {}, b"", (5.0, 10.0), repeatable=True
                )
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak < 3 * MAX_ANSWER_BYTES


@pytest.mark.parametrize("end", [b"", reset()], ids=["end", "reset"])
def test_an_answer_cut_short_is_none(end: bytes) -> None:
    with (
        RawServer([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", end]) as server,
        pytest.raises(ConnectionError),
    ):
        ask(KeptConnections(), server)


class Blocks:
    """A body far longer than what sockets buffer, and one that can fail."""

    def __init__(self, failure: Exception | None = None) -> None:
        self._failure = failure

    def __iter__(self) -> Iterator[bytes]:
        yield b"x" * 65536
        if self._failure is not None:
            raise self._failure
        for _ in range(512):
            yield b"x" * 65536

    def __len__(self) -> int:
        return 513 * 65536


def test_a_failure_of_the_body_is_told_at_once_even_if_it_looks_like_the_connections() -> None:
    with RawServer([next_request]) as server:
        began = time.monotonic()

        with pytest.raises(ConnectionError):
            KeptConnections().request(
                "PUT",
                f"{server.origin}/x",
                {},
                Blocks(ConnectionResetError("theirs")),
                (5.0, 5.0),
                repeatable=False,
            )

        assert time.monotonic() - began < 2.0
