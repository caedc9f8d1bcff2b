"""What the source may send without end costs little: this thread's time is measured."""

import socket
import time

import pytest

from adapters.s3_source import S3Source
from tests.contract.source_side import url_at
from tests.servers.raw import RawServer, Step, answer
from transfer.errors import LandfallError

MOST_SECONDS = 1.0
"""Without a bound, they took 25 and 120 s."""
CHUNKED = b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n"


def without_end(data: bytes) -> Step:
    def step(connection: socket.socket) -> None:
        while True:
            connection.sendall(data)

    return step


ENDLESS = {
    "interim answers": [without_end(1000 * b"HTTP/1.1 100 Continue\r\n\r\n")],
    "interim answers with headers": [without_end(b"HTTP/1.1 103 x\r\nA: b\r\nA: b\r\n\r\n")],
    "headers": [b"HTTP/1.1 200 OK\r\n", without_end(1000 * b"A: b\r\n")],
    "a header": [b"HTTP/1.1 200 OK\r\nA: ", without_end(60_000 * b"b")],
    "a header that goes on": [
        b"HTTP/1.1 200 OK\r\nA: b\r\n",
        without_end(b" " + 999 * b"b" + b"\n"),
    ],
    "chunks of a byte": [CHUNKED, without_end(1000 * b"1\r\nx\r\n")],
    "chunks of a byte with extensions": [
        CHUNKED,
        without_end(b"1;" + 60_000 * b"a" + b"\r\nx\r\n"),
    ],
    "zeros of a chunk's size": [CHUNKED, without_end(1000 * b"0")],
    "trailers": [CHUNKED + b"0\r\n", without_end(1000 * b"A: b\r\n")],
    "an error": [
        answer(b"", "403 Forbidden", Content_Length="999999999999"),
        without_end(1000 * b"<Error><Code>"),
    ],
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_given_up(script: list[bytes | Step]) -> None:
    with RawServer(script) as server:
        began = time.thread_time()
        with pytest.raises(LandfallError):
            S3Source().open(url_at(server.origin), None, 0, time.monotonic() + 30)
        took = time.thread_time() - began

    assert took < MOST_SECONDS


def test_a_body_in_chunks_is_not_taken_for_an_object() -> None:
    chunked = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nTransfer-Encoding: chunked\r\n\r\n'
    with (
        RawServer([chunked, without_end(1000 * b"1\r\nx\r\n")]) as server,
        pytest.raises(LandfallError, match="Content-Length"),
    ):
        S3Source().open(url_at(server.origin), None, 0, time.monotonic() + 30)


def drop_by_drop(data: bytes) -> Step:
    """Each byte in a segment of its own."""

    def step(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            connection.send(bytes([byte]))

    return step


def test_an_object_that_comes_in_tiny_pieces_is_read_whole() -> None:
    body = bytes(range(256)) * 64
    head = answer(body)[: -len(body)]
    with (
        RawServer([drop_by_drop(head), drop_by_drop(body)]) as server,
        S3Source().open(url_at(server.origin), None, 0, time.monotonic() + 30) as opened,
    ):
        assert opened.read(len(body)) == body
