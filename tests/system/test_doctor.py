"""`python doctor.py` as an operator runs it: before the service does, and against a running one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.missing import lack
from tests.system.backends import Embedded
from tests.system.service import API_KEY, ROOT, Service, environment_for, serving
from tests.system.small_disk import NoNamespace, on_small_disk

MEGABYTE = 1024 * 1024
READ_ONLY = 'mount -o remount,ro "$1" && shift && exec "$@"'


def doctor(
    *arguments: str, under: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [*under, sys.executable, "doctor.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.stderr == ""
    assert API_KEY not in ended.stdout
    return ended


def failures(ended: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in ended.stdout.splitlines() if line.startswith("failed ")]


@pytest.fixture
def healthy(tmp_path: Path, s3_url: str) -> Mapping[str, str]:
    return environment_for(Embedded(tmp_path), S3_ENDPOINTS=s3_url, ENDPOINT_API_KEY=API_KEY)


@pytest.fixture(scope="module")
def running(s3_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    settings = {"S3_ENDPOINTS": s3_url, "SOURCE_BUCKETS": "images-*"}
    with serving(folder, Embedded(folder), **settings) as service:
        yield service


def test_a_healthy_set_up_ends_with_zero(healthy: Mapping[str, str]) -> None:
    ended = doctor(**healthy)

    assert ended.returncode == 0
    assert failures(ended) == []
    assert len(ended.stdout.splitlines()) >= 8


def test_no_settings_at_all(tmp_path: Path) -> None:
    ended = doctor(PATH=os.environ["PATH"])

    assert ended.returncode == 1
    keys, sources = failures(ended)
    assert "no API key is set: API_KEYS holds a JSON list" in keys
    assert "SOURCE_BUCKETS is not set: name the S3 buckets" in sources


def test_a_disk_that_is_too_small(tmp_path: Path, healthy: Mapping[str, str]) -> None:
    (tmp_path / "bucket").mkdir()

    ended = doctor(under=small_disk(tmp_path / "bucket"), **healthy)

    assert ended.returncode == 1
    (failure,) = failures(ended)
    assert f"Only 8 MiB are free on the disk of {tmp_path / 'bucket'}: make room" in failure


def test_a_disk_that_is_read_only(tmp_path: Path, healthy: Mapping[str, str]) -> None:
    folder = tmp_path / "bucket"
    folder.mkdir()
    under = [*small_disk(folder, 2048 * MEGABYTE), "sh", "-c", READ_ONLY, "sh", str(folder)]

    ended = doctor(under=under, **healthy)

    assert ended.returncode == 1
    (failure,) = failures(ended)
    assert "cannot be written (Read-only file system): create it, or correct" in failure


class TestRunningService:
    def ask(self, service: Service, key: str, *more: str) -> subprocess.CompletedProcess[str]:
        url = f"http://127.0.0.1:{service.port}"
        return doctor("--url", url, *more, PATH=os.environ["PATH"], ENDPOINT_API_KEY=key)

    def test_a_healthy_one_takes_the_key_and_the_bucket(self, running: Service) -> None:
        ended = self.ask(running, API_KEY, "--bucket", "images-prod", "--json")

        assert ended.returncode == 0
        found = json.loads(ended.stdout)
        assert [one["check"] for one in found] == [
            "health", "clock", "readiness", "strangers", "message",
        ]  # fmt: skip
        assert {one["verdict"] for one in found} == {"ok"}
        assert "images-prod" in found[-1]["text"]

    def test_one_that_refuses_the_key(self, running: Service) -> None:
        ended = self.ask(running, "canary-of-another-key")

        assert ended.returncode == 1
        (failure,) = failures(ended)
        assert "Landfall refuses the key: see that its entry in API_KEYS holds" in failure
        assert "canary" not in ended.stdout

    def test_a_key_is_never_sent_in_the_clear(self) -> None:
        told = refusal_of("http://landfall.example", API_KEY)

        assert "--url must be https://HOST" in told
        assert API_KEY not in told

    @pytest.mark.parametrize("key", ["canary\r", "can ary", "canary\u00e9"])
    def test_a_key_that_no_header_takes_is_told_and_not_sent(self, key: str) -> None:
        told = refusal_of("https://landfall.example", key)

        assert "ENDPOINT_API_KEY must be printable ASCII" in told
        assert "canary" not in told


def refusal_of(url: str, key: str) -> str:
    ended = subprocess.run(
        [sys.executable, "doctor.py", "--url", url],
        cwd=ROOT,
        env={"ENDPOINT_API_KEY": key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    return ended.stderr


def small_disk(folder: Path, size: int = 8 * MEGABYTE) -> list[str]:
    try:
        return on_small_disk(folder, size)
    except NoNamespace as missing:
        lack(missing)
