"""Bad requests and bad settings, from outside: a clear error each, and nothing stored."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.ports import free_port
from tests.system.backends import Embedded
from tests.system.service import (
    API_KEY,
    PROGRAMS,
    ROOT,
    Service,
    environment_for,
    serving,
)

MESSAGE = {
    "Bucket": "pictures",
    "ObjectKey": "a.png",
    "PresignedUrl": "https://pictures.s3.eu-west-2.amazonaws.com/a.png?X-Amz-Signature=1",
}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    return Embedded(tmp_path_factory.mktemp("embedded"))


@pytest.fixture(scope="module")
def service(embedded: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with serving(folder, embedded, SOURCE_BUCKETS="pictures") as service:
        yield service


def reason_of(answer: dict[str, Any]) -> str:
    reason: str = answer["error"]["details"][0]["reason"]
    return reason


def wrapped(**changes: object) -> bytes:
    return json.dumps({"inputMessage": {**MESSAGE, **changes}}).encode()


def only_comparing(*, only: object = True, **changes: object) -> bytes:
    return json.dumps({"inputMessage": {**MESSAGE, **changes}, "validateOnly": only}).encode()


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "MALFORMED_BODY"),
        (b"[]", 400, "MALFORMED_BODY"),
        (b'{"inputMessage": "text"}', 400, "MALFORMED_BODY"),
        (b'{"a": NaN}', 400, "MALFORMED_BODY"),
        (b'{"a": 1, "a": 2}', 400, "MALFORMED_BODY"),
        (b"[" * 1000, 400, "MALFORMED_BODY"),
        (b'\xff\xfe{"a": 1}', 400, "MALFORMED_BODY"),
        (b"x" * 70_000, 413, "BODY_TOO_LARGE"),
        (b"{}", 400, "INVALID_MESSAGE"),
        (wrapped(Bucket=None), 400, "INVALID_MESSAGE"),
        (wrapped(ContentLength="3"), 400, "INVALID_MESSAGE"),
        (wrapped(VersionId="a\x00b"), 400, "INVALID_MESSAGE"),
        (wrapped(), 400, "URL_REFUSED"),
        (wrapped(validateOnly=True), 400, "MALFORMED_BODY"),
        (json.dumps({**MESSAGE, "validateOnly": True}).encode(), 400, "MALFORMED_BODY"),
        (only_comparing(only=1), 400, "MALFORMED_BODY"),
        (only_comparing(), 400, "URL_REFUSED"),
        (only_comparing(Bucket=None), 400, "INVALID_MESSAGE"),
        (wrapped(PresignedUrl="http://169.254.169.254/latest"), 400, "URL_REFUSED"),
    ],
)
def test_a_bad_body_is_refused(service: Service, body: bytes, status: int, reason: str) -> None:
    found, answer = service.send(body)

    assert (found, reason_of(answer)) == (status, reason)
    assert answer["error"]["code"] == status
    assert answer["error"]["message"]


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        ({"key": None}, 401, "API_KEY_MISSING"),
        ({"key": "wrong"}, 401, "API_KEY_INVALID"),
        ({"path": "/nope"}, 404, "NOT_FOUND"),
        ({"path": "/nope", "key": None}, 401, "API_KEY_MISSING"),
        ({"method": "GET"}, 405, "METHOD_NOT_ALLOWED"),
        ({"method": "POST", "path": "/healthz"}, 405, "METHOD_NOT_ALLOWED"),
        ({"path": "/processmessage?key=x"}, 400, "KEY_IN_QUERY"),
        ({"headers": {"X-HTTP-Method-Override": "GET"}}, 400, "METHOD_OVERRIDE"),
        ({"headers": {"Content-Type": "text/plain"}}, 415, "NOT_JSON"),
    ],
)
def test_a_bad_request_is_refused(
    service: Service, request_: dict[str, Any], status: int, reason: str
) -> None:
    found, answer = service.send(wrapped(), **request_)

    assert (found, reason_of(answer)) == (status, reason)


def exchange(service: Service, head: str, body: bytes) -> bytes:
    """What comes back for bytes that an HTTP library would not send."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        lines = ["POST /processmessage HTTP/1.1", "Host: x", "Connection: close"]
        lines += [f"x-api-key: {API_KEY}", "Content-Type: application/json", head, "", ""]
        connection.sendall("\r\n".join(lines).encode() + body)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while block := connection.recv(65536):
            answer += block
        return answer


def test_a_chunked_body_is_not_cut_at_the_limit(service: Service) -> None:
    """The first 64 KiB of it would be a good message."""
    body = wrapped() + b" " * (64 * 1024 - len(wrapped())) + b"garbage"
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)

    answer = exchange(service, "Transfer-Encoding: chunked", chunked)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"BODY_TOO_LARGE" in answer


def test_a_body_that_ends_early_is_refused(service: Service) -> None:
    answer = exchange(service, "Content-Length: 60000", wrapped())

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"MALFORMED_BODY" in answer


@pytest.mark.parametrize("body", [wrapped, only_comparing])
def test_a_bucket_not_on_the_list_is_forbidden(
    service: Service, body: Callable[..., bytes]
) -> None:
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260101%2Feu-west-2%2Fs3"
        "%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host"
        f"&X-Amz-Signature={'0' * 64}"
    )
    url = f"https://other.s3.eu-west-2.amazonaws.com/a.png?{query}"

    found, answer = service.send(body(Bucket="other", PresignedUrl=url))

    assert (found, reason_of(answer)) == (403, "BUCKET_NOT_ALLOWED")


def test_nothing_is_stored_by_refused_requests(service: Service, embedded: Embedded) -> None:
    assert [file for file in embedded.bucket.rglob("*") if file.is_file()] == []
    assert embedded.heard() == []


def test_health_is_open_to_everybody(service: Service) -> None:
    for path in ("/healthz", "/readyz", "/healthz/"):
        status, answer = service.send(b"", method="GET", path=path, key=None)
        assert status == 200, answer


def test_bad_settings_are_told_all_at_once(tmp_path: Path) -> None:
    settings = {"API_KEYS": "[]", "MAX_OBJECT_BYTES": "many", "LANDING_BUCKET": "s3://x"}
    environment = environment_for(Embedded(tmp_path), PORT=str(free_port()))
    environment.update(settings)
    del environment["SOURCE_BUCKETS"]

    ended = subprocess.run(
        [PROGRAMS / "gunicorn"], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    for name in (*settings, "SOURCE_BUCKETS"):
        assert name in ended.stderr
