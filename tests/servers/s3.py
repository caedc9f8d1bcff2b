"""Two real S3 servers: rclone checks signatures and expiry, moto preconditions and ranges.

Neither does both, so a claim about S3 is tested on the one that keeps it.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

from tests.servers.ports import free_port

ACCESS_KEY, SECRET_KEY = "HERONACCESSKEY", "canary-s3-secret-77aa"
REGION = "us-east-1"
START_SECONDS = 30


@dataclass(frozen=True)
class S3Server:
    """A running server, and a client that may do everything there."""

    endpoint: str
    client: Any

    def sign(self, bucket: str, key: str, seconds: int = 3600, **params: str) -> str:
        """Return a presigned GET."""
        params = {"Bucket": bucket, "Key": key, **params}
        url: str = self.client.generate_presigned_url(
            "get_object", Params=params, ExpiresIn=seconds
        )
        return url


@contextmanager
def rclone_server(directory: Path) -> Iterator[S3Server]:
    """Serve this directory: its folders are buckets. It ignores If-Match."""
    process, port = _started_rclone(directory)
    try:
        yield _server(port)
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _started_rclone(directory: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Try again on another port if somebody else was faster to take it."""
    program = Path(sys.executable).parent / "rclone"
    for _ in range(3):
        port = free_port()
        listen = ["--addr", f"127.0.0.1:{port}"]
        command: list[str | Path] = [program, "serve", "s3", *listen, "--config", "", directory]
        environment = {**os.environ, "RCLONE_AUTH_KEY": f'"{ACCESS_KEY},{SECRET_KEY}"'}
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if _listens(port, process):
            return process, port
        process.kill()
        process.wait()
    raise RuntimeError("rclone's S3 server did not start")


@contextmanager
def moto_server() -> Iterator[S3Server]:
    """Serve from memory. It takes any signature, and URLs that are expired."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield _server(server.get_host_and_port()[1])
    finally:
        server.stop()


def _server(port: int) -> S3Server:
    endpoint = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    return S3Server(endpoint, client)


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until it does, or has ended."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process.poll() is None
        time.sleep(0.05)
    return False
