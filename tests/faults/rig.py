"""A whole Landfall on a real port, between servers that misbehave, and what must hold of it."""

import hashlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from werkzeug.serving import WSGIRequestHandler, make_server

from adapters.pinned_http import new_tls_context
from adapters.s3_source import IDLE_SECONDS, S3Source
from handlers.spec import read_operations
from main import SPEC, assemble
from settings import read_settings
from tests.faults.places import Place
from tests.servers.scripted_s3 import ScriptedS3
from tests.unit.transfer.urls import query
from transfer.admission import Admission
from transfer.budget import Budget
from transfer.parallel import Parallel
from transfer.source import RangedSource, Source
from transfer.source_wait import DEFAULT as MINIMUM_PACE
from transfer.source_wait import MinimumPace
from transfer.store import STEP

API_KEY, NARROW_KEY = "canary-api-key-5d1f", "canary-narrow-key-77b2"
BUCKET, KEY = "pictures", "herons/a b.png"
NAME = f"{BUCKET}/{KEY}"
SIZES = {"empty": 0, "one byte": 1, "one chunk": STEP, "three chunks and a byte": 3 * STEP + 1}
LARGE = 3 * STEP + 1
HASTY_SECONDS = 0.7
SECONDS = 60.0
TLS = new_tls_context()
OPERATIONS = read_operations(SPEC)
SETTINGS = {
    "API_KEYS": json.dumps(
        [
            {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest(), "buckets": buckets}
            for name, key, buckets in (("wide", API_KEY, ["*"]), ("narrow", NARROW_KEY, ["other"]))
        ]
    ),
    "SOURCE_BUCKETS": "pictures,other",
}


def body_of(size: int, seed: int = 0) -> bytes:
    """So many bytes, no two chunks of which are alike."""
    words = (size + 3) // 4
    return b"".join((seed * 7919 + i).to_bytes(4, "big") for i in range(words))[:size]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    json: dict[str, Any]
    seconds: float

    @property
    def outcome(self) -> tuple[int, str]:
        """The status code with the outcome, or with the reason of the failure."""
        if self.status == 200:
            return 200, str(self.json["status"])
        return self.status, str(self.json["error"]["details"][0]["reason"])

    @property
    def retry_after(self) -> int | None:
        value = self.headers.get("retry-after")
        return None if value is None else int(value)


class Rig:
    """One message's world: its source, the service, the store and the topic."""

    def __init__(self, place: Place, s3: ScriptedS3, port: int, admission: Admission) -> None:
        self.place, self.s3, self.port, self.admission = place, s3, port, admission

    def message(self, **fields: Any) -> bytes:
        """About what S3 holds now; a field of None is left out."""
        there = self.s3.objects.get(KEY)
        known: dict[str, Any] = {
            "Bucket": BUCKET,
            "ObjectKey": KEY,
            "PresignedUrl": f"{self.s3.origin}/{BUCKET}/{quote(KEY)}?{query()}",
        }
        if there is not None:
            known |= {"ETag": f'"{there.etag}"', "ContentLength": len(there.body)}
        known |= fields
        return json.dumps(
            {"inputMessage": {name: v for name, v in known.items() if v is not None}}
        ).encode()

    def send(self, message: bytes | None = None, **headers: str) -> Answer:
        sent = {"Content-Type": "application/json", "x-api-key": API_KEY}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        started = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            body = self.message() if message is None else message
            connection.request("POST", "/processmessage", body, sent)
            answer = connection.getresponse()
            read = json.loads(answer.read())
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, read, time.monotonic() - started)

    def assert_nothing_happened(self) -> None:
        """Nothing is visible, nothing is left behind, and nobody was told anything."""
        assert self.place.read(NAME) is None
        assert self.place.metadata(NAME) is None
        assert self.place.leftovers() == 0
        assert self.place.heard() == []

    def assert_landed(
        self, body: bytes, copies: int = 1, marked: bool = True, leftovers: int = 0
    ) -> None:
        """These bytes are there, whole, with their record, and announced so many times."""
        assert self.place.read(NAME) == body
        metadata = self.place.metadata(NAME)
        assert metadata is not None
        assert metadata["s3-bucket"] == BUCKET
        assert metadata["s3-key"] == KEY
        assert metadata["s3-etag"] == self.s3.objects[KEY].etag
        assert "size" in metadata["landfall-verified"].split(",")
        assert ("landfall-notified" in metadata) == marked
        assert self.place.leftovers() == leftovers
        assert self.heard_of(self.place.generation(NAME)) == copies

    def heard_of(self, generation: int) -> int:
        """How many notifications there are of this generation: all of one and the same id."""
        ids = [
            attributes["ce-id"]
            for attributes in self.place.heard()
            if attributes["objectGeneration"] == str(generation)
        ]
        bucket = self.place.heard()[0]["bucketId"] if ids else ""
        expected = hashlib.sha256(f"{bucket}/{NAME}#{generation}".encode()).hexdigest()
        assert set(ids) <= {expected}
        return len(ids)

    def assert_heals(
        self, body: bytes, message: bytes | None = None, outcome: str = "landed", copies: int = 1
    ) -> None:
        """Sent again after the fault, the message ends right; and once more, it changes nothing."""
        message = message or self.message()
        assert self.send(message).outcome == (200, outcome)
        self.assert_landed(body, copies)
        assert self.send(message).outcome == (200, "already-landed")
        self.assert_landed(body, copies)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Keep the output of the tests clean."""


def wait_until(done: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.005)


def short_sleep(seconds: float) -> None:
    time.sleep(seconds / 20)


@contextmanager
def running(
    place: Place,
    s3: ScriptedS3,
    seconds: float = SECONDS,
    idle_seconds: float = IDLE_SECONDS,
    source: Source | None = None,
    clock: Callable[[], float] = time.monotonic,
    interruptions: int = 3,
    source_pace: MinimumPace = MINIMUM_PACE,
    new_parallel: Callable[[RangedSource], Parallel] | None = None,
    **settings: str,
) -> Iterator[Rig]:
    """Serve until the block ends.

    A message has so many seconds, of which its source may be silent for `idle_seconds`, and must
    send as much as `source_pace` says.
    """
    read = read_settings({**SETTINGS, "S3_ENDPOINTS": s3.origin, **settings})
    admission = Admission(read.max_transfers, clock)
    s3_source = S3Source(
        TLS, header_seconds=idle_seconds, idle_seconds=idle_seconds, ends=admission.ends
    )

    def new_budget() -> Budget:
        return Budget(
            sleep=short_sleep,
            interruptions=interruptions,
            ends=admission.ends,
            min_seconds=seconds,
            pace=source_pace,
        )

    parallel = new_parallel(s3_source) if new_parallel else None
    app = assemble(
        read,
        OPERATIONS,
        admission,
        source or s3_source,
        place.store,
        place.topic,
        new_budget,
        parallel,
    )
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        _wait_until_ready(server.server_port)
        yield Rig(place, s3, server.server_port, admission)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _wait_until_ready(port: int) -> None:
    """Both checks are over, so that they leave no trace of their own in what is looked at."""
    for _ in range(1000):
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/readyz")
            answer = json.loads(connection.getresponse().read())
        if "checks" in answer and "checking" not in answer["checks"].values():
            return
        time.sleep(0.005)
    raise AssertionError(answer)
