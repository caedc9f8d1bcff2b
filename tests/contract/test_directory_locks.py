"""A lock that another process holds, or that is no lock, is not waited for without end."""

import fcntl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.directory_record import digest_of
from adapters.directory_store import DirectoryStore
from tests.contract.conftest import begin, finish, land
from tests.contract.directory_plants import hidden, plant
from transfer.errors import StoreUnavailable

pytestmark = pytest.mark.usefixtures("nothing_outside_changes")

HOLD = """
import fcntl, sys
with open(sys.argv[1]) as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(bucket: Path) -> DirectoryStore:
    return DirectoryStore(bucket, lock_seconds=0.2)


def lock_of(bucket: Path, name: str) -> Path:
    return hidden(bucket, "locks", digest_of(name)[:2])


@contextmanager
def held_by_another_process(lock: Path) -> Iterator[None]:
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdin
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.stdin.close()


class TestLocks:
    @pytest.mark.parametrize("step", ["stat", "patch", "finish"])
    def test_a_lock_that_another_process_holds_is_waited_for_a_while(
        self, store: DirectoryStore, bucket: Path, step: str
    ) -> None:
        there = land(store, "name", b"data")
        upload = begin(store, "name", b"other", there.token)
        steps: dict[str, Callable[[], object]] = {
            "stat": lambda: store.stat("name"),
            "patch": lambda: store.patch("name", there.token, {}),
            "finish": lambda: finish(upload, b"other"),
        }
        with (
            held_by_another_process(lock_of(bucket, "name")),
            pytest.raises(StoreUnavailable, match=r"locks/82 .*`fuser -v .*locks/82`, or lsof"),
        ):
            steps[step]()

        assert store.stat("name") == there
        upload.abort()
        assert list(hidden(bucket, "uploads").iterdir()) == []

    def test_a_lock_that_is_let_go_in_time_is_taken(
        self, bucket: Path, store: DirectoryStore
    ) -> None:
        there = land(store, "name", b"data")
        with lock_of(bucket, "name").open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            threading.Timer(0.1, fcntl.flock, (held, fcntl.LOCK_UN)).start()

            assert DirectoryStore(bucket, lock_seconds=10).stat("name") == there

    def test_a_lock_file_that_was_removed_while_it_was_held_keeps_nobody_out(
        self, bucket: Path, store: DirectoryStore
    ) -> None:
        land(store, "name", b"data")
        lock = lock_of(bucket, "name")
        with lock.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            lock.unlink()

            assert store.stat("name") is not None

    @pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
    def test_a_lock_that_is_no_plain_file_is_neither_opened_nor_waited_for(
        self, store: DirectoryStore, bucket: Path, outside: Path, kind: str
    ) -> None:
        land(store, "name", b"data")
        lock = lock_of(bucket, "name")
        lock.unlink()
        plant(lock, kind, outside / "precious")

        with pytest.raises(StoreUnavailable, match=r"locks/82 is no plain file.*remove it"):
            store.stat("name")

    def test_a_lock_that_is_a_hard_link_changes_nothing_elsewhere(
        self, store: DirectoryStore, bucket: Path, tmp_path: Path
    ) -> None:
        land(store, "name", b"data")
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_bytes(b"kept")
        lock = lock_of(bucket, "name")
        lock.unlink()
        lock.hardlink_to(elsewhere)

        assert store.stat("name") is not None
        assert elsewhere.read_bytes() == b"kept"
