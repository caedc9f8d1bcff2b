"""What only the directory store promises: plain files, many processes, and no step half done."""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from adapters.directory_store import LEFTOVER_SECONDS, DirectoryStore
from adapters.file_names import MARKER, clash_path, plain_path
from tests.contract.conftest import begin, file_of, finish, land
from transfer.errors import TokenMoved
from transfer.store import STEP, ObjectHeaders

REPOSITORY = Path(__file__).parents[2]
HOSTILE = ["../../x", "..", ".", "/etc/x", "a/../../../x", "../bucket2/x", "a\0b", "./.landfall"]
ALPHABETS = ["ab", "a/", "./", "%2Ef", "a+/", "\x00\x01/", "aé\u0301/", "😀/", f"{MARKER}/."]


@pytest.fixture
def store(bucket: Path) -> DirectoryStore:
    return DirectoryStore(bucket)


def visible_files(bucket: Path) -> dict[str, bytes]:
    """What a person sees who looks into the directory."""
    return {
        str(path.relative_to(bucket)): path.read_bytes()
        for path in bucket.rglob("*")
        if path.is_file() and path.relative_to(bucket).parts[0] != ".landfall"
    }


class TestFiles:
    @pytest.mark.parametrize("name", ["a.txt", "folder/a.txt", "a b/ü%2F#?.png", ".hidden"])
    def test_an_object_is_a_plain_file_of_its_name(
        self, store: DirectoryStore, bucket: Path, name: str
    ) -> None:
        land(store, name, b"data")

        assert visible_files(bucket) == {name: b"data"}

    def test_no_file_is_visible_before_the_end(self, store: DirectoryStore, bucket: Path) -> None:
        upload = begin(store, "folder/name", b"x" * (STEP + 1))

        assert visible_files(bucket) == {}
        upload.abort()

    @pytest.mark.parametrize("name", HOSTILE, ids=ascii)
    def test_no_name_leaves_the_directory(
        self, store: DirectoryStore, bucket: Path, name: str
    ) -> None:
        landed = land(store, name, b"data")

        assert store.stat(name) == landed
        assert list(visible_files(bucket).values()) == [b"data"]
        assert list(bucket.parent.iterdir()) == [bucket]

    def test_names_become_paths_one_to_one(self) -> None:
        rng = random.Random(1)
        names = {
            "".join(rng.choices(alphabet, k=rng.choice([1, 2, 3, 5, 30, 300])))
            for alphabet in ALPHABETS
            for _ in range(250)
        }
        # What one name became is a name as well.
        names |= {str(path) for name in names for path in (plain_path(name), clash_path(name))}
        full = MARKER + "x" * 228  # escaped, it fills a part
        names |= {full, f"{full}.", f"{full}/.", full[1:] * 2}

        paths = {path for name in names for path in {plain_path(name), clash_path(name)}}
        shared = sum(plain_path(name) == clash_path(name) for name in names)

        assert len(names) > 3000
        assert len(paths) == 2 * len(names) - shared
        for path in paths:
            assert not path.is_absolute()
            assert {".", "..", ".landfall"}.isdisjoint(path.parts)
            assert max(len(os.fsencode(part)) for part in path.parts) <= 255
        for name in names:
            if len(name.encode()) <= 1024:
                assert max(len(bytes(plain_path(name))), len(bytes(clash_path(name)))) < 3500

    def test_a_name_that_clashes_is_a_file_elsewhere(
        self, store: DirectoryStore, bucket: Path
    ) -> None:
        land(store, "a/b", b"inner")

        there = land(store, "a", b"outer")
        replaced = land(store, "a", b"outer again", there.token)

        assert store.stat("a") == replaced
        assert sorted(visible_files(bucket).values()) == [b"inner", b"outer again"]


class TestForeignFiles:
    def test_a_file_that_a_person_put_there_is_an_object_without_our_metadata(
        self, store: DirectoryStore, bucket: Path
    ) -> None:
        (bucket / "folder").mkdir(parents=True)
        (bucket / "folder/name").write_bytes(b"by hand")

        there = store.stat("folder/name")

        assert there is not None
        assert (there.size, there.metadata) == (7, {})
        assert there.created.utcoffset() is not None

    @pytest.mark.parametrize("clash", [False, True])
    def test_an_edited_object_is_no_longer_ours(
        self, store: DirectoryStore, bucket: Path, clash: bool
    ) -> None:
        if clash:
            land(store, "name/inner", b"inner")
        landed = land(store, "name", b"data", headers=ObjectHeaders(metadata={"s3-etag": "e"}))
        file_of(bucket, "name").write_bytes(b"edited by hand")

        there = store.stat("name")
        assert there is not None
        with pytest.raises(TokenMoved):
            land(store, "name", b"ours", landed.token)
        kept = file_of(bucket, "name").read_bytes()
        replaced = land(store, "name", b"ours", there.token)

        assert (there.size, there.metadata) == (14, {})
        assert kept == b"edited by hand"
        assert store.stat("name") == replaced
        assert replaced.generation > there.generation
        assert file_of(bucket, "name").read_bytes() == b"ours"

    def test_a_file_put_there_meanwhile_is_not_overwritten(
        self, store: DirectoryStore, bucket: Path
    ) -> None:
        upload = begin(store, "name", b"ours")
        (bucket / "name").write_bytes(b"by hand")

        with pytest.raises(TokenMoved):
            finish(upload, b"ours")

        assert visible_files(bucket) == {"name": b"by hand"}

    def test_a_deleted_file_is_an_absent_object(self, store: DirectoryStore, bucket: Path) -> None:
        former = land(store, "name", b"data")
        (bucket / "name").unlink()

        assert store.stat("name") is None
        with pytest.raises(TokenMoved):
            store.patch("name", former.token, {"new": "entry"})
        assert land(store, "name", b"data").generation > former.generation


class TestCheck:
    def test_leftovers_of_dead_processes_are_swept(
        self, store: DirectoryStore, bucket: Path
    ) -> None:
        upload = begin(store, "name", b"x" * (STEP + 1))
        old, young = bucket / ".landfall/uploads/old", bucket / ".landfall/uploads/young"
        for file, age in ((old, LEFTOVER_SECONDS + 60), (young, LEFTOVER_SECONDS - 60)):
            file.touch()
            os.utime(file, (time.time() - age,) * 2)
        folder = bucket / ".landfall/uploads/folder"  # somebody else's: no reason to fail
        folder.mkdir()
        os.utime(folder, (0, 0))

        store.check()

        assert not old.exists()
        assert young.exists()
        assert finish(upload, b"x" * (STEP + 1)).size == STEP + 1

    def test_uploads_that_end_during_a_check_do_not_disturb_it(self, store: DirectoryStore) -> None:
        enough = Event()

        def keep_landing(number: int) -> None:
            there = land(store, f"name-{number}", b"data")
            while not enough.is_set():
                there = land(store, f"name-{number}", b"data", there.token)

        with ThreadPoolExecutor(4) as pool:
            landings = [pool.submit(keep_landing, number) for number in range(4)]
            try:
                for _ in range(100):
                    store.check()
            finally:
                enough.set()
        for landing in landings:
            landing.result()
