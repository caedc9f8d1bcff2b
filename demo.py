"""The whole loop on this machine: S3 event, forwarder, Landfall, stored object, notification.

The S3 server is real and checks signatures; no cloud account, no container, no Java.
"""

import hashlib
import json
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import boto3

from transfer.printable import printable_lines

ROOT = Path(__file__).parent
WORK = ROOT / "var" / "demo"
PROGRAMS = Path(sys.executable).parent
PICTURE = ROOT / "docs" / "landfall.svg"
BUCKET, KEY = "pictures", "how it works/landfall (1).svg"
START_SECONDS = 30


def main() -> int:
    os.umask(0o077)  # what the demo leaves is for this user alone
    shutil.rmtree(WORK, ignore_errors=True)
    (WORK / "s3").mkdir(parents=True)
    api_key, s3_keys = secrets.token_urlsafe(32), (secrets.token_hex(10), secrets.token_hex(20))
    s3_port, landfall_port = _free_port(), _free_port()
    s3_url, url = f"http://127.0.0.1:{s3_port}", f"http://127.0.0.1:{landfall_port}"
    _say(f"1  an S3 server on {s3_url}, which checks signatures")
    # In the environment: others may read a program's arguments. https://rclone.org/docs/
    s3_environment = {"RCLONE_AUTH_KEY": f'"{",".join(s3_keys)}"'}
    with _running("s3", _s3_command(s3_port), s3_environment, s3_port):
        _say(f"2  Landfall on {url}, landing in a directory, announcing to SQLite")
        environment = _landfall_environment(landfall_port, api_key, s3_url)
        with _running("landfall", [PROGRAMS / "gunicorn"], environment, landfall_port):
            _wait_until_ready(f"{url}/readyz")
            os.environ.update(_forwarder_environment(url, api_key, s3_url, s3_keys))
            _say(f"3  boto3 uploads {PICTURE.name} as s3://{BUCKET}/{KEY}")
            event = _upload(s3_url)
            _say("4  the forwarder gets the S3 event, and once more, as happens")
            _forward(event)
            _forward(event)
            _say("5  what landed, and what subscribers hear")
            return _show()


def _s3_command(port: int) -> list[str | Path]:
    return [PROGRAMS / "rclone", "serve", "s3", "--addr", f"127.0.0.1:{port}", WORK / "s3"]


def _landfall_environment(port: int, api_key: str, s3_url: str) -> dict[str, str]:
    digest = hashlib.sha256(api_key.encode()).hexdigest()
    return {
        "API_KEYS": json.dumps([{"name": "demo", "sha256": digest, "buckets": [BUCKET]}]),
        "SOURCE_BUCKETS": BUCKET,
        "S3_ENDPOINTS": s3_url,
        "LANDING_BUCKET": f"file:{WORK / 'bucket'}",
        "NOTIFICATION_TOPIC": f"sqlite:{WORK / 'notifications.db'}",
        "LOG_FORMAT": "text",  # a person will open it
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }


def _forwarder_environment(
    url: str, api_key: str, s3_url: str, keys: tuple[str, str]
) -> dict[str, str]:
    return {
        "ENDPOINT_URL": f"{url}/processmessage",
        "ENDPOINT_API_KEY": api_key,
        "AWS_ENDPOINT_URL_S3": s3_url,
        "AWS_ACCESS_KEY_ID": keys[0],
        "AWS_SECRET_ACCESS_KEY": keys[1],
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _upload(s3_url: str) -> dict[str, Any]:
    """Put the picture and return the event that S3 would send about it."""
    s3 = boto3.client("s3", region_name="us-east-1", endpoint_url=s3_url)
    s3.create_bucket(Bucket=BUCKET)
    body = PICTURE.read_bytes()
    answer = s3.put_object(Bucket=BUCKET, Key=KEY, Body=body, ContentType="image/svg+xml")
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": BUCKET},
            "object": {
                "key": quote_plus(KEY),
                "size": len(body),
                "eTag": answer["ETag"].strip('"'),
            },
        },
    }
    return {"Records": [record]}


def _forward(event: dict[str, Any]) -> None:
    from forwarder.lambda_function import lambda_handler

    with redirect_stdout(StringIO()) as log:
        lambda_handler(event, None)
    for line in map(json.loads, log.getvalue().splitlines()):
        if "message" in line:  # the others are metrics
            _say(f"   forwarder: {line['message']}")


def _show() -> int:
    landed = WORK / "bucket" / BUCKET / KEY
    if landed.read_bytes() != PICTURE.read_bytes():
        _say("   The bytes differ. That must not happen: please report it.")
        return 1
    with closing(sqlite3.connect(WORK / "notifications.db")) as topic:
        rows = topic.execute("SELECT attributes FROM notifications").fetchall()
    if len(rows) != 1:
        _say(f"   There are {len(rows)} notifications of one landing, and one was due.")
        return 1
    for name, value in json.loads(rows[0][0]).items():
        _say(f"   {name:20} {value}")
    _say(f"\nThe object        {landed.relative_to(ROOT)}")
    _say(f"The notification  {(WORK / 'notifications.db').relative_to(ROOT)}, table notifications")
    _say(f"Landfall's log    {(WORK / 'landfall.log').relative_to(ROOT)}")
    return 0


@contextmanager
def _running(
    name: str, command: list[str | Path], environment: dict[str, str], port: int
) -> Iterator[None]:
    log = WORK / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        _wait_for_port(process, port, log)
        yield
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"{log.stem} did not start:\n{log.read_text()}")


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"Landfall is not ready: see {WORK / 'landfall.log'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _say(text: str) -> None:
    print(printable_lines(text), flush=True)


if __name__ == "__main__":
    sys.exit(main())
