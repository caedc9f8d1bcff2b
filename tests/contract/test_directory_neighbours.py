"""Others use the machine too: what it makes is private, and nothing outside is reached."""

import os
import stat
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from adapters.directory_store import DirectoryStore
from tests.contract.conftest import begin, finish, land
from tests.contract.directory_plants import hidden, plant
from transfer.errors import LandfallError, Misconfigured, StoreUnavailable, TokenMoved
from transfer.store import ABSENT

pytestmark = pytest.mark.usefixtures("nothing_outside_changes")


@pytest.fixture
def store(bucket: Path) -> DirectoryStore:
    return DirectoryStore(bucket, lock_seconds=0.2)


class TestModes:
    def test_what_it_makes_is_for_one_user_alone(self, tmp_path: Path) -> None:
        bucket = tmp_path / "new/folders/bucket"
        former = os.umask(0)
        try:
            store = DirectoryStore(bucket)
            there = land(store, "folder/name", b"data")
            there = land(store, "folder/name", b"other", there.token)
            store.patch("folder/name", there.token, {"k": "v"})
            unfinished = begin(store, "unfinished", b"x" * 300_000)
        finally:
            os.umask(former)

        made = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in made}
        unfinished.abort()

        assert len(made) > 12
        assert {modes[path] for path in made if path.is_dir()} == {0o700}
        assert {modes[path] for path in made if path.is_file()} == {0o600}

    @pytest.mark.parametrize("mode", [0o755, 0o750, 0o777, 0o701])
    def test_a_directory_that_others_may_open_works_and_is_reported(
        self, store: DirectoryStore, bucket: Path, mode: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        bucket.mkdir()
        bucket.chmod(mode)

        store.check()

        assert land(store, "name", b"data").size == 4
        [advice] = store.advice()
        assert f"(mode {mode:o}). Unless that is meant: chmod -R go= '{bucket}'" in advice
        assert advice in caplog.text
        assert stat.S_IMODE(bucket.stat().st_mode) == mode

    def test_a_private_directory_is_not_reported(self, store: DirectoryStore) -> None:
        store.check()

        assert store.advice() == []

    def test_what_root_makes_belongs_to_the_owner_of_the_directory(
        self, store: DirectoryStore, bucket: Path
    ) -> None:
        bucket.mkdir()
        owner = os.geteuid()
        if owner == 0:
            owner = 54321
            os.chown(bucket, owner, owner)

        there = land(store, "folder/name", b"data")
        store.patch("folder/name", there.token, {"k": "v"})

        assert {path.stat().st_uid for path in bucket.rglob("*")} == {owner}


class TestPlants:
    @pytest.mark.parametrize("depth", [1, 2])
    def test_no_link_to_a_folder_is_followed(
        self, store: DirectoryStore, bucket: Path, outside: Path, depth: int
    ) -> None:
        folder = bucket / "/".join(["folder"] * depth)
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.symlink_to(outside)
        name = f"{folder.relative_to(bucket)}/precious"

        acts: list[Callable[[], object]] = [
            lambda: store.stat(name),
            lambda: land(store, name, b"evil"),
        ]
        for act in acts:
            with pytest.raises(Misconfigured, match=r"folder is a symbolic link.*bind mount"):
                act()

    @pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
    def test_what_stands_in_the_place_of_an_object_is_neither_opened_nor_replaced(
        self, store: DirectoryStore, bucket: Path, outside: Path, kind: str
    ) -> None:
        bucket.mkdir()
        plant(bucket / "name", kind, outside / "precious")

        planted = (bucket / "name").lstat()

        assert store.stat("name") is None
        landed = land(store, "name", b"data")

        assert store.stat("name") == landed
        assert os.path.samestat((bucket / "name").lstat(), planted)

    def test_an_object_that_became_a_link_is_replaced_itself(
        self, store: DirectoryStore, bucket: Path, outside: Path
    ) -> None:
        there = land(store, "name", b"data")
        (bucket / "name").unlink()
        (bucket / "name").symlink_to(outside / "precious")

        with pytest.raises(TokenMoved):
            land(store, "name", b"evil", there.token)

    def test_an_object_that_is_a_hard_link_is_replaced_and_not_written_to(
        self, store: DirectoryStore, bucket: Path, tmp_path: Path
    ) -> None:
        bucket.mkdir()
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_bytes(b"kept")
        (bucket / "name").hardlink_to(elsewhere)
        there = store.stat("name")
        assert there is not None

        land(store, "name", b"ours", there.token)

        assert elsewhere.read_bytes() == b"kept"
        assert (bucket / "name").read_bytes() == b"ours"

    @pytest.mark.parametrize("folder", ["", "locks", "uploads", "records"])
    def test_no_folder_of_its_own_may_be_a_link(
        self, store: DirectoryStore, bucket: Path, outside: Path, folder: str
    ) -> None:
        land(store, "name", b"data")
        hidden(bucket, folder).rename(bucket.parent / "taken")
        hidden(bucket, folder).symlink_to(outside)

        with pytest.raises(Misconfigured, match="is a symbolic link"):
            land(store, "other", b"evil")

    def test_an_upload_that_was_swapped_is_not_published(
        self, store: DirectoryStore, bucket: Path
    ) -> None:
        upload = begin(store, "name", b"data")
        [temporary] = hidden(bucket, "uploads").iterdir()
        temporary.unlink()
        temporary.write_bytes(b"evil")

        with pytest.raises(StoreUnavailable, match="changed by somebody else"):
            finish(upload, b"data")

        assert store.stat("name") is None
        assert not (bucket / "name").exists()

    def test_the_root_may_be_a_link_which_is_the_operators_choice(
        self, bucket: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "disk").mkdir()
        bucket.symlink_to(tmp_path / "disk")

        land(DirectoryStore(bucket), "name", b"data")

        assert (tmp_path / "disk/name").read_bytes() == b"data"

    @pytest.mark.parametrize("put", ["nothing", "a link", "a folder"])
    def test_a_root_that_was_moved_away_gets_nothing_nor_does_what_stands_there_now(
        self, store: DirectoryStore, bucket: Path, outside: Path, put: str
    ) -> None:
        there = land(store, "name", b"data")
        upload = begin(store, "later", b"data")
        bucket.rename(bucket.with_name("moved"))
        if put == "a link":
            bucket.symlink_to(outside)
        elif put == "a folder":
            bucket.mkdir()

        for act in (
            lambda: store.stat("name"),
            lambda: begin(store, "name", b"evil"),
            lambda: finish(upload, b"data"),
            store.check,
            lambda: list(store.walk("")),
        ):
            with pytest.raises(Misconfigured, match=r"was moved or replaced.*or restart"):
                act()
        assert put != "a folder" or list(bucket.iterdir()) == []

        if put != "nothing":
            bucket.rmdir() if put == "a folder" else bucket.unlink()
        bucket.with_name("moved").rename(bucket)
        assert store.stat("name") == there

    def test_a_folder_that_is_swapped_for_a_link_while_objects_land_is_no_way_out(
        self, store: DirectoryStore, bucket: Path, outside: Path
    ) -> None:
        folder = bucket / "folder"
        folder.mkdir(parents=True)
        enough, landed = threading.Event(), 0

        def swap() -> None:
            for number in count():
                if enough.is_set():
                    return
                folder.rename(away := bucket / f"away-{number}")
                try:
                    folder.symlink_to(outside)
                    time.sleep(0.0005)
                    folder.unlink()
                    away.rename(folder)
                except OSError:  # a landing has made the folder anew meanwhile
                    pass
                time.sleep(0.0005)

        swapping = threading.Thread(target=swap)
        swapping.start()
        ends = time.monotonic() + 0.7
        try:
            while time.monotonic() < ends:
                try:
                    there = store.stat("folder/precious")
                    land(store, "folder/precious", b"evil", there.token if there else ABSENT)
                    landed += 1
                except (LandfallError, TokenMoved):
                    pass
        finally:
            enough.set()
            swapping.join()

        assert landed > 0
