"""Settings and keys that are wrong: each fault is named with its remedy, and ends with 1."""

import hashlib
from pathlib import Path

import pytest

from tests.integration.doctor.conftest import (
    KEY,
    SetUp,
    entry,
)
from tests.servers.raw import RawServer


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

    def test_keys_that_cannot_be_read_leave_the_senders_key_unchecked(
        self, setup: SetUp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/never/there")
        del setup.environment["API_KEYS"]
        setup.environment["API_KEYS_SECRET"] = "projects/p/secrets/s/versions/latest"

        report = setup.diagnosed()

        (fault,) = report.lines("failed     ")
        assert "There are no usable Google credentials" in fault
        (line,) = report.lines("not checked")
        assert "sender's key     Mend the API keys first." in line

    def test_every_key_is_expired(self, setup: SetUp) -> None:
        setup.environment["API_KEYS"] = entry(expires="2026-01-01T00:00:00Z")
        setup.key = None

        fault = setup.fault()

        assert "No sender can get in: lambda expired at 2026-01-01" in fault
        assert "add its entry, change the sender" in fault
