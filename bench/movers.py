"""Those who carry an object from source to sink, each started the way its users would."""

import hashlib
import http.client
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Self

from bench.processes import (
    NEAR,
    Cost,
    children,
    cpu_seconds,
    forget_peak,
    free_port,
    output_of,
    peak_bytes,
    resident_bytes,
    run,
    running,
)

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
KEY = "key-of-the-bench"
_SIGNATURE = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=BENCH%2F20260101%2Fus-east-1%2Fs3%2F"
    "aws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=" + 64 * "0"
)
"""The source takes any; the guard wants the form."""


_numbers = count(1)


@dataclass(frozen=True)
class Load:
    """An object to be carried."""

    origin: str
    sink: str
    name: str
    size: int
    etag: str
    checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.origin}/source/{self.name}"

    @property
    def presigned(self) -> str:
        return f"{self.url}?{_SIGNATURE}"

    def anew(self) -> Self:
        """Return the same object under a name at which nothing has landed."""
        return replace(self, name=f"{self.name.split('-')[0]}-{next(_numbers)}")


class Commands:
    """Programs that are started once for each object."""

    def __init__(self, authorities: Path, environment: Mapping[str, str]) -> None:
        self._authorities = str(authorities)
        self._environment = environment

    def curl(self, load: Load) -> Cost:
        """`curl | curl`: the reference. It checks nothing and keeps no metadata."""
        take = ["curl", "-sSf", "--cacert", self._authorities, load.url]
        give = ["curl", "-sSf", "--cacert", self._authorities, "-T", "-", f"{load.sink}/raw"]
        return self._run(
            ["bash", "-o", "pipefail", "-c", f"{shlex.join(take)} | {shlex.join(give)}"]
        )

    def rclone_copyurl(self, load: Load) -> Cost:
        return self._run([*self._rclone(), "copyurl", load.url, f"gcs:landing/{load.name}"])

    def rclone_http(self, load: Load) -> Cost:
        source = [f"--http-url={load.origin}", f":http:source/{load.name}"]
        return self._run([*self._rclone(), "copyto", *source, f"gcs:landing/{load.name}"])

    def gcloud(self, load: Load) -> Cost:
        """`gcloud storage cp`, which takes the source for an S3 of another maker."""
        names = [f"s3://source/{load.name}", f"gs://landing/{load.name}"]
        return self._run(["gcloud", "storage", "cp", *names], **_gcloud_settings(load))

    def bare(self, load: Load) -> Cost:
        """Nothing but receiving, CRC32C and sending, in Python."""
        command = [sys.executable, "-m", "bench.bare", load.url, f"{load.sink}/raw"]
        return Cost(memory=0, **json.loads(output_of([*command, self._authorities], NEAR)))

    def _rclone(self) -> list[str]:
        return [
            *(str(PROGRAMS / "rclone"), "--config", "", "--retries", "1", "--ignore-times"),
            *("--ca-cert", self._authorities),
        ]

    def _run(self, command: list[str], **more: str) -> Cost:
        return run(command, NEAR, {**self._environment, **more})


def _gcloud_settings(load: Load) -> dict[str, str]:
    """No account, no questions, no home: https://cloud.google.com/sdk/docs/properties"""
    return {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{load.sink}/storage/v1/",
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_CORE_PROJECT": "bench",
        "CLOUDSDK_STORAGE_CHECK_HASHES": "never",
        "CLOUDSDK_STORAGE_S3_ENDPOINT_URL": load.origin,
    }


class Service:
    """A server that takes messages; its own worker is what is measured."""

    def __init__(self, port: int, workers: list[int]) -> None:
        self.port = port
        self.workers = workers
        self.worker = workers[0]

    def move(self, load: Load) -> Cost:
        pids = [self.worker]
        before, resident = cpu_seconds(pids), resident_bytes(self.worker)
        forget_peak(self.worker)
        started = time.perf_counter()
        self.send(load)
        wall = time.perf_counter() - started
        added = max(0, peak_bytes(self.worker) - resident)
        return Cost(wall, cpu_seconds(pids) - before, added)

    def send(self, load: Load) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request("POST", "/processmessage", message_of(load), headers())
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"the service answered {answer.status}: {said.decode()}")


def headers() -> dict[str, str]:
    return {"Content-Type": "application/json", "x-api-key": KEY}


def message_of(load: Load) -> bytes:
    fields = {
        "Bucket": "source",
        "ObjectKey": load.name,
        "ContentType": "application/octet-stream",
        "ContentLength": load.size,
        "ETag": load.etag,
        "PresignedUrl": load.presigned,
        **load.checksums,
    }
    return json.dumps({"inputMessage": fields}).encode()


def environment_of(
    folder: Path, sink: str, origins: list[str], authorities: Path, **settings: str
) -> dict[str, str]:
    """Landfall's settings: one worker, on Cloud Storage's protocol."""
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    return {
        "API_KEYS": json.dumps([{"name": "bench", "sha256": digest}]),
        "SOURCE_BUCKETS": "*",
        "S3_ENDPOINTS": ",".join(origins),
        "OBJECT_NAME": "{key}",
        "LANDING_BUCKET": "gs://landing",
        "NOTIFICATION_TOPIC": f"sqlite:{folder}/notifications.db",
        "STORAGE_EMULATOR_HOST": sink,
        "BENCH_AUTHORITIES": str(authorities),
        "WEB_CONCURRENCY": "1",
        **settings,
    }


@contextmanager
def landfall(
    folder: Path, sink: str, origins: list[str], authorities: Path, **settings: str
) -> Iterator[Service]:
    """Landfall under gunicorn."""
    environment = environment_of(folder, sink, origins, authorities, **settings)
    with _serving("bench.trusting:app", [], environment, folder / "landfall.log") as service:
        yield service


@contextmanager
def naive(folder: Path, sink: str, authorities: Path, **settings: str) -> Iterator[Service]:
    """The naive service, with as many threads as Landfall."""
    environment = {
        "STORAGE_EMULATOR_HOST": sink,
        "REQUESTS_CA_BUNDLE": str(authorities),
        **settings,
    }
    options = ["--config", "/dev/null", "--worker-class", "gthread", "--threads", "20"]
    with _serving("bench.naive:app", options, environment, folder / "naive.log") as service:
        yield service


@contextmanager
def _serving(
    app: str, options: list[str], environment: Mapping[str, str], log: Path
) -> Iterator[Service]:
    port = free_port()
    command = [str(PROGRAMS / "gunicorn"), *options, "--chdir", str(ROOT)]
    command += ["--bind", f"127.0.0.1:{port}", app]
    environment = {**os.environ, "PORT": str(port), **environment}
    cpus = set(map(int, environment.get("BENCH_CPUS", "1").split(",")))
    with running(command, port, cpus, environment, log) as process:
        wanted = int(environment.get("WEB_CONCURRENCY", "1"))
        while len(workers := children(process.pid)) < wanted:
            time.sleep(0.01)
        yield Service(port, workers)
