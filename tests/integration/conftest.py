"""Real servers for the integration tests: S3, and HTTP endpoints that record and obey."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from forwarder.aws import session
from forwarder.lambda_function import forwarder_for
from forwarder.postponing import queue_of

REGION, BUCKET = "us-east-1", "heron-meadow"
API_KEY, SECRET_KEY, TOKEN = "canary-api-key-5d1f", "canary-secret-77aa", "canary-token-90bc"


@dataclass
class Answer:
    status: int = 200
    body: bytes | None = None
    """None for what Landfall says when the object is landed."""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    cut: bool = False
    """Close the connection instead of answering."""
    echo: bool = False
    """Refuse the message as Landfall would, but with all that was sent as the reason."""
    says: str = "landed"
    """The status to say of the message, with the fields that go with it."""


def landfall_says(status: str, message: dict[str, Any]) -> dict[str, Any]:
    """Landfall's answer about the message's object."""
    bucket, key = message["Bucket"], message["ObjectKey"]
    there = {"bucket": "heron-landing", "name": f"{bucket}/{key}", "generation": "7", "size": 3}
    is_there = status not in ("superseded", "missing")
    return {
        "message": status,
        "status": status,
        "object": there if is_there else None,
        "source": {"bucket": bucket, "key": key, "etag": "e"},
        "verified": ["size", "md5"] if is_there else [],
        "notification": {"messageId": "1"} if is_there else None,
    }


def refusal(status: int, reason: str, **headers: str) -> Answer:
    """An error as Landfall answers it."""
    body = {"error": {"code": status, "details": [{"reason": reason, "domain": "landfall"}]}}
    return Answer(status, json.dumps(body).encode(), headers)


class RecordingServer(ThreadingHTTPServer):
    """Keeps what it is sent and gives its answers in turn, the last one again and again."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Recorder)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers = [Answer()]
        self.by_key: dict[str, Answer] = {}
        """Answers for messages about these keys, before all others."""
        self.before_answer: Callable[[], None] = lambda: None
        self.connections: set[Any] = set()
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body)["inputMessage"] for _, _, body in self.requests]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that gave up waiting is part of a test."""


class _Recorder(BaseHTTPRequestHandler):
    server: RecordingServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.path, headers, body))
        self.server.connections.add(self.client_address)
        self.server.before_answer()
        answer = self._next_answer(body)
        time.sleep(answer.delay)
        if answer.cut:
            self.close_connection = True
            return
        self.send_response(answer.status)
        content = self._content(answer, body)
        for name, value in ({"Content-Length": str(len(content))} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST

    def _next_answer(self, body: bytes) -> Answer:
        by_key, answers = self.server.by_key, self.server.answers
        key = json.loads(body)["inputMessage"]["ObjectKey"] if by_key else ""
        answer = by_key.get(key) or (answers.pop(0) if len(answers) > 1 else answers[0])
        if answer.echo:
            detail = {"reason": "INVALID_MESSAGE", "domain": "landfall"}
            told = body.decode() + str(self.headers)
            error = {"error": {"message": told, "details": [detail]}}
            return Answer(400, json.dumps(error).encode())
        return answer

    def _content(self, answer: Answer, asked: bytes) -> bytes:
        if answer.body is not None:
            return answer.body
        message = json.loads(asked)["inputMessage"] if asked.startswith(b'{"inputMessage"') else {}
        return json.dumps(landfall_says(answer.says, message)).encode() if message else b""

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of the tests clean."""


class Context:
    """What Lambda tells about the invocation."""

    function_name = "heron"
    aws_request_id = "request-1"

    def __init__(self, seconds_left: float) -> None:
        self._milliseconds = int(seconds_left * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


@contextmanager
def recording_server() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    # All such servers of a process share what they hold, and other tests leave buckets behind.
    with urlopen(Request(f"{url}/moto-api/reset", method="POST")) as done:
        assert done.status == 200
    yield url
    server.stop()


@pytest.fixture
def s3(s3_url: str, forwarder_environment: pytest.MonkeyPatch) -> Any:
    """A client of the S3 server that the forwarder will use, with the bucket made."""
    forwarder_environment.setenv("AWS_ENDPOINT_URL_S3", s3_url)
    client = boto3.client("s3", region_name=REGION)
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def endpoint(forwarder_environment: pytest.MonkeyPatch) -> Iterator[RecordingServer]:
    with recording_server() as server:
        forwarder_environment.setenv("ENDPOINT_URL", f"{server.url}/processmessage")
        yield server


@pytest.fixture
def stranger() -> Iterator[RecordingServer]:
    """An endpoint that no setting names."""
    with recording_server() as server:
        yield server


@pytest.fixture
def without_credentials(
    s3_url: str, forwarder_environment: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    forwarder_environment.setenv("AWS_ENDPOINT_URL_S3", s3_url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        forwarder_environment.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        forwarder_environment.setenv(name, str(tmp_path / "none"))
    forwarder_environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
    session.cache_clear()
    yield
    session.cache_clear()


@pytest.fixture
def scripted_s3(forwarder_environment: pytest.MonkeyPatch) -> Iterator[RecordingServer]:
    """An S3 server for answers that a well-behaved one does not give."""
    with recording_server() as server:
        forwarder_environment.setenv("AWS_ENDPOINT_URL_S3", server.url)
        yield server


@pytest.fixture
def forwarder_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Credentials and settings of the forwarder, but for the addresses of its two servers."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHERONEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("ENDPOINT_API_KEY", API_KEY)
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_PROFILE",
        "HTTPS_PROXY",
        "https_proxy",
        "ENDPOINT_API_KEY_SECRET",
        "ENDPOINT_URL",
        "PIN_VERSIONS",
        "URL_EXPIRES_SECONDS",
    ):
        monkeypatch.delenv(name, raising=False)
    # What is kept for later invocations belongs to the servers of another test.
    forwarder_for.cache_clear()
    queue_of.cache_clear()
    return monkeypatch
