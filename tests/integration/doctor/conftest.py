"""A healthy set-up, for the tests to break; whatever is told of it holds no secret."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from adapters.s3_reach import S3Reach
from doctor import examine, tell
from tests.servers.cloud_storage import CloudStorage
from tests.servers.pubsub_protocol import PubSub
from tests.servers.raw import RawServer, answer

KEY = "canary-api-key-5d1f"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
TOPIC = "projects/p/topics/landed"
LIFECYCLE = {
    "rule": [
        {
            "action": {"type": "Delete"},
            "condition": {"age": 2, "matchesPrefix": [".landfall/parts/"]},
        }
    ]
}


@dataclass
class Report:
    """What the operator reads, and the exit code."""

    code: int
    text: str

    def lines(self, verdict: str) -> list[str]:
        return [line for line in self.text.splitlines() if line.startswith(f"{verdict}  ")]


@dataclass
class SetUp:
    """A healthy one, until a test breaks it."""

    environment: dict[str, str]
    output: Callable[[], str]
    key: str | None = KEY
    regions: list[str] = field(default_factory=list)
    reach: S3Reach = field(default_factory=S3Reach)

    def diagnosed(self) -> Report:
        code = tell(examine(self.environment, self.key, self.regions, self.reach), as_json=False)
        return self.read(code)

    def read(self, code: int) -> Report:
        report = Report(code, self.output())
        assert KEY not in report.text
        assert DIGEST not in report.text
        return report

    def fault(self) -> str:
        """The one line that names a failure."""
        report = self.diagnosed()
        assert report.code == 1
        (line,) = report.lines("failed     ")
        return line


def s3_answer(ahead: timedelta = timedelta()) -> bytes:
    date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
    body = b"<Error><Code>InvalidBucketName</Code></Error>"
    return answer(body, "400 Bad Request", ETag=None, Date=date)


def entry(**fields: object) -> str:
    return json.dumps([{"name": "lambda", "sha256": DIGEST, **fields}])


@pytest.fixture
def s3() -> Iterator[RawServer]:
    with RawServer([s3_answer()]) as server:
        yield server


@pytest.fixture
def setup(
    s3: RawServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> SetUp:
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    environment = {
        "API_KEYS": entry(),
        "SOURCE_BUCKETS": "images-*",
        "S3_ENDPOINTS": s3.origin,
        "LANDING_BUCKET": f"file:{tmp_path / 'bucket'}",
        "NOTIFICATION_TOPIC": f"sqlite:{tmp_path / 'notifications.db'}",
    }
    return SetUp(environment, lambda: capsys.readouterr().out)


@pytest.fixture
def in_bucket(
    setup: SetUp, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., CloudStorage]]:
    """Have the set-up land in a bucket of Cloud Storage, with these settings."""
    servers = []

    def place(**options: object) -> CloudStorage:
        options = {"settings": {"lifecycle": LIFECYCLE}, **options}
        server = CloudStorage("landing", **options)  # type: ignore[arg-type]
        server.start()
        servers.append(server)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        setup.environment["LANDING_BUCKET"] = "gs://landing"
        return server

    yield place
    for server in servers:
        server.close()


@pytest.fixture
def pubsub(setup: SetUp, monkeypatch: pytest.MonkeyPatch) -> Iterator[PubSub]:
    """Have the set-up publish to Pub/Sub."""
    with PubSub() as server:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", server.address)
        setup.environment["NOTIFICATION_TOPIC"] = TOPIC
        yield server
