"""An answer's end and its headers are read in one way only, or the answer is refused."""

from contextlib import closing
from http.client import HTTPException

import pytest

from adapters.http_connection import (
    BYTES_PER_FRAMING_BYTE,
    FREE_FRAMING_BYTES,
    MAX_HEAD_BYTES,
    MAX_LINE_BYTES,
    MAX_LINES,
)
from tests.servers.raw import RawServer
from tests.unit.adapters.http_asking import EMPTY, OK, ask, connected, head_of


def body_of(data: bytes) -> bytes:
    with RawServer([data]) as server, closing(connected(server)) as connection:
        return ask(connection).read(1000)


READ: dict[str, tuple[bytes, dict[str, str]]] = {
    "names in any case": (b"ETag: x\r\n", {"etag": "x"}),
    "space around the value": (b"A: \t one two \t\r\n", {"a": "one two"}),
    "no space": (b"A:1\r\n", {"a": "1"}),
    "an empty value": (b"A:\r\n", {"a": ""}),
    "a colon in the value": (b"A: b: c\r\n", {"a": "b: c"}),
    "bytes beyond ASCII": (b"A: \xe9\r\n", {"a": "\xe9"}),
    "the same name twice": (b"A: 1\r\na: 2\r\n", {"a": "1, 2"}),
    "a value that goes on": (b"A: one\r\n  two\r\n", {"a": "one two"}),
    "lines without CR": (b"A: 1\nB: 2\n", {"a": "1", "b": "2"}),
    "the same name thrice": (b"A: \r\na: 2\r\nA: 3\r\n", {"a": ", 2, 3"}),
    "values that go on and come again": (b"A: 1\r\n 2\r\nA: 3\r\n\t4\r\n", {"a": "1 2, 3 4"}),
}


@pytest.mark.parametrize(("data", "fields"), READ.values(), ids=READ)
def test_headers_are_read(data: bytes, fields: dict[str, str]) -> None:
    assert head_of(OK + data + EMPTY).fields == {**fields, "content-length": "0"}


REFUSED: dict[str, bytes] = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0\r\n\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\n" + EMPTY,
    "a status of two digits": b"HTTP/1.1 20 OK\r\n" + EMPTY,
    "a status beyond all": b"HTTP/1.1 600 OK\r\n" + EMPTY,
    "a cut in the status": b"HTTP/1.1 200",
    "a cut in a header": OK + b"Content-Length: 1",
    "a cut after a header": OK + b"Content-Length: 1\r\n",
    "a space before the colon": OK + b"Content-Length : 0\r\n\r\n",
    "no colon": OK + b"heron\r\n" + EMPTY,
    "no name": OK + b": heron\r\n" + EMPTY,
    "a first line that goes on": OK + b" heron\r\n" + EMPTY,
    "a bare CR": OK + b"A: b\rContent-Length: 5\r\n" + EMPTY,
    "a NUL": OK + b"A: \0\r\n" + EMPTY,
    "two lengths": OK + b"Content-Length: 5\r\n" + EMPTY,
    "a negative length": OK + b"Content-Length: -1\r\n\r\n",
    "a length with a sign": OK + b"Content-Length: +1\r\n\r\n",
    "a length in other digits": OK + "Content-Length: \u00b2\r\n\r\n".encode("latin-1"),
    "a length and chunks": OK + b"Transfer-Encoding: chunked\r\n" + EMPTY,
    "a coding that nobody asked for": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "chunks of HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a line without end": OK + b"A: " + MAX_LINE_BYTES * b"x" + b"\r\n" + EMPTY,
    "headers without end": OK + MAX_LINES * b"A: b\r\n" + EMPTY,
    "a head without end": OK + (MAX_HEAD_BYTES // 1000) * (b"A: " + 1000 * b"x" + b"\r\n") + EMPTY,
    "answers to come without end": (
        MAX_HEAD_BYTES // 20 * b"HTTP/1.1 103 x\r\nA: b\r\n\r\n" + OK + EMPTY
    ),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_a_head_that_may_mean_two_things_is_none(data: bytes) -> None:
    with pytest.raises((HTTPException, ConnectionError)) as refusal:
        head_of(data)

    assert "heron" not in str(refusal.value)


@pytest.mark.timeout(10)  # or hours, in which no other thread can run
@pytest.mark.parametrize(
    "line",
    [b"A: ", b"A: b\r\n ", b"x-amz-meta-a: \r", b"x-amz-meta-a: b\r\n ", b"x-amz-meta-"],
    ids=["a value", "a value that goes on", "metadata", "metadata that goes on", "its name"],
)
def test_a_long_run_of_spaces_is_not_tried_from_each_of_its_bytes(line: bytes) -> None:
    with pytest.raises(HTTPException):
        head_of(OK + line + 60_000 * b" " + b"\0\r\n" + EMPTY)


ENDS: dict[str, tuple[bytes, int | None, bool]] = {
    "a length": (OK + b"Content-Length: 5\r\n\r\n", 5, False),
    "a length, and hanging up": (OK + b"Connection: Close\r\nContent-Length: 5\r\n\r\n", 5, True),
    "no length": (OK + b"\r\n", None, True),
    "chunks": (OK + b"Transfer-Encoding: Chunked\r\n\r\n", None, False),
    "no content, not even in chunks": (
        b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
        0,
        False,
    ),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 0, False),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 0, False),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 5, True),
    "HTTP/1.0 that stays": (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n",
        5,
        False,
    ),
}


