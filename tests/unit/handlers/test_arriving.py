"""When a request is whole: as gunicorn's own parser, and app, see it.

Each request is given byte by byte to both, and at every length the two must agree.
"""

import random
import time
from collections.abc import Iterator

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser

from handlers.arriving import BODY_BYTES, CHUNKS_BYTES, HEAD_BYTES, LINE_BYTES, Arriving, Verdict


class WantsMore(Exception):
    """The parser would wait for the client."""


class Bytes:
    """A socket that has so much and no more."""

    def __init__(self, data: bytes) -> None:
        self.left = data

    def recv(self, size: int) -> bytes:
        piece, self.left = self.left[:size], self.left[size:]
        if not piece:
            raise WantsMore
        return piece


def configuration() -> Config:
    config = Config()
    config.set("limit_request_line", LINE_BYTES)
    config.set("limit_request_fields", 60)
    config.set("forwarded_allow_ips", "")
    return config


CONFIGURATION = configuration()


def gunicorn(data: bytes) -> tuple[Verdict, int]:
    """Return what gunicorn makes of so many bytes, and how many of them it took."""
    parser = RequestParser(CONFIGURATION, Bytes(data), ("127.0.0.1", 1))
    try:
        request = next(parser)
        request.body.read()
    except WantsMore:
        return Verdict.PART, 0
    except ParseException:
        return Verdict.REFUSED, 0
    return Verdict.WHOLE, len(data) - len(
        parser.unreader.take_buffered() + parser.unreader.sock.left
    )


def ours(data: bytes, piece: int) -> Iterator[tuple[int, Arriving, Verdict]]:
    """Let it arrive in pieces of this size."""
    arriving, buffer = Arriving(), bytearray()
    for begin in range(0, len(data), piece):
        buffer += data[begin : begin + piece]
        yield len(buffer), arriving, arriving.look(buffer)


