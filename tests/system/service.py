"""Landfall as an operator runs it, and messages as forwarders send them."""

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.system.backends import Surroundings

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
API_KEY = "canary-api-key-of-the-tests"
START_SECONDS = 60

Answer = tuple[int, dict[str, Any]]


@dataclass
class Service:
    """A running gunicorn."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def send(
        self,
        body: bytes,
        *,
        method: str = "POST",
        path: str = "/processmessage",
        key: str | None = API_KEY,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if key is not None:
            sent["x-api-key"] = key
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        with closing(connection):
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def workers(self) -> list[int]:
        """The processes that serve."""
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def environment_for(backend: Surroundings, **settings: str) -> dict[str, str]:
    digest = hashlib.sha256(API_KEY.encode()).hexdigest()
    return {
        **os.environ,
        "API_KEYS": json.dumps([{"name": "tests", "sha256": digest}]),
        "SOURCE_BUCKETS": "*",
        **backend.environment,
        **settings,
    }


@contextmanager
def serving(
    folder: Path, backend: Surroundings, under: Sequence[str | Path] = (), **settings: str
) -> Iterator[Service]:
    """Serve until the block ends, then end by SIGTERM as the platform does.

    `under` is a command that becomes the one that follows it, such as `nice`.
    """
    port, log = free_port(), folder / "landfall.log"
    environment = environment_for(backend, PORT=str(port), **settings)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*under, PROGRAMS / "gunicorn"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(process, port, log)
        yield Service(port, process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=START_SECONDS)


def sample_message(bucket: str, key: str, head: Mapping[str, Any], url: str) -> bytes:
    """What the original sample's Lambda sends: Python 2's json.dumps of its dict, in its order."""
    fields = {
        "ContentType": head["ContentType"],
        "ContentLength": head["ContentLength"],
        "Bucket": bucket,
        "PresignedUrl": url,
        "ObjectKey": key,
        "ETag": head["ETag"],
    }
    return json.dumps({"inputMessage": fields}).encode()


def message_about(s3: Any, bucket: str, key: str) -> bytes:
    """The sample's message about what S3 holds now: HeadObject, and a URL for an hour."""
    head = s3.head_object(Bucket=bucket, Key=key)
    parameters = {"Bucket": bucket, "Key": key}
    url = s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=3600)
    return sample_message(bucket, key, head, url)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"not ready: {log.read_text()}")
