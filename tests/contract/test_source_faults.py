"""A source that misbehaves on the wire: each fault is told as one of our conditions.

Every row runs over plain TCP and over TLS, which fail in different ways.
"""

import gzip
import socket

import pytest

from tests.contract.source_side import Side
from tests.servers.certificates import Authority
from tests.servers.raw import Script, answer, reset
from transfer.errors import (
    SourceChanged,
    SourceCorrupt,
    SourceGone,
    SourceRefused,
    SourceUnavailable,
    UrlExpired,
)

BODY = bytes(range(256)) * 400
WHOLE = answer(BODY)
HEAD = WHOLE[: -len(BODY)]
START = 1000
REST = BODY[START:]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module", params=["plain", "tls"])
def side(request: pytest.FixtureRequest, authority: Authority) -> Side:
    return Side(authority if request.param == "tls" else None)


def test_a_whole_answer_is_read(side: Side) -> None:
    with side.serve([WHOLE]) as server:
        assert side.fetch(server, "etag-1") == BODY


def test_every_transfer_has_a_connection_of_its_own(side: Side) -> None:
    with side.serve([WHOLE + b"surplus"], [answer(b"second")]) as server:
        assert side.fetch(server) == BODY
        assert side.fetch(server) == b"second"
        assert server.connections == 2


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "aws-chunked", "x"])
def test_the_body_is_never_decoded(side: Side, coding: str) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    with side.serve([answer(bomb, Content_Encoding=coding)]) as server:
        assert side.fetch(server) == bomb


