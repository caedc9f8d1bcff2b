"""Stores that take no objects: each fault is named with its remedy, and ends with 1."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.doctor.conftest import LIFECYCLE, SetUp
from tests.refusals import MISCONFIGURED
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer, LoseAnswer


class TestLandingInADirectory:
    def test_a_directory_that_cannot_be_made(self, setup: SetUp, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        setup.environment["LANDING_BUCKET"] = f"file:{tmp_path}/file/bucket"

        fault = setup.fault()

        assert "cannot be written (Not a directory)" in fault
        assert "correct LANDING_BUCKET" in fault

    def test_a_folder_that_cannot_be_looked_at_hides_no_disk(
        self, setup: SetUp, tmp_path: Path
    ) -> None:
        setup.environment["LANDING_BUCKET"] = f"file:{tmp_path / ('x' * 300)}"

        report = setup.diagnosed()

        (fault,) = report.lines("failed     ")
        assert "cannot be written (File name too long)" in fault
        assert f"free on the disk of {tmp_path}" in report.text

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

    @pytest.mark.parametrize("kind", ["permissions", "bucket", "multipart", "patch", "delete"])
    @pytest.mark.parametrize(
        "case", ["hold", "KMS key disabled", "VPC Service Controls", "billing"]
    )
    def test_a_refusal_is_told_by_its_reason_as_the_service_tells_it(
        self, setup: SetUp, in_bucket: Callable[..., CloudStorage], kind: str, case: str
    ) -> None:
        refusal = MISCONFIGURED[case]
        in_bucket().fault(kind, refusal.fault(), times=math.inf)

        assert refusal.words in setup.fault()

    @pytest.mark.parametrize("kind", ["multipart", "patch", "delete"])
    def test_lost_answers_leave_nothing_and_are_no_fault(
        self, setup: SetUp, in_bucket: Callable[..., CloudStorage], kind: str
    ) -> None:
        storage = in_bucket()
        storage.fault(kind, LoseAnswer())

        report = setup.diagnosed()

        assert report.code == 0
        assert "One landed, was marked and was deleted again" in report.text
        assert storage.objects == {}

    def test_an_object_that_may_be_there_is_named(
        self, setup: SetUp, in_bucket: Callable[..., CloudStorage]
    ) -> None:
        storage = in_bucket()
        storage.fault("multipart", LoseAnswer())
        storage.fault("stat", Answer(403))

        fault = setup.fault()

        (name,) = storage.objects
        assert f"{name} may be left over: delete it by hand" in fault
