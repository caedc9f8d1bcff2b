"""Lambda's Runtime API, from which AWS's runtime interface client takes invocations.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

PATIENCE_SECONDS = 30.0
ARN = "arn:aws:lambda:us-east-1:123456789012:function:heron"


class InvocationFailed(Exception):
    """The function raised; the text is its error's type and message."""


class Lambda:
    """A function in AWS's own runtime."""

    def __init__(self, server: "_RuntimeApi", log: Path) -> None:
        self._server = server
        self._log = log

    def invoke(self, event: Any, seconds: float = 900) -> Any:
        """Return the function's answer; raise `InvocationFailed` if it raised instead."""
        self._server.invocations.put((event, seconds))
        try:
            kind, answer = self._server.answers.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise InvocationFailed(f"no answer: {self.log()}") from None
        if kind != "response":
            raise InvocationFailed(f"{answer['errorType']}: {answer['errorMessage']}")
        return answer

    def log(self) -> str:
        """All that the function wrote."""
        return self._log.read_text(encoding="utf-8")


@contextmanager
def running_function(
    handler: str, package: Path, environment: Mapping[str, str], log: Path
) -> Iterator[Lambda]:
    """Start the function in this folder, as Lambda would."""
    with _runtime_api() as server, log.open("wb") as output:
        settings = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(package),
            "_HANDLER": handler,
            "LAMBDA_TASK_ROOT": str(package),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "heron",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/heron",
            "AWS_LAMBDA_LOG_STREAM_NAME": "heron",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            **environment,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            cwd=package,
            env=settings,
            stdout=output,
            stderr=output,
        )
        try:
            yield Lambda(server, log)
        finally:
            process.kill()
            process.wait(timeout=10)


@contextmanager
def _runtime_api() -> Iterator["_RuntimeApi"]:
    with _RuntimeApi() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        try:
            yield server
        finally:
            server.closing = True
            server.shutdown()


class _RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.invocations: Queue[tuple[Any, float]] = Queue()
        self.answers: Queue[tuple[str, Any]] = Queue()
        self.count = 0
        self.closing = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the function is killed while it waits for the next invocation."""


class _Handler(BaseHTTPRequestHandler):
    server: _RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert self.path == "/2018-06-01/runtime/invocation/next"
        while not self.server.closing:
            try:
                event, seconds = self.server.invocations.get(timeout=0.1)
            except Empty:
                continue
            self.server.count += 1
            deadline = int((time.time() + seconds) * 1000)
            self._answer(
                200,
                json.dumps(event).encode(),
                {
                    "Lambda-Runtime-Aws-Request-Id": f"request-{self.server.count}",
                    "Lambda-Runtime-Deadline-Ms": str(deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": ARN,
                    # Without it the client dies of a segmentation fault.
                    "Content-Type": "application/json",
                },
            )
            return

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        *_, kind = urlsplit(self.path).path.split("/")
        self.server.answers.put((kind, json.loads(body)))
        self._answer(202, b"{}", {})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of the tests clean."""
