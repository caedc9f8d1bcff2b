"""A set-up without a fault: nothing is published, and nothing stays."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor import main
from tests.integration.doctor.conftest import SetUp
from tests.servers.cloud_storage import CloudStorage
from tests.servers.pubsub_protocol import PubSub
from tests.servers.raw import RawServer


class TestHealthy:
    def test_the_embedded_set_up_has_no_fault(self, setup: SetUp, s3: RawServer) -> None:
        report = setup.diagnosed()

        assert report.code == 0
        assert f"{s3.origin} answers" in report.text
        assert "It is lambda, for buckets *" in report.text
        assert {line[:11] for line in report.text.splitlines()} == {"ok         "}

    def test_what_other_users_may_open_is_advice(self, setup: SetUp, tmp_path: Path) -> None:
        setup.diagnosed()
        for path, mode in (("bucket", 0o755), ("notifications.db", 0o644), ("", 0o755)):
            (tmp_path / path).chmod(mode)

        report = setup.diagnosed()

        assert report.code == 0
        store, topic = report.lines("advice     ")
        assert "may be read by other users" in store
        assert f"chmod -R go= '{tmp_path}/bucket'" in store
        assert f"chmod go= '{tmp_path}/notifications.db'*" in topic

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
