"""The topic's file among other users of the machine: private, and never somewhere else."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from adapters.sqlite_topic import SqliteTopic
from transfer.errors import Misconfigured
from transfer.notification import Notification

NOTIFICATION = Notification(b"data", {})
FILES = ["notifications.db", "notifications.db-wal", "notifications.db-shm"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new/folder/notifications.db"


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_what_it_makes_is_for_one_user_alone(file: Path, tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        SqliteTopic(file).publish(NOTIFICATION)
        with closing(sqlite3.connect(file)) as reader:
            assert reader.execute("SELECT count(*) FROM notifications").fetchone() == (1,)
            SqliteTopic(file).publish(NOTIFICATION)

            assert modes(file.parent) == dict.fromkeys(FILES, 0o600)
    finally:
        os.umask(former)

    for folder in (file.parent, tmp_path / "new"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_that_others_may_read_works_and_is_reported(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    topic = SqliteTopic(file)
    topic.check()
    assert topic.advice() == []
    file.chmod(0o644)
    assert topic.advice() == []  # nobody else gets to it
    file.parent.chmod(0o755)

    topic.check()

    [advice] = topic.advice()
    assert f"(mode 644). Unless that is meant: chmod go= '{file}'*" in advice
    assert advice in caplog.text
    assert topic.publish(NOTIFICATION)


@pytest.mark.parametrize("kind", ["link", "link to nothing", "folder", "fifo"])
@pytest.mark.parametrize("name", [*FILES, "notifications.db-journal"])
def test_what_is_no_plain_file_is_refused_and_nothing_is_written_elsewhere(
    file: Path, tmp_path: Path, name: str, kind: str
) -> None:
    outside = tmp_path / "outside"
    if kind == "link":
        outside.touch()
    file.parent.mkdir(parents=True)
    planted = file.with_name(name)
    if kind == "folder":
        planted.mkdir()
    elif kind == "fifo":
        os.mkfifo(planted)
    else:
        planted.symlink_to(outside)

    for act in (SqliteTopic(file).check, lambda: SqliteTopic(file).publish(NOTIFICATION)):
        with pytest.raises(Misconfigured, match=rf"\({name} is .*correct NOTIFICATION_TOPIC"):
            act()

    assert [path.name for path in file.parent.iterdir()] == [name]
    assert not outside.exists() or outside.read_bytes() == b""


def test_what_root_makes_belongs_to_the_owner_of_the_folder(file: Path) -> None:
    file.parent.mkdir(parents=True)
    owner = os.geteuid()
    if owner == 0:
        owner = 54321
        os.chown(file.parent, owner, owner)

    SqliteTopic(file).publish(NOTIFICATION)

    assert file.stat().st_uid == owner


class MadeMeanwhile(type(Path())):  # type: ignore[misc]
    """A file that another process makes right after this one looked for it."""

    def exists(self) -> bool:
        there: bool = super().exists()
        if not there and self.name == "notifications.db":
            Path(self).touch(0o600)
        return there


def test_a_file_that_another_process_makes_at_the_same_time_is_used(tmp_path: Path) -> None:
    file = tmp_path / "notifications.db"

    assert SqliteTopic(MadeMeanwhile(file)).publish(NOTIFICATION)

    with closing(sqlite3.connect(file)) as reader:
        assert reader.execute("SELECT count(*) FROM notifications").fetchone() == (1,)
