"""Processes share the directory store, and any of them may die between two steps."""

import json
import multiprocessing
import random
import shutil
import signal
import subprocess
import sys
import time
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from adapters.directory_store import DirectoryStore
from tests.contract.conftest import begin, crc32c, finish, land
from transfer.errors import TokenMoved
from transfer.store import ABSENT, ObjectHeaders

REPOSITORY = Path(__file__).parents[2]
ROUNDS = 40
Won = tuple[bytes, dict[int, int]]
REPLACE_FOREVER = """
import sys
from pathlib import Path
from adapters.directory_store import DirectoryStore
from tests.contract.conftest import land
store, name = DirectoryStore(Path(sys.argv[1])), sys.argv[2]
for number in range(1_000_000):
    there = store.stat(name)
    land(store, name, b"%d" % number * 1000, there.token)
    print(number, flush=True)
"""


@pytest.fixture
def store(bucket: Path) -> DirectoryStore:
    return DirectoryStore(bucket)


def records(bucket: Path, suffix: str) -> list[Path]:
    return list(bucket.glob(f".landfall/records/*/*{suffix}"))


class TestCrashes:
    def test_data_in_place_before_its_record_is_healed(
        self, store: DirectoryStore, bucket: Path
    ) -> None:
        landed = land(store, "name", b"data", headers=ObjectHeaders(metadata={"k": "v"}))
        [record] = records(bucket, ".json")
        record.rename(record.with_suffix(".next"))  # its writer died before the last step

        assert DirectoryStore(bucket).stat("name") == landed
        assert records(bucket, ".next") == []
        assert store.patch("name", landed.token, {}).metageneration == 2

    def test_replaced_data_in_place_before_its_record_is_healed(
        self, store: DirectoryStore, bucket: Path, tmp_path: Path
    ) -> None:
        former = land(store, "name", b"former")
        [record] = records(bucket, ".json")
        shutil.copy(record, tmp_path / "former.json")
        landed = land(store, "name", b"later", former.token)
        record.rename(record.with_suffix(".next"))
        shutil.copy(tmp_path / "former.json", record)

        with pytest.raises(TokenMoved):
            land(DirectoryStore(bucket), "name", b"third", former.token)
        assert store.stat("name") == landed
        assert records(bucket, ".next") == []

    @pytest.mark.parametrize("former", [b"former", None])
    def test_a_record_ahead_of_its_data_counts_for_nothing(
        self, store: DirectoryStore, bucket: Path, former: bytes | None
    ) -> None:
        landed = land(store, "name", former or b"")
        [record] = records(bucket, ".json")
        ahead = json.loads(record.read_bytes()) | {"generation": 2**60, "file": [1, 2, 3]}
        record.with_suffix(".next").write_text(json.dumps(ahead))
        if former is None:
            (bucket / "name").unlink()
            record.unlink()

        there = store.stat("name")

        assert there == (landed if former else None)
        token = there.token if there else ABSENT
        assert land(store, "name", b"new", token).generation < 2**60

    def test_a_killed_writer_leaves_the_old_or_the_new(
        self, store: DirectoryStore, bucket: Path
    ) -> None:
        rng = random.Random(1)
        land(store, "folder/name", b"0")
        for _ in range(4):
            writer = subprocess.Popen(
                [sys.executable, "-c", REPLACE_FOREVER, str(bucket), "folder/name"],
                cwd=REPOSITORY,
                stdout=subprocess.PIPE,
            )
            with writer:
                assert writer.stdout
                assert writer.stdout.readline() == b"0\n"
                time.sleep(rng.uniform(0, 0.05))
                writer.send_signal(signal.SIGKILL)

            there = store.stat("folder/name")

            assert there is not None
            assert there.crc32c == crc32c((bucket / "folder/name").read_bytes())
            land(store, "folder/name", b"0", there.token)


def land_many(bucket: Path, data: bytes, start: Barrier, won: "SimpleQueue[Won]") -> None:
    """Run in a process of its own, and create what another creates at the same moment."""
    store, generations = DirectoryStore(bucket), {}
    for number in range(ROUNDS):
        upload = begin(store, f"name-{number}", data)
        start.wait(30)
        try:
            generations[number] = finish(upload, data).generation
        except TokenMoved:
            pass
    won.put((data, generations))


def test_one_of_two_processes_creates(store: DirectoryStore, bucket: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    start, won = spawn.Barrier(2), spawn.SimpleQueue()
    processes = [
        spawn.Process(target=land_many, args=(bucket, data, start, won), daemon=True)
        for data in (b"first", b"second")
    ]

    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0]
    wins = [
        (number, generation, data)
        for data, generations in (won.get(), won.get())
        for number, generation in generations.items()
    ]
    assert sorted(number for number, _, _ in wins) == list(range(ROUNDS))
    for number, generation, data in wins:
        there = store.stat(f"name-{number}")
        assert there is not None
        assert there.generation == generation
        assert (bucket / f"name-{number}").read_bytes() == data
    won.close()
