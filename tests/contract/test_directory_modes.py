"""What the directory store makes is for one user alone; what others may open is reported."""

import os
import stat
from pathlib import Path

import pytest

from adapters.directory_store import DirectoryStore
from tests.contract.conftest import begin, land


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
