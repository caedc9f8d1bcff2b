"""forwarder.sync and forwarder.send, started as people start them."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server, rclone_server
from tests.system.backends import Embedded
from tests.system.service import API_KEY, ROOT, Service, serving

LONGEST_SECONDS = 60


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def summary(self) -> str:
        """What the last line of the output counts."""
        return self.out.splitlines()[-1].partition(": ")[2]


@dataclass(frozen=True)
class House:
    """An S3 server and a Landfall."""

    s3: S3Server
    backend: Embedded
    service: Service

    def make_bucket(self, name: str, bodies: Mapping[str, bytes]) -> None:
        self.s3.client.create_bucket(Bucket=name)
        self.put(name, bodies)

    def put(self, bucket: str, bodies: Mapping[str, bytes]) -> None:
        for key, body in bodies.items():
            self.s3.client.put_object(Bucket=bucket, Key=key, Body=body)

    def landed(self, bucket: str) -> dict[str, bytes]:
        folder = self.backend.bucket / bucket
        return {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }

    def count_landed(self, bucket: str) -> int:
        return sum(1 for file in (self.backend.bucket / bucket).rglob("*") if file.is_file())

    def announced(self, bucket: str) -> list[str]:
        """The names of the announced objects, as often as they were announced."""
        names = [heard.attributes["objectId"] for heard in self.backend.heard()]
        return [n.removeprefix(f"{bucket}/") for n in names if n.startswith(f"{bucket}/")]

    def transfers(self, bucket: str) -> int:
        """How many objects Landfall says it landed by a transfer."""
        lines = self.service.requests()
        return sum(
            line["outcome"] == "landed" and line["source"]["bucket"] == bucket for line in lines
        )

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env={**os.environ, **self.environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **environment: str) -> Ended:
        with self.start(*words, **environment) as process:
            return finish(process)

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL_S3": self.s3.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "ENDPOINT_URL": f"http://127.0.0.1:{self.service.port}/processmessage",
            "ENDPOINT_API_KEY": API_KEY,
        }


@contextmanager
def running(folder: Path, buckets: Mapping[str, Mapping[str, bytes]]) -> Iterator[House]:
    """Start both servers; the buckets are there from the beginning: putting is slower."""
    for bucket, bodies in buckets.items():
        for key, body in bodies.items():
            file = folder / "s3" / bucket / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
    backend = Embedded(folder)
    with (
        rclone_server(folder / "s3") as s3,
        serving(folder, backend, S3_ENDPOINTS=s3.endpoint, MAX_OBJECT_BYTES="1000") as service,
    ):
        yield House(s3, backend, service)


def finish(process: subprocess.Popen[str]) -> Ended:
    try:
        out, err = process.communicate(timeout=LONGEST_SECONDS)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)