@pytest.mark.parametrize(("data", "length", "closes"), ENDS.values(), ids=ENDS)
def test_the_end_of_the_body_is_known(data: bytes, length: int | None, closes: bool) -> None:
    answer = head_of(data)

    assert (answer.length, answer.will_close) == (length, closes)
    assert not (answer.chunked and length == 0)


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE: dict[str, bytes] = {
    "one chunk": b"5\r\nheron\r\n0\r\n\r\n",
    "more chunks": b"2\r\nhe\r\n3\r\nron\r\n0\r\n\r\n",
    "sizes with zeros": b"0005\r\nheron\r\n000\r\n\r\n",
    "an extension": b"5;a=b\r\nheron\r\n0 ;c\r\n\r\n",
    "a trailer": b"5\r\nheron\r\n0\r\nA: b\r\n\r\n",
}


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
def test_chunks_are_read_to_their_end(data: bytes) -> None:
    assert body_of(CHUNKED + data) == b"heron"


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
def test_chunks_that_are_cut_anywhere_are_no_answer(data: bytes) -> None:
    for end in range(len(data)):
        with pytest.raises((HTTPException, ConnectionError)):
            body_of(CHUNKED + data[:end])


STRANGE: dict[str, bytes] = {
    "a size below nothing": b"-5\r\nheron\r\n0\r\n\r\n",
    "a size of all that comes": b"-1\r\nheron\r\n0\r\n\r\n",
    "a size with a sign": b"+5\r\nheron\r\n0\r\n\r\n",
    "a size as Python writes it": b"0x5\r\nheron\r\n0\r\n\r\n",
    "no size": b"\r\nheron\r\n0\r\n\r\n",
    "a chunk longer than its size": b"5\r\nheron!!0\r\n\r\n",
    "a trailer that is none": b"5\r\nheron\r\n0\r\nheron\r\n\r\n",
    "trailers without end": b"5\r\nheron\r\n0\r\n" + MAX_LINES * b"A: b\r\n" + b"\r\n",
}


@pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE)
def test_chunks_whose_end_is_not_certain_are_no_answer(data: bytes) -> None:
    with pytest.raises(HTTPException):
        body_of(CHUNKED + data)


def chunks(size: int, number: int, extension: bytes = b"") -> bytes:
    return number * (b"%x%b\r\n%b\r\n" % (size, extension, size * b"x")) + b"0\r\n\r\n"


OVERHEAD: dict[str, bytes] = {
    "a byte in each": chunks(1, FREE_FRAMING_BYTES // 5),
    "zeros before each size": chunks(1, FREE_FRAMING_BYTES // 18, b"").replace(
        b"1\r", 14 * b"0" + b"1\r"
    ),
    "space behind each size": chunks(1, 20, 1000 * b" "),
    "an extension of each": chunks(1, 20, b";" + 1000 * b"a"),
    "one long extension": chunks(5, 1, b";" + FREE_FRAMING_BYTES * b"a"),
    "a long extension of a large chunk": chunks(16_000, 2, b";" + 20_000 * b"a"),
}


@pytest.mark.parametrize("data", OVERHEAD.values(), ids=OVERHEAD)
def test_chunks_of_little_more_than_their_framing_are_no_answer(data: bytes) -> None:
    with RawServer([CHUNKED + data]) as server, closing(connected(server)) as connection:
        answer = ask(connection)
        with pytest.raises(HTTPException, match="too little in its chunks"):
            answer.read(1024 * 1024)


@pytest.mark.parametrize(
    "data",
    [
        chunks(1, 1000),
        chunks(8 * BYTES_PER_FRAMING_BYTE, 8000),
        chunks(1024, 500, b";a=" + 40 * b"b"),
    ],
    ids=["a thousand of a byte", "many small ones", "signed ones"],
)
def test_chunks_as_servers_send_them_are_read(data: bytes) -> None:
    with RawServer([CHUNKED + data]) as server, closing(connected(server)) as connection:
        body = ask(connection).read(2 * 1024 * 1024)

    assert set(body) == {ord("x")}
    assert len(body) > 999