BROKEN: dict[str, Script] = {
    "no answer": [],
    "a reset instead of an answer": [reset()],
    "a cut in the status": [b"HTTP/1.1 20"],
    "no HTTP": [b"SSH-2.0-OpenSSH_9.9\r\n\r\n"],
    "HTTP of the year 1991": [BODY],
    "a status that is no number": [answer(BODY, "OK")],
    "a status of four digits": [answer(BODY, "2000 OK")],
    "only a word that more will come": [b"HTTP/1.1 100 Continue\r\n\r\n"],
    "headers without end": [b"HTTP/1.1 200 OK\r\n" + 200 * b"X-Heron: meadow\r\n"],
    "two lengths": [answer(BODY, Content_length="7")],
    "a cut in the body": [WHOLE[:-1]],
    "a cut before the body": [HEAD],
    "a reset in the body": [WHOLE[: -len(BODY) // 2], reset()],
    "a body shorter than announced": [answer(BODY, Content_Length=str(len(BODY) + 1))],
    "chunks shorter than announced": [
        answer(b"5\r\nheron\r\n0\r\n\r\n", Transfer_Encoding="chunked", Content_Length="6")
    ],
    "a redirect": [answer(b"", "302 Found", Location="https://evil.example/")],
    "not modified": [answer(b"", "304 Not Modified")],
    "an error without a body": [answer(b"", "503 Slow Down", Content_Length="100")],
    "a cut in the headers": [b'HTTP/1.1 200 OK\r\nETag: "etag-1"\r\n'],
    "a negative length": [answer(BODY, Content_Length="-1")],
    "a length in hexadecimal": [answer(BODY, Content_Length="0x19000")],
    "a length and chunks": [answer(BODY, Transfer_Encoding="chunked")],
}


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_a_broken_connection_is_worth_another_try(side: Side, script: Script) -> None:
    with side.serve(script) as server, pytest.raises(SourceUnavailable):
        side.fetch(server)


CORRUPT: dict[str, bytes] = {
    "another ETag than was asked for": answer(BODY, ETag='"etag-2"'),
    "no length": answer(BODY, Content_Length=None),
    "a length beyond all objects": answer(BODY, Content_Length=16 * "9"),
    "an answer in chunks": answer(
        b"5\r\nheron\r\n0\r\n\r\n", Content_Length=None, Transfer_Encoding="chunked"
    ),
    "no content": answer(b"", "204 No Content"),
    "a part of the content": answer(BODY, "206 Partial Content"),
    "content of another kind": answer(BODY, "203 Non-Authoritative Information"),
}


@pytest.mark.parametrize("data", CORRUPT.values(), ids=CORRUPT)
def test_an_answer_that_cannot_be_trusted_is_corrupt(side: Side, data: bytes) -> None:
    with side.serve([data]) as server, pytest.raises(SourceCorrupt):
        side.fetch(server, "etag-1")


OVER_THE_LIMITS = {
    "a line": 65 * 1024 * b"x",
    "bytes": 4 * (b"x-amz-meta-a: " + 40_000 * b"x" + b"\r\n"),
    "entries": 1201 * b"x-amz-meta-a: b\r\n",
}


@pytest.mark.parametrize("headers", OVER_THE_LIMITS.values(), ids=OVER_THE_LIMITS)
def test_a_head_over_the_limits_is_asked_for_once_and_the_reason_is_named(
    side: Side, headers: bytes
) -> None:
    def second(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n")

    with side.serve([WHOLE, second], [WHOLE]) as server:
        side.fetch(server, "etag-1")  # whose connection is kept
        with pytest.raises(SourceCorrupt, match=r"has .*more than .*smaller") as refused:
            side.fetch(server, "etag-1")
        assert server.connections == 1

    assert "x-amz-meta-a" not in str(refused.value)


def error(code: str, text: str = "words") -> bytes:
    return f"<Error><Code>{code}</Code><Message>{text}</Message></Error>".encode()


@pytest.mark.parametrize(
    ("status", "body", "condition"),
    [
        ("404 Not Found", error("NoSuchKey"), SourceGone),
        ("404 Not Found", b"<html>404 page not found</html>", SourceUnavailable),
        ("412 Precondition Failed", error("PreconditionFailed"), SourceChanged),
        ("403 Forbidden", error("AccessDenied", "Request has expired"), UrlExpired),
        ("403 Forbidden", error("AccessDenied", "Access Denied"), SourceRefused),
        ("403 Forbidden", error("InvalidObjectState"), SourceRefused),
        ("503 Slow Down", error("SlowDown"), SourceUnavailable),
    ],
)
def test_an_error_of_s3_is_understood(
    side: Side, status: str, body: bytes, condition: type[Exception]
) -> None:
    script = [answer(body, status, Retry_After="7")]
    with side.serve(script) as server, pytest.raises(condition) as raised:
        side.open(server)

    if isinstance(raised.value, SourceUnavailable):
        assert raised.value.retry_after == 7


def test_a_wrong_region_is_told_by_the_header_of_the_answer(side: Side) -> None:
    script = [answer(b"", "301 Moved Permanently", x_amz_bucket_region="eu-west-2")]
    with side.serve(script) as server, pytest.raises(SourceUnavailable, match="is in eu-west-2"):
        side.open(server)


def test_a_huge_error_is_not_read_to_its_end(side: Side) -> None:
    size, sent = 64 * 2**20, [0]

    def flood(connection: socket.socket) -> None:
        while sent[0] < size:
            connection.sendall(64 * 1024 * b"x")
            sent[0] += 64 * 1024

    head = answer(b"", "403 Forbidden", Content_Length=str(size))
    script: Script = [head, error("AccessDenied"), flood]
    with side.serve(script) as server, pytest.raises(SourceRefused, match="AccessDenied"):
        side.open(server)

    assert sent[0] < size / 2


def part(first: int = START, last: int = len(BODY) - 1, total: int | str = len(BODY)) -> str:
    return f"bytes {first}-{last}/{total}"


def test_reading_goes_on_where_it_broke_off(side: Side) -> None:
    rest = answer(REST, "206 Partial Content", Content_Range=part())
    with side.serve([rest]) as server:
        with side.open(server, "etag-1", START) as opened:
            assert opened.size == len(BODY)
            assert opened.read(len(BODY)) == REST
        assert server.headers["range"] == f"bytes={START}-"
        assert server.headers["if-match"] == '"etag-1"'


@pytest.mark.parametrize(
    "content_range",
    [
        None,
        "",
        part(first=START - 1),
        part(first=START + 1),
        part(last=len(BODY)),
        part(last=len(BODY) - 2),
        part(total=len(BODY) + 1),
        part(total="*"),
        part().replace("bytes", "items"),
        part().replace(" ", "="),
        f"bytes */{len(BODY)}",
        f"{part()}, {part()}",
    ],
)
def test_another_range_than_was_asked_for_is_not_taken(
    side: Side, content_range: str | None
) -> None:
    data = answer(REST, "206 Partial Content", Content_Range=content_range)
    with side.serve([data]) as server, pytest.raises(SourceUnavailable):
        side.fetch(server, "etag-1", START)


@pytest.mark.parametrize(
    "data",
    [
        answer(BODY),
        answer(REST, Content_Range=part()),
        answer(REST, "206 Partial Content", Content_Range=part(), ETag='"etag-2"'),
        answer(REST, "206 Partial Content", Content_Range=part(), ETag=None),
    ],
    ids=["the whole", "200 for a range", "a range of another object", "a range of who knows what"],
)
def test_a_range_of_something_else_is_corrupt(side: Side, data: bytes) -> None:
    with side.serve([data]) as server, pytest.raises(SourceCorrupt):
        side.fetch(server, "etag-1", START)
