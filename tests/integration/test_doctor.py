"""Broken set-ups: each fault is named with its remedy, ends with 1, and no secret is told."""

import hashlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import google.auth.credentials
import grpc
import pytest
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from adapters.pubsub_topic import PubSubTopic
from adapters.s3_reach import S3Reach
from diagnosis.topic import check_topic
from doctor import examine, main, tell
from tests.servers.certificates import Authority
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer
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


@pytest.fixture
def rights(monkeypatch: pytest.MonkeyPatch) -> Iterator[PubSub]:
    """Pub/Sub as it is without an emulator: with rights."""
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    with PubSub() as server:
        yield server


def topic_of(server: PubSub) -> PubSubTopic:
    def new_client() -> PublisherClient:
        channel = grpc.insecure_channel(server.address)
        nobody = google.auth.credentials.AnonymousCredentials()
        return PublisherClient(
            transport=PublisherGrpcTransport(channel=channel, credentials=nobody)
        )

    return PubSubTopic(TOPIC, new_client)


class TestHealthy:
    def test_the_embedded_set_up_has_no_fault(self, setup: SetUp, s3: RawServer) -> None:
        report = setup.diagnosed()

        assert report.code == 0
        assert f"{s3.origin} answers" in report.text
        assert "It is lambda, for buckets *" in report.text
        assert {line[:11] for line in report.text.splitlines()} == {"ok         "}

    def test_the_set_up_in_google_cloud_has_no_fault(
        self, setup: SetUp, in_bucket: Callable[..., CloudStorage], pubsub: PubSub
    ) -> None:
        storage = in_bucket()

        report = setup.diagnosed()

        assert report.code == 0
        assert {line[:11] for line in report.text.splitlines()} == {"ok         "}
        assert storage.requests["multipart"] == storage.requests["patch"] == 1
        assert storage.objects == {}
        assert pubsub.published == []

    def test_programs_read_the_same_as_json(
        self,
        setup: SetUp,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for name in os.environ:
            if name.startswith(("API_KEYS", "S3_", "ENDPOINT_")):
                monkeypatch.delenv(name)
        for name, value in setup.environment.items():
            monkeypatch.setenv(name, value)

        assert main(["--json"]) == 0

        found = json.loads(capsys.readouterr().out)
        assert {one["verdict"] for one in found} == {"ok"}
        assert {"settings", "API keys", "landing store", "topic", "disk", "S3 hosts", "clock"} == {
            one["check"] for one in found
        }


class TestSettings:
    def test_all_that_is_wrong_is_told_at_once_and_nothing_else_is_tried(
        self, setup: SetUp, s3: RawServer
    ) -> None:
        setup.environment |= {"API_KEYS": "", "SOURCE_BUCKETS": "", "PORT": "no"}

        report = setup.diagnosed()

        assert report.code == 1
        missing, sources, port = report.lines("failed     ")
        assert "no API key is set: API_KEYS holds a JSON list" in missing
        assert "SOURCE_BUCKETS is not set: name the S3 buckets" in sources
        assert "PORT is wrong: it must be a whole number" in port
        assert "Correct the settings first" in report.lines("not checked")[0]
        assert s3.connections == 0

    def test_two_sources_of_keys(self, setup: SetUp, tmp_path: Path) -> None:
        setup.environment["API_KEYS_FILE"] = str(tmp_path / "keys.json")

        assert "only one of API_KEYS, API_KEYS_FILE may be set" in setup.fault()


class TestKeys:
    def test_a_digest_of_another_key(self, setup: SetUp) -> None:
        setup.environment["API_KEYS"] = entry(sha256="0" * 64)

        fault = setup.fault()

        assert "none of the configured keys" in fault
        assert "`make key`" in fault

    def test_a_digest_made_with_echo(self, setup: SetUp) -> None:
        digest = hashlib.sha256(f"{KEY}\n".encode()).hexdigest()
        setup.environment["API_KEYS"] = entry(sha256=digest)

        assert "make the digest anew with `printf" in setup.fault()

    def test_every_key_is_expired(self, setup: SetUp) -> None:
        setup.environment["API_KEYS"] = entry(expires="2026-01-01T00:00:00Z")
        setup.key = None

        fault = setup.fault()

        assert "No sender can get in: lambda expired at 2026-01-01" in fault
        assert "add its entry, change the sender" in fault


class TestLandingInADirectory:
    def test_a_directory_that_cannot_be_made(self, setup: SetUp, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        setup.environment["LANDING_BUCKET"] = f"file:{tmp_path}/file/bucket"

        fault = setup.fault()

        assert "cannot be written (Not a directory)" in fault
        assert "correct LANDING_BUCKET" in fault

    def test_a_table_that_is_none(self, setup: SetUp, tmp_path: Path) -> None:
        (tmp_path / "notifications.db").write_bytes(b"no database at all" * 99)

        assert "file is not a database): correct NOTIFICATION_TOPIC" in setup.fault()


class TestLandingInABucket:
    def test_a_bucket_that_is_missing(
        self, setup: SetUp, in_bucket: Callable[..., CloudStorage]
    ) -> None:
        in_bucket()
        setup.environment["LANDING_BUCKET"] = "gs://another"

        assert "another does not exist: create it, or correct LANDING_BUCKET" in setup.fault()

    @pytest.mark.parametrize("verb", ["create", "delete"])
    def test_a_right_that_is_missing(
        self, setup: SetUp, in_bucket: Callable[..., CloudStorage], verb: str
    ) -> None:
        storage = in_bucket(denied_permissions=[f"storage.objects.{verb}"])

        fault = setup.fault()

        assert f"lacks storage.objects.{verb}" in fault
        assert "Grant its account roles/storage.objectUser" in fault
        assert storage.requests["multipart"] == 0

    @pytest.mark.parametrize(
        ("settings", "found", "remedy"),
        [
            (
                {"retentionPolicy": {"retentionPeriod": "2592000"}},
                "keeps every object for 30 days",
                "--clear-retention-period",
            ),
            (
                {"defaultEventBasedHold": True},
                "event-based hold",
                "--no-default-event-based-hold",
            ),
            (
                {"billing": {"requesterPays": True}},
                "wants requests to name a project to bill",
                "gs://landing --no-requester-pays",
            ),
        ],
    )
    def test_a_setting_that_hurts(
        self,
        setup: SetUp,
        in_bucket: Callable[..., CloudStorage],
        settings: dict[str, object],
        found: str,
        remedy: str,
    ) -> None:
        storage = in_bucket(settings={"lifecycle": LIFECYCLE, **settings})

        fault = setup.fault()

        assert found in fault
        assert remedy in fault
        assert storage.objects == {}

    def test_settings_that_may_not_be_seen_are_no_fault(
        self, setup: SetUp, in_bucket: Callable[..., CloudStorage]
    ) -> None:
        in_bucket(denied_permissions=["storage.buckets.get"])

        report = setup.diagnosed()

        assert report.code == 0
        assert "run this as somebody with storage.buckets.get" in report.lines("not checked")[0]

    def test_an_object_that_cannot_be_deleted_is_named(
        self, setup: SetUp, in_bucket: Callable[..., CloudStorage]
    ) -> None:
        storage = in_bucket()
        storage.fault("delete", Answer(403))

        fault = setup.fault()

        (name,) = storage.objects
        assert name.startswith(".landfall/doctor/")
        assert f"{name} is left over: delete it by hand" in fault


class TestTopic:
    def test_a_topic_that_is_missing(
        self, setup: SetUp, pubsub_emulator: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
        setup.environment["NOTIFICATION_TOPIC"] = "projects/p/topics/never-made"

        fault = setup.fault()

        assert "projects/p/topics/never-made does not exist: create it" in fault
        assert "correct NOTIFICATION_TOPIC" in fault

    def test_the_right_to_publish_is_missing(self, setup: SetUp, rights: PubSub) -> None:
        rights.denied.add("pubsub.topics.publish")

        report = setup.read(tell(check_topic(topic_of(rights)), as_json=False))

        assert report.code == 1
        (fault,) = report.lines("failed     ")
        assert f"{TOPIC} does not exist, or the service may not publish to it" in fault
        assert "grant its account roles/pubsub.publisher" in fault

    def test_listeners_that_may_not_be_seen_are_no_fault(
        self, setup: SetUp, rights: PubSub
    ) -> None:
        rights.denied.add("pubsub.topics.get")

        report = setup.read(tell(check_topic(topic_of(rights)), as_json=False))

        assert report.code == 0
        (line,) = report.lines("not checked")
        assert "run this as somebody with roles/pubsub.viewer" in line

    def test_a_topic_without_listeners_is_advice(self, setup: SetUp, pubsub: PubSub) -> None:
        pubsub.subscriptions = []
        pubsub.schema = "projects/p/schemas/strict"

        report = setup.diagnosed()

        assert report.code == 0
        schema, listeners = report.lines("advice     ")
        assert "has the schema projects/p/schemas/strict" in schema
        assert "notifications are lost: `gcloud pubsub subscriptions create" in listeners


class TestClock:
    @pytest.mark.parametrize(("minutes", "words"), [(20, "20 min behind"), (-20, "20 min ahead")])
    def test_a_clock_that_is_off(self, setup: SetUp, minutes: int, words: str) -> None:
        with RawServer([s3_answer(timedelta(minutes=minutes))]) as server:
            setup.environment["S3_ENDPOINTS"] = server.origin

            fault = setup.fault()

        assert f"This machine's clock is {words}" in fault
        assert "timedatectl set-ntp true" in fault


class TestS3Hosts:
    def test_nobody_listens(self, setup: SetUp) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            origin = f"http://127.0.0.1:{closed.getsockname()[1]}"
        setup.environment["S3_ENDPOINTS"] = origin

        report = setup.diagnosed()

        assert report.code == 1
        (fault,) = report.lines("failed     ")
        assert f"{origin}: The source's host takes no connection" in fault
        assert "Start that server, or correct S3_ENDPOINTS" in fault
        assert "clock" in report.lines("not checked")[0]

    def test_no_name_is_resolved(self, setup: SetUp) -> None:
        del setup.environment["S3_ENDPOINTS"]
        setup.reach = S3Reach(resolve=resolving())

        report = setup.diagnosed()

        assert report.code == 1
        faults = report.lines("failed     ")
        assert len(faults) == 4
        assert all("host name cannot be resolved. Open the way out" in fault for fault in faults)

    def test_a_region_whose_name_points_inward(self, setup: SetUp) -> None:
        setup.regions = ["eu-west-2"]
        setup.reach = S3Reach(resolve=resolving("127.0.0.1", only="s3.eu-west-2.amazonaws.com"))

        fault = setup.fault()

        assert "https://s3.eu-west-2.amazonaws.com" in fault
        assert "resolves to an address not public. Open the way out" in fault

    def test_a_region_that_there_is_not(self, setup: SetUp) -> None:
        setup.regions = ["us-gov-west-1", "middle-earth"]

        assert "has a Region middle-earth: correct its name" in setup.fault()

    @pytest.mark.parametrize(
        ("names", "days", "words"),
        [(["other.example"], 1, "not valid for"), (["127.0.0.1"], -1, "expired")],
    )
    def test_a_wrong_certificate(
        self, setup: SetUp, tmp_path: Path, names: list[str], days: int, words: str
    ) -> None:
        authority = Authority(tmp_path)
        setup.reach = S3Reach(authority.client_context())
        context = authority.server_context(*names, days=days)
        with RawServer([s3_answer()], tls=context) as server:
            setup.environment["S3_ENDPOINTS"] = server.origin

            fault = setup.fault()

        assert "certificate is not trusted" in fault
        assert words in fault
        assert "a proxy that opens TLS" in fault

    def test_a_good_certificate_is_no_fault(self, setup: SetUp, tmp_path: Path) -> None:
        authority = Authority(tmp_path)
        setup.reach = S3Reach(authority.client_context())
        with RawServer([s3_answer()], tls=authority.server_context()) as server:
            setup.environment["S3_ENDPOINTS"] = server.origin

            assert setup.diagnosed().code == 0

    def test_somebody_else_answers(self, setup: SetUp) -> None:
        with RawServer([answer(b"<html>please log in</html>")]) as server:
            setup.environment["S3_ENDPOINTS"] = server.origin

            assert "What answers there (200) is not S3" in setup.fault()


def resolving(
    address: str | None = None, only: str = ""
) -> Callable[..., list[tuple[object, ...]]]:
    """A look-up that finds this address, for one name; all other names are none."""

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        if address is not None and host == only:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        if host == "127.0.0.1":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        raise socket.gaierror

    return resolve