def request(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def coded(coding: str, body: bytes) -> bytes:
    return request(POST, f"Transfer-Encoding: {coding}", body=body)


POST, GET = "POST /processmessage HTTP/1.1", "GET /healthz HTTP/1.1"
CHUNKED = "Transfer-Encoding: chunked"

GOOD = {
    "no body": request(GET, "Host: x"),
    "no fields": request(GET),
    "an empty line before": b"\r\n" + request(GET, "Host: x"),
    "HTTP/1.0": request("GET / HTTP/1.0"),
    "HTTP/1.9": request("GET / HTTP/1.9"),
    "an absolute target": request("GET http://x/y HTTP/1.1"),
    "CONNECT": request("CONNECT x:1 HTTP/1.1"),
    "options of all": request("OPTIONS * HTTP/1.1"),
    "a body": request(POST, "Content-Length: 4", body=b"{  }"),
    "a length of nothing": request(POST, "Content-Length: 0"),
    "leading zeros": request(POST, "Content-Length: 0004", body=b"{  }"),
    "spaces about the length": request(POST, "cOnTent-LENGTH: \t 2 \t", body=b"{}"),
    "no space before the length": request(POST, "content-length:2", body=b"{}"),
    "an underscored length": request(POST, "Content_Length: 9", "Content-Length: 2", body=b"{}"),
    "a length in another field": request(GET, "X-Content-Length: 9", "Content-Length-X: 9"),
    "a body that looks like a head": request(POST, "Content-Length: 8", body=b"\r\n\r\n\r\n\r\n"),
    "a body that waits": request(POST, "Expect: 100-Continue", "Content-Length: 2", body=b"{}"),
    "100-continue on HTTP/1.0": request("GET / HTTP/1.0", "Expect: 100-continue"),
    "chunks": request(POST, CHUNKED, body=b"2\r\n{}\r\n1\r\n \r\n0\r\n\r\n"),
    "no chunks": request(POST, CHUNKED, body=b"0\r\n\r\n"),
    "chunks in capitals": coded("CHUNKED", body=b"A\r\n0123456789\r\n0\r\n\r\n"),
    "extensions": request(POST, CHUNKED, body=b'2;a=b;c="d;e"\r\n{}\r\n0 ;x\r\n\r\n'),
    "trailers": request(POST, CHUNKED, body=b"2\r\n{}\r\n0\r\nA: b\r\nC: d\r\n\r\n"),
    "zeros before a size": request(POST, CHUNKED, body=b"0002\r\n{}\r\n000\r\n\r\n"),
    "gzip, then chunks": coded("gzip, chunked", body=b"1\r\nx\r\n0\r\n\r\n"),
    "codings in two fields": request(POST, "Transfer-Encoding: gzip", CHUNKED, body=b"0\r\n\r\n"),
    "identity, then chunks": coded("identity ,\tchunked", body=b"0\r\n\r\n"),
    "line ends as chunks": request(POST, CHUNKED, body=b"2\r\n\r\n\r\n4\r\n0\r\n\r\r\n0\r\n\r\n"),
}  # fmt: skip

REFUSED_AT_ONCE = {
    "two empty lines": b"\r\n\r\n" + request(GET),
    "a method in small letters": request("get / HTTP/1.1"),
    "a short method": request("GE / HTTP/1.1"),
    "no version": request("GET /"),
    "a bad version": request("GET / HTTP/1.x"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": request("GET / HTTP/0.9"),
    "two spaces": request("GET  / HTTP/1.1"),
    "a space in the target": request("GET /a b HTTP/1.1"),
    "a target that is not ASCII": request("GET /\xe9 HTTP/1.1"),
    "a space behind the version": request("GET / HTTP/1.1 "),
    "a tab": request("GET\t/ HTTP/1.1"),
    "a bare newline": b"GET / HTTP/1.1\nHost: x\n\n",
    "a bare newline among fields": b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
    "a bare newline at the end": b"GET / HTTP/1.1\r\nHost: x\r\n\n",
    "a bare return": request(GET, "A: b\rc"),
    "a bare return in the length": request(POST, "Content-Length: 2\rX", body=b"{}"),
    "a space before a colon": request(POST, "Content-Length : 2", body=b"{}"),
    "a folded length": request(POST, "A: b", " Content-Length: 2", body=b"{}"),
    "a folded coding": request(POST, "Transfer-Encoding:", " chunked", body=b"0\r\n\r\n"),
    "no colon": request(GET, "Host"),
    "no name": request(GET, ": x"),
    "NUL": request(GET, "A: \x00"),
    "two lengths": request(POST, "Content-Length: 2", "Content-Length: 2", body=b"{}"),
    "a list of lengths": request(POST, "Content-Length: 2, 2", body=b"{}"),
    "a negative length": request(POST, "Content-Length: -2", body=b"{}"),
    "a signed length": request(POST, "Content-Length: +2", body=b"{}"),
    "an empty length": request(POST, "Content-Length:", body=b"{}"),
    "a length in hex": request(POST, "Content-Length: 0x2", body=b"{}"),
    "a raised digit": request(POST, "Content-Length: \xb2", body=b"{}"),
    "a length beyond numbers": request(POST, "Content-Length: " + 5000 * "9", body=b"{}"),
    "chunks and a length": request(POST, CHUNKED, "Content-Length: 2", body=b"0\r\n\r\n"),
    "chunks twice": request(POST, CHUNKED, CHUNKED, body=b"0\r\n\r\n"),
    "chunks, then gzip": coded("chunked, gzip", body=b"0\r\n\r\n"),
    "chunks, then identity": coded("chunked, identity", body=b"0\r\n\r\n"),
    "gzip alone": coded("gzip", body=b"0\r\n\r\n"),
    "an unknown coding": coded("xchunked", body=b"0\r\n\r\n"),
    "an empty coding": request(POST, "Transfer-Encoding:", body=b"0\r\n\r\n"),
    "an empty coding before": coded(",chunked", body=b"0\r\n\r\n"),
    "chunks on HTTP/1.0": request("POST / HTTP/1.0", CHUNKED, body=b"0\r\n\r\n"),
    "another expectation": request(POST, "Expect: x", "Content-Length: 2", body=b"{}"),
    "a chunk of no size": request(POST, CHUNKED, body=b"\r\n{}\r\n0\r\n\r\n"),
    "a chunk of odd size": request(POST, CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk of negative size": request(POST, CHUNKED, body=b"-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk size in 0x": request(POST, CHUNKED, body=b"0x2\r\n{}\r\n0\r\n\r\n"),
    "a chunk size with underscore": request(POST, CHUNKED, body=b"1_0\r\n{}\r\n0\r\n\r\n"),
    "a space behind a size": request(POST, CHUNKED, body=b"2 \r\n{}\r\n0\r\n\r\n"),
    "a space before a size": request(POST, CHUNKED, body=b" 2\r\n{}\r\n0\r\n\r\n"),
    "a chunk that is longer": request(POST, CHUNKED, body=b"2\r\n{}}\r\n0\r\n\r\n"),
    "a chunk that ends in a newline": request(POST, CHUNKED, body=b"2\r\n{}\n0\r\n\r\n"),
    "a bare newline among trailers": request(POST, CHUNKED, body=b"0\r\nA: b\nC: d\r\n\r\n"),
}  # fmt: skip

REFUSED_IN_THE_END = {
    "two hosts": request(GET, "Host: x", "Host: y"),
    "too many fields": request(GET, *(f"A{n}: b" for n in range(61))),
    "a bad extension": request(POST, CHUNKED, body=b"2;=\r\n{}\r\n0\r\n\r\n"),
    "a bad trailer": request(POST, CHUNKED, body=b"0\r\nno trailer\r\n\r\n"),
    "a length among trailers": request(POST, CHUNKED, body=b"0\r\nContent-Length: 1\r\n\r\n"),
}
"""gunicorn refuses them a little before the last byte has arrived: they wait for it."""


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_a_request_is_whole_when_gunicorn_needs_no_further_byte(data: bytes) -> None:
    for length, arriving, verdict in ours(data, 1):
        expected, taken = gunicorn(data[:length])
        assert (length, verdict) == (length, expected)
        if verdict is Verdict.WHOLE:
            assert arriving.length == taken == len(data)
    assert verdict is Verdict.WHOLE


@pytest.mark.parametrize("behind", [b"\r\n", request(GET), b"\x00garbage", b"0\r\n\r\n"])
@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_what_is_behind_a_request_is_the_next_one(data: bytes, behind: bytes) -> None:
    arriving = Arriving()

    assert arriving.look(bytearray(data + behind)) is Verdict.WHOLE

    assert (Verdict.WHOLE, arriving.length) == gunicorn(data + behind)
    assert arriving.length == len(data)


@pytest.mark.parametrize("data", REFUSED_AT_ONCE.values(), ids=REFUSED_AT_ONCE)
def test_what_gunicorn_refuses_waits_for_no_more(data: bytes) -> None:
    refused = next(n for n, _, verdict in ours(data, 1) if verdict is Verdict.REFUSED)
    theirs = next(n for n in range(1, len(data) + 1) if gunicorn(data[:n])[0] is Verdict.REFUSED)

    assert refused == theirs


@pytest.mark.parametrize("data", REFUSED_IN_THE_END.values(), ids=REFUSED_IN_THE_END)
def test_what_gunicorn_refuses_for_its_contents_waits_for_its_own_end_at_most(data: bytes) -> None:
    verdicts = [verdict for _, _, verdict in ours(data, 1)]

    assert set(verdicts[:-1]) == {Verdict.PART}
    assert verdicts[-1] is Verdict.WHOLE
    assert gunicorn(data) == (Verdict.REFUSED, 0)


@pytest.mark.parametrize("data", [*GOOD.values(), *REFUSED_AT_ONCE.values()])
def test_pieces_do_not_matter(data: bytes) -> None:
    at, judged = next((n, v) for n, _, v in ours(data, 1) if v is not Verdict.PART)

    for piece in (2, 3, 7, len(data)):
        length, verdict = next((n, v) for n, _, v in ours(data, piece) if v is not Verdict.PART)
        assert verdict is judged
        assert at <= length < at + piece


def first_refusal(data: bytes, piece: int = 500) -> int:
    return next(length for length, _, verdict in ours(data, piece) if verdict is Verdict.REFUSED)


ENDLESS = {
    "a line": (b"GET /" + 200_000 * b"x", LINE_BYTES),
    "a head": (request(GET)[:-2] + 30_000 * b"A: b\r\n", HEAD_BYTES),
    "a field": (request(GET)[:-2] + b"A: " + 200_000 * b"b", HEAD_BYTES),
    "a body": (request(POST, "Content-Length: 99999999") + 200_000 * b"x", 0),
    "chunks": (request(POST, CHUNKED) + 100_000 * b"1\r\nx\r\n", CHUNKS_BYTES),
    "a chunk": (request(POST, CHUNKED) + b"fffffffff\r\n" + 200_000 * b"x", BODY_BYTES + 8192),
    "an extension": (request(POST, CHUNKED) + b"1;" + 200_000 * b"x", 8190),
    "trailers": (request(POST, CHUNKED) + b"0\r\n" + 40_000 * b"A: b\r\n", CHUNKS_BYTES),
}


@pytest.mark.parametrize(("data", "bound"), ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_refused_within_bounds(data: bytes, bound: int) -> None:
    assert bound <= first_refusal(data) < bound + 1500


@pytest.mark.parametrize("size", [BODY_BYTES, BODY_BYTES + 1])
def test_a_body_is_awaited_up_to_a_byte_more_than_a_message_may_have(size: int) -> None:
    verdict = Arriving().look(bytearray(request(POST, f"Content-Length: {size}")))

    assert verdict is (Verdict.PART if size == BODY_BYTES else Verdict.REFUSED)


def test_the_client_is_to_be_told_to_continue_once_the_head_is_there() -> None:
    head = request(POST, "Expect: 100-continue", "Content-Length: 2")
    asked = [(length, a.expects_continue) for length, a, _ in ours(head, 1)]

    assert asked == [(length, length == len(head)) for length in range(1, len(head) + 1)]


DRIPPED = {
    "a head": request(GET)[:-2] + 5000 * b"A: b\r\n",
    "a field": request(GET)[:-2] + b"A: " + 30_000 * b"b",
    "a body": request(POST, "Content-Length: 60000") + 59_000 * b"x",
    "a chunk behind a long extension": (
        request(POST, CHUNKED) + b"ffff;" + 8000 * b"x" + b"\r\n" + 60_000 * b"x"
    ),
    "trailers": request(POST, CHUNKED) + b"0\r\n" + 10_000 * b"A: b\r\n",
}


@pytest.mark.parametrize("data", DRIPPED.values(), ids=DRIPPED)
def test_bytes_one_by_one_cost_each_the_same(data: bytes) -> None:
    """What looked at all bytes for each of them would take minutes."""
    began = time.process_time()

    assert {verdict for _, _, verdict in ours(data, 1)} == {Verdict.PART}

    assert time.process_time() - began < 1


def test_no_change_of_a_byte_makes_them_disagree() -> None:
    """Where they did, a thread would wait, or one request would be read as two."""
    rng = random.Random(7)
    for _ in range(4000):
        data = bytearray(rng.choice([*GOOD.values(), *REFUSED_IN_THE_END.values()]))
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(data))
            data[at : at + rng.randint(0, 2)] = rng.choice(
                [b"\r", b"\n", b" ", b"0", b"\r\n", b":"]
            )
        arriving = Arriving()
        verdict, expected = arriving.look(data), gunicorn(bytes(data))

        if expected[0] is not Verdict.REFUSED:
            assert (verdict, arriving.length if verdict is Verdict.WHOLE else 0) == expected
