"""Bytes that no HTTP library would send, to a running service: nobody gets in by a trick.

Each is sent on a connection of its own, with a key where one is named, and what comes back
is in our one form. Nothing of what was sent is repeated, in the answer or in the log.
"""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.system.backends import Embedded
from tests.system.service import API_KEY, Service, serving

CANARY = "canary-5d1f"
KEY = f"x-api-key: {API_KEY}"
JSON = "Content-Type: application/json"
POST = "POST /processmessage HTTP/1.1"
CHUNKED = "Transfer-Encoding: chunked"
GOOD = (200, "")
MISSING, INVALID = (401, "API_KEY_MISSING"), (401, "API_KEY_INVALID")
BAD, MESSAGE, NO_JSON = (400, "MALFORMED_BODY"), (400, "INVALID_MESSAGE"), (415, "NOT_JSON")
NOT_FOUND, TOO_LARGE, IN_QUERY = (404, "NOT_FOUND"), (413, "BODY_TOO_LARGE"), (400, "KEY_IN_QUERY")

Expected = tuple[int, str]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with serving(folder, Embedded(folder), LOG_LEVEL="DEBUG") as service:
        yield service


def exchange(service: Service, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while block := connection.recv(65536):
            answer += block
        return answer


def request(line: str, *headers: str, body: bytes = b"{}", length: str | None = None) -> bytes:
    """A request for one connection; without a length it is that of the body."""
    lines = [line, "Host: x", "Connection: close", *headers]
    if not any(header.lower().startswith("transfer-encoding") for header in headers):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def told(answer: bytes) -> Expected:
    """Status and reason, of the last answer on the connection."""
    head, _, body = answer.rpartition(b"\r\n\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert CANARY.encode() not in answer
    fields = json.loads(body)
    status = int(head.rsplit(b"HTTP/1.", 1)[1][2:5])
    return (status, fields["error"]["details"][0]["reason"]) if "error" in fields else (status, "")


def post(*headers: str, body: bytes = b"{}", length: str | None = None) -> bytes:
    return request(POST, JSON, *headers, body=body, length=length)


WAYS_IN: dict[str, tuple[bytes, Expected]] = {
    "the right key": (post(KEY), MESSAGE),
    "no key": (post(), MISSING),
    "the key twice": (post(KEY, KEY), INVALID),
    "the key and an empty one": (post(KEY, "x-api-key: "), INVALID),
    "the key under an underscored name": (post(KEY.replace("-", "_", 2)), MISSING),
    "the key in a trailer": (
        post(CHUNKED, "Trailer: x-api-key", body=f"2\r\n{{}}\r\n0\r\n{KEY}\r\n\r\n".encode()),
        MISSING,
    ),
    "the key in a cookie": (post(f"Cookie: x-api-key={API_KEY}"), MISSING),
    "the key on a folded line": (post(KEY.replace(": ", ":\r\n ")), BAD),
    "the key before a space": (post(KEY.replace(":", " :")), BAD),
    "a key that is not ASCII": (post("x-api-key: \xe9\xff\xfe"), INVALID),
    "a key with NUL": (post(f"x-api-key: {CANARY}\x00"), BAD),
    "another path in a header": (post("X-Original-URL: /healthz"), MISSING),
    "an open path in front": (post("SCRIPT_NAME: /healthz"), MISSING),
    "an open path behind": (
        request("GET /processmessage/healthz HTTP/1.1", "SCRIPT_NAME: /processmessage"), MISSING
    ),
    "a prefix that does not fit": (
        request("GET /healthz HTTP/1.1", f"SCRIPT_NAME: /{CANARY}"), GOOD
    ),
    "PATH_INFO as a header": (post("PATH_INFO: /healthz"), MISSING),
    "a method in another header": (
        request("GET /processmessage HTTP/1.1", "X-Method-Override: POST"), MISSING
    ),
    "a request behind a refused one": (
        request(POST, JSON, body=b"").replace(b"Connection: close\r\n", b"") + post(), MISSING
    ),
    "a request as a body": (
        request(POST, JSON, length="300").replace(b"Connection: close\r\n", b"")
        + request("GET /healthz HTTP/1.1"), MISSING
    ),
    "HTTP/2 at once": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD),
    "HTTP/2 by upgrade": (
        post("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
        MISSING,
    ),
}  # fmt: skip


PATHS = {
    "//processmessage": MISSING,
    "/%2e/processmessage": MISSING,
    "/healthz/../processmessage": MISSING,
    "/%70rocessmessage": MISSING,
    "/processmessage;/healthz": MISSING,
    "/processmessage%2f": MISSING,
    "/healthz%00": MISSING,
    "/healthz;": MISSING,
    "//healthz": MISSING,
    "//[/healthz": MISSING,
    "/%ff%fe": MISSING,
    "*": BAD,
    "http://evil.example/processmessage": MISSING,
    "http://healthz": MISSING,
    "http://[/healthz": BAD,
    f"/healthz {CANARY}": BAD,
    f"/{CANARY}\xe9": BAD,
    f"/processmessage?key={CANARY}\xe9": BAD,
    f"/processmessage?key={CANARY}": IN_QUERY,
    f"/processmessage?%4bEY={CANARY}": IN_QUERY,
    f"/healthz?x-api-key={CANARY}": IN_QUERY,
    f"/healthz?{5000 * 'x'}": BAD,
}

BODIES: dict[str, tuple[bytes, Expected]] = {
    "in chunks": (post(KEY, CHUNKED, body=b"2\r\n{}\r\n0\r\n\r\n"), MESSAGE),
    "in chunks, with a length": (
        post(KEY, CHUNKED, "Content-Length: 2", body=b"2\r\n{}\r\n0\r\n\r\n"), BAD
    ),
    "in chunks twice": (post(KEY, CHUNKED, CHUNKED, body=b"2\r\n{}\r\n0\r\n\r\n"), BAD),
    "in chunks of no size": (post(KEY, CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n"), BAD),
    "in chunks of negative size": (post(KEY, CHUNKED, body=b"-2\r\n{}\r\n0\r\n\r\n"), BAD),
    "in chunks of absurd size": (post(KEY, CHUNKED, body=40 * b"f" + b"\r\n{}\r\n0\r\n\r\n"), BAD),
    "in chunks that do not end": (post(KEY, CHUNKED, body=b"2\r\n{}"), BAD),
    "in chunks by another name": (post(KEY, "Transfer-Encoding: xchunked"), BAD),
    "in chunks of gzip": (
        post(KEY, "Transfer-Encoding: gzip, chunked", body=b"2\r\n{}\r\n0\r\n\r\n"), NO_JSON
    ),
    "of two lengths": (post(KEY, "Content-Length: 3"), BAD),
    "of a list of lengths": (post(KEY, length="2, 2"), BAD),
    "of negative length": (post(KEY, length="-2"), BAD),
    "of signed length": (post(KEY, length="+2"), BAD),
    "of absurd length": (post(KEY, length=26 * "9"), TOO_LARGE),
    "of a length beyond reading": (post(KEY, length=5000 * "9"), BAD),
    "of a length in words": (post(KEY, length=CANARY), BAD),
    "of absurd length, without a key": (post(length=26 * "9"), MISSING),
    "that is asked for": (post(KEY, "Expect: 100-continue"), MESSAGE),
    "that is asked for otherwise": (post(KEY, f"Expect: {CANARY}"), BAD),
    "of two types": (post(KEY, "Content-Type: text/plain"), BAD),
    "encoded twice": (post(KEY, "Content-Encoding: identity", "Content-Encoding: gzip"), NO_JSON),
}  # fmt: skip

HEADS: dict[str, tuple[bytes, Expected]] = {
    "empty": (b"\r\n\r\n", BAD),
    "all bytes": (bytes(range(256)) + b"\r\n\r\n", BAD),
    "without a version": (f"GET /healthz?key={CANARY}\r\n\r\n".encode(), BAD),
    "with bare newlines": (b"GET /healthz HTTP/1.1\nHost: x\n\n", BAD),
    "a method in small letters": (request("post /processmessage HTTP/1.1", KEY), BAD),
    "a header without a colon": (request("GET /healthz HTTP/1.1", f"x-api-key {CANARY}"), BAD),
    "a carriage return in a header": (request("GET /healthz HTTP/1.1", f"a: b\r{CANARY}"), BAD),
    "two hosts": (request("GET /healthz HTTP/1.1", "Host: y"), BAD),
    "too many headers": (request("GET /healthz HTTP/1.1", *(f"a{n}: b" for n in range(61))), BAD),
    "too long a header": (request("GET /healthz HTTP/1.1", f"a: {9000 * 'b'}"), BAD),
    "an absurd host": (request("GET /healthz HTTP/1.1").replace(b"x\r", b"[::a b\\\r"), GOOD),
    "odd but harmless headers": (
        request("GET /healthz HTTP/1.1", "Range: bytes=x", "Cookie: \xff=;;", "Accept: \xff"), GOOD
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), WAYS_IN.values(), ids=WAYS_IN)
def test_no_trick_gets_in(service: Service, sent: bytes, expected: Expected) -> None:
    assert told(exchange(service, sent)) == expected


@pytest.mark.parametrize(("path", "expected"), PATHS.items(), ids=[p[:40] for p in PATHS])
def test_no_path_gets_in(service: Service, path: str, expected: Expected) -> None:
    assert told(exchange(service, request(f"POST {path} HTTP/1.1", JSON))) == expected


@pytest.mark.parametrize(("sent", "expected"), BODIES.values(), ids=BODIES)
def test_a_body_has_one_length(service: Service, sent: bytes, expected: Expected) -> None:
    assert told(exchange(service, sent)) == expected


@pytest.mark.parametrize("body", ["zz\r\n", "2\r\n{}zz", "0\r\nno trailer\r\n\r\n"])
def test_a_broken_body_that_nobody_read_makes_no_second_answer(service: Service, body: str) -> None:
    """On a connection that is shared, it would be taken for that of the next request."""
    head = f"{POST}\r\nHost: x\r\n{JSON}\r\n{CHUNKED}\r\n\r\n"

    answer = exchange(service, f"{head}{body}".encode())

    assert answer.count(b"HTTP/1.1 ") == 1
    assert told(answer) == MISSING


@pytest.mark.parametrize(("sent", "expected"), HEADS.values(), ids=HEADS)
def test_what_is_no_request_is_answered_in_our_form(
    service: Service, sent: bytes, expected: Expected
) -> None:
    assert told(exchange(service, sent)) == expected


def test_nothing_of_it_is_in_the_log(service: Service) -> None:
    for sent, _ in (*WAYS_IN.values(), *BODIES.values(), *HEADS.values()):
        exchange(service, sent)
    for path in PATHS:
        exchange(service, request(f"POST {path} HTTP/1.1", KEY, JSON))

    log = service.log.read_text()
    assert CANARY not in log
    assert API_KEY not in log
    assert "Traceback" not in log
    assert log.count("what came is no request") > 20
