"""An S3 that honours If-Match and ranges, is slow as told, and goes wrong as often as told.

It holds no bytes: a body is made from its version's seed whenever somebody asks. So it is
fast, and what must have landed can be told for every version that ever was there.
"""

import hashlib
import hmac
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import google_crc32c

BUCKET = "pictures"
BLOCK = 64 * 1024
PERIOD = 1_048_573
FAULTS = ("slow down", "expired", "wrong byte", "cut", "reset")
_DATE = "%Y%m%dT%H%M%SZ"
_SECRET = b"canary-signing-secret"
_CREDENTIAL = "X-Amz-Credential=HERON%2F20260811%2Feu-west-2%2Fs3%2Faws4_request"


@dataclass(frozen=True)
class Version:
    """What one PUT left under a key. Two with the same seed and size are the same bytes."""

    key: str
    seed: int
    size: int

    def body(self) -> bytes:
        """Random, and repeated at steps that no block of a power of two has."""
        period = random.Random(self.seed).randbytes(min(self.size, PERIOD))
        return (period * (self.size // PERIOD + 1))[: self.size]

    @cached_property
    def etag(self) -> str:
        return self._hashes[0]

    @cached_property
    def crc32c(self) -> int:
        return self._hashes[1]

    @cached_property
    def _hashes(self) -> tuple[str, int]:
        body = self.body()
        return hashlib.md5(body).hexdigest(), google_crc32c.value(body)

    @property
    def head(self) -> dict[str, Any]:
        """As HeadObject tells it."""
        kind = {"ContentType": "application/octet-stream"}
        return {"ETag": f'"{self.etag}"', "ContentLength": self.size, **kind}


@dataclass
class Temper:
    """How the server behaves; it may be changed while it runs."""

    slow_chance: float = 0.0
    """Of a pause before the answer, and of one in the middle of the body."""
    slow_seconds: float = 0.0
    """The longest such pause."""
    fault_chance: float = 0.0
    block_pause: float = 0.0
    """Seconds after each 64 KiB."""
    rng: random.Random = field(default_factory=random.Random)

    def pause(self) -> float:
        slow = self.rng.random() < self.slow_chance
        return self.rng.uniform(0, self.slow_seconds) if slow else 0.0

    def fault(self) -> str | None:
        return self.rng.choice(FAULTS) if self.rng.random() < self.fault_chance else None


class VersionedS3:
    """One bucket on loopback, served while it is entered."""

    def __init__(self, temper: Temper | None = None) -> None:
        self.temper = temper or Temper()
        self.versions: dict[str, list[Version]] = {}
        """By key, the current one last."""
        self._server = _Server(self)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._lock = threading.Lock()
        self._signed = 0
        self._phases: dict[str, str] = {}
        self._gate = threading.Event()
        self._gate.set()
        self.held = 0
        """Bodies that crawl until `release` now."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def put(self, key: str, seed: int, size: int) -> Version:
        version = Version(key, seed, size)
        _ = version.etag  # made here once, not while others wait
        with self._lock:
            self.versions.setdefault(key, []).append(version)
        return version

    def current(self, key: str) -> Version | None:
        return self.versions[key][-1] if key in self.versions else None

    def sign(self, key: str, seconds: int = 60) -> str:
        """Return a fresh presigned URL."""
        with self._lock:
            self._signed += 1
            nonce = self._signed
        now = datetime.now(UTC).strftime(_DATE)
        query = (
            f"X-Amz-Algorithm=AWS4-HMAC-SHA256&{_CREDENTIAL}&X-Amz-Date={now}"
            f"&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host&X-Amz-Security-Token={nonce}"
        )
        path = f"/{BUCKET}/{key}"
        return f"{self.origin}{path}?{query}&X-Amz-Signature={_signature(path, query)}"

    def hold(self) -> None:
        """Let every body of more than 128 KiB crawl on its way, until `release`.

        A byte in a second is enough that no client takes the source for dead. A body that was
        sent whole never counts as held: its client may be done with it already.
        """
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    def phase(self, url: str) -> str:
        """How far the source got with the request that used this URL."""
        return self._phases.get(url.rpartition("=")[2], "before its GET")

    def forget(self, url: str) -> None:
        self._phases.pop(url.rpartition("=")[2], None)

    def enter_phase(self, signature: str, phase: str) -> None:
        self._phases[signature] = phase

    def crawl(self, connection: socket.socket, rest: memoryview) -> int:
        """Send one byte in a second while the gate is closed, and return how many."""
        sent = 0
        if self._gate.is_set():
            return sent
        with self._count_as_held():
            while not self._gate.wait(1) and sent < len(rest) - 1:
                connection.sendall(rest[sent : sent + 1])
                sent += 1
        return sent

    @contextmanager
    def _count_as_held(self) -> Iterator[None]:
        with self._lock:
            self.held += 1
        try:
            yield
        finally:
            with self._lock:
                self.held -= 1


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True
    block_on_close = False

    def __init__(self, s3: VersionedS3) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.s3 = s3

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # clients die here, that is the point
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self.close_connection = True
        s3 = self.server.s3
        path, _, query = self.path.partition("?")
        signed, _, signature = query.rpartition("&X-Amz-Signature=")
        s3.enter_phase(signature, "waiting for headers")
        fault = s3.temper.fault()
        time.sleep(s3.temper.pause())
        version = s3.current(path.removeprefix(f"/{BUCKET}/"))
        if not hmac.compare_digest(signature, _signature(path, signed)):
            self._refuse(403, "SignatureDoesNotMatch")
        elif _is_expired(query):
            self._refuse(403, "AccessDenied", "Request has expired")
        elif fault == "slow down":
            self._refuse(503, "SlowDown")
        elif fault == "expired":
            self._refuse(400, "ExpiredToken")
        elif version is None:
            self._refuse(404, "NoSuchKey")
        elif self.headers.get("If-Match") != f'"{version.etag}"':
            self._refuse(412, "PreconditionFailed")
        else:
            self._give(version, fault, signature)

    def _refuse(self, status: int, code: str, text: str = "") -> None:
        body = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _give(self, version: Version, fault: str | None, signature: str) -> None:
        s3, body = self.server.s3, version.body()
        wanted = self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("ETag", f'"{version.etag}"')
        self.end_headers()
        self.wfile.flush()
        s3.enter_phase(signature, "in the body")
        middle = start + s3.temper.rng.randrange(len(body) - start + 1)
        self._send(body[start:middle])
        time.sleep(s3.temper.pause())
        if fault == "cut":
            return
        if fault == "reset":
            self._reset()
            return
        if fault == "wrong byte" and middle < len(body):
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        self._send(body[middle:])
        s3.enter_phase(signature, "after the last byte")

    def _send(self, body: bytes) -> None:
        s3, rest = self.server.s3, memoryview(body)
        while rest:
            self.connection.sendall(rest[:BLOCK])
            rest = rest[BLOCK:]
            rest = rest[s3.crawl(self.connection, rest) :] if rest else rest
            if s3.temper.block_pause:
                time.sleep(s3.temper.block_pause)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with suppress(OSError):
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of the tests clean."""


def _signature(path: str, query: str) -> str:
    return hmac.new(_SECRET, f"{path}?{query}".encode(), "sha256").hexdigest()


def _is_expired(query: str) -> bool:
    values = dict(pair.split("=") for pair in query.split("&"))
    signed = datetime.strptime(values["X-Amz-Date"], _DATE).replace(tzinfo=UTC)
    return datetime.now(UTC) > signed + timedelta(seconds=int(values["X-Amz-Expires"]))
