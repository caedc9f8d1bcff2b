"""A disk that fills up, or is read-only: told clearly, nothing half done, no restart needed."""

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.missing import lack
from tests.system.backends import Embedded
from tests.system.service import Service, message_about, serving
from tests.system.small_disk import NoNamespace, SmallDisk, on_small_disk

DISK_BYTES, PAGE = 4 * 1024 * 1024, 4096
LARGE = os.urandom(2 * 1024 * 1024 + 17)
SMALL = b"one more"


@dataclass
class Rig:
    """A service, one of whose two halves is on a small disk."""

    service: Service
    disk: SmallDisk
    landing: Path
    topic: Path
    scratch: Path

    def visible(self) -> dict[str, bytes]:
        """Everything that a person sees in the landing directory."""
        return {
            str(file.relative_to(self.landing)): file.read_bytes()
            for file in self.landing.rglob("*")
            if file.is_file() and ".landfall" not in file.parts
        }

    def leftovers(self) -> list[Path]:
        return list((self.landing / ".landfall/uploads").glob("*"))

    def failure(self, message: bytes) -> tuple[int, str]:
        status, answer = self.service.send(message)
        return status, str(answer["error"]["details"][0]["reason"])

    def success(self, message: bytes) -> str:
        status, answer = self.service.send(message)
        assert status == 200, answer
        return str(answer["status"])

    def names_heard(self) -> list[str]:
        """From a copy: SQLite would follow the disk's path to the folder beneath it."""
        for file in self.scratch.iterdir():
            file.unlink()
        for file in self.topic.glob("notifications.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, self.scratch)
        return [heard.attributes["objectId"] for heard in Embedded(self.scratch).heard()]


@pytest.fixture(params=["landing", "topic"])
def half(request: pytest.FixtureRequest) -> str:
    """Which half is on the small disk."""
    return str(request.param)


@pytest.fixture
def rig(half: str, s3_url: str, tmp_path: Path) -> Iterator[Rig]:
    folder, elsewhere, scratch = (tmp_path / name for name in ("disk", "elsewhere", "scratch"))
    for path in (folder, elsewhere, scratch):
        path.mkdir()
    places = {"landing": elsewhere, "topic": elsewhere} | {half: folder}
    backend = Embedded(elsewhere)
    backend.environment = {
        "LANDING_BUCKET": f"file:{places['landing']}/bucket",
        "NOTIFICATION_TOPIC": f"sqlite:{places['topic']}/notifications.db",
    }
    try:
        under = on_small_disk(folder, DISK_BYTES)
    except NoNamespace as missing:
        lack(missing)
    with serving(
        tmp_path,
        backend,
        under=under,
        S3_ENDPOINTS=s3_url,
        WEB_CONCURRENCY="1",
    ) as service:
        disk = SmallDisk(service.process.pid, folder)
        seen = {name: disk.path if path is folder else path for name, path in places.items()}
        yield Rig(service, disk, seen["landing"] / "bucket", seen["topic"], scratch)


@pytest.mark.parametrize("half", ["landing"], indirect=True)
def test_a_full_landing_disk_is_told_and_nothing_is_half_done(
    rig: Rig, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="before", Body=SMALL)
    assert rig.success(message_about(s3, bucket, "before")) == "landed"
    there = {f"{bucket}/before": SMALL}
    workers = rig.service.workers()

    data_alone = -(-len(LARGE) // PAGE) * PAGE  # no room for the record beside it
    for number, room in enumerate((0, PAGE, 300_000, data_alone - PAGE, data_alone)):
        for body in (LARGE, SMALL) if room == 0 else (LARGE,):
            key = f"{number}-{len(body)}"
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            message = message_about(s3, bucket, key)
            rig.disk.fill(room)

            assert rig.failure(message) == (503, "STORE_UNAVAILABLE")

            assert "make room on its disk" in rig.service.log.read_text()
            assert rig.visible() == there
            assert rig.leftovers() == []
            rig.disk.free()
            assert rig.success(message) == "landed"
            assert rig.success(message) == "already-landed"
            assert rig.visible()[f"{bucket}/{key}"] == body
            assert rig.leftovers() == []
            assert rig.names_heard().count(f"{bucket}/{key}") == 1
            (rig.landing / bucket / key).unlink()

    assert rig.service.workers() == workers


@pytest.mark.parametrize("half", ["landing"], indirect=True)
def test_a_disk_that_was_full_for_a_moment_gets_every_byte_once(
    rig: Rig, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE)
    message = message_about(s3, bucket, "k")
    rig.disk.fill(300_000)  # for a block, and a part of the next

    with ThreadPoolExecutor() as pool:
        sending = pool.submit(rig.success, message)
        deadline = time.monotonic() + 10
        while not any(file.stat().st_size >= 262_144 for file in rig.leftovers()):
            assert time.monotonic() < deadline
        time.sleep(0.05)
        rig.disk.free()

        assert sending.result() == "landed"

    assert rig.visible() == {f"{bucket}/k": LARGE}
    assert rig.leftovers() == []


@pytest.mark.parametrize("half", ["landing"], indirect=True)
def test_an_object_stays_as_it_was_when_its_successor_finds_no_room(
    rig: Rig, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="twice", Body=SMALL)
    assert rig.success(message_about(s3, bucket, "twice")) == "landed"
    s3.put_object(Bucket=bucket, Key="twice", Body=LARGE)
    newer = message_about(s3, bucket, "twice")
    rig.disk.fill(PAGE)

    assert rig.failure(newer) == (503, "STORE_UNAVAILABLE")

    assert rig.visible() == {f"{bucket}/twice": SMALL}
    assert len(rig.names_heard()) == 1
    rig.disk.free()
    assert rig.success(newer) == "landed"
    assert rig.visible() == {f"{bucket}/twice": LARGE}
    assert len(rig.names_heard()) == 2


@pytest.mark.parametrize("half", ["landing"], indirect=True)
def test_a_read_only_landing_directory_is_an_operators_matter(
    rig: Rig, s3: Any, bucket: str
) -> None:
    for body in (SMALL, LARGE):
        key = f"{len(body)}"
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        message = message_about(s3, bucket, key)
        rig.disk.set_read_only(True)

        assert rig.failure(message) == (500, "MISCONFIGURED")

        assert "correct its rights or LANDING_BUCKET" in rig.service.log.read_text()
        assert rig.visible() == {}
        assert rig.leftovers() == []
        rig.disk.set_read_only(False)
        assert rig.success(message) == "landed"
        assert rig.visible() == {f"{bucket}/{key}": body}
        assert rig.names_heard().count(f"{bucket}/{key}") == 1
        (rig.landing / bucket / key).unlink()


@pytest.mark.parametrize("half", ["topic"], indirect=True)
def test_a_full_disk_of_the_topic_leaves_the_object_to_be_announced(
    rig: Rig, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="loud", Body=SMALL, Metadata={"long": "x" * 1900})
    message = message_about(s3, bucket, "loud")
    rig.disk.fill()

    assert rig.failure(message) == (503, "NOTIFY_UNAVAILABLE")

    assert "make room on it" in rig.service.log.read_text()
    assert rig.visible() == {f"{bucket}/loud": SMALL}
    rig.disk.free()
    assert rig.success(message) == "already-landed"
    assert rig.names_heard() == [f"{bucket}/loud"]


@pytest.mark.parametrize("half", ["topic"], indirect=True)
@pytest.mark.parametrize("known", [False, True], ids=["at first", "later"])
def test_a_read_only_topic_is_an_operators_matter(
    rig: Rig, s3: Any, bucket: str, known: bool
) -> None:
    if known:
        s3.put_object(Bucket=bucket, Key="before", Body=SMALL)
        assert rig.success(message_about(s3, bucket, "before")) == "landed"
    s3.put_object(Bucket=bucket, Key="loud", Body=SMALL)
    message = message_about(s3, bucket, "loud")
    rig.disk.set_read_only(True)

    assert rig.failure(message) == (500, "MISCONFIGURED")

    assert "correct NOTIFICATION_TOPIC" in rig.service.log.read_text()
    rig.disk.set_read_only(False)
    assert rig.success(message) == "already-landed"
    assert rig.names_heard().count(f"{bucket}/loud") == 1
