"""Landfall as an operator runs it, and messages as forwarders send them."""

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.servers.ports import free_port
from tests.system.backends import Surroundings

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
API_KEY = "canary-api-key-of-the-tests"
START_SECONDS = 60

Answer = tuple[int, dict[str, Any]]


class Service:
    """Gunicorn, in a process group of its own, as a container holds it."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], under: Sequence[str | Path] = ()
    ) -> None:
        self._command = [*under, PROGRAMS / "gunicorn"]
        self.port = free_port()
        self.log = folder / f"landfall-{self.port}.log"
        self._environment = {**environment, "PORT": str(self.port)}

    def start(self) -> None:
        """Begin, or begin again; return once it is ready."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=output,
                stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            _wait_until_ready(self.process, self.port, self.log)
        except BaseException:
            self.kill()
            raise

    def end(self) -> float:
        """End it by SIGTERM as the platform does, and return after how many seconds it did."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return time.monotonic() - began

    def kill(self) -> None:
        """End all its processes at once and without warning, as when its container is killed."""
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

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

    def requests(self) -> list[dict[str, Any]]:
        """What the log says of the requests so far, but of those about health."""
        lines = (json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{")
        return [line for line in lines if line["logger"] == "landfall.requests"
                and "/processmessage" in line["httpRequest"]["requestUrl"]]  # fmt: skip

    def workers(self) -> list[int]:
        """The processes that serve, or are about to."""
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
    service = Service(folder, environment_for(backend, **settings), under)
    service.start()
    try:
        yield service
    finally:
        service.end()


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


def message_about_version(s3: Any, bucket: str, key: str, version: str) -> bytes:
    """A message about this version, with a URL that is pinned to it."""
    parameters = {"Bucket": bucket, "Key": key, "VersionId": version}
    head = s3.head_object(**parameters)
    fields = {
        "Bucket": bucket,
        "ObjectKey": key,
        "ETag": head["ETag"],
        "ContentLength": head["ContentLength"],
        "VersionId": version,
        "PresignedUrl": s3.generate_presigned_url("get_object", Params=parameters),
    }
    return json.dumps({"inputMessage": fields}).encode()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"not ready: {log.read_text()}")
