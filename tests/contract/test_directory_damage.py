"""A record that cannot be read: its object is a file without one, and nothing else suffers."""

import fcntl
import json
import logging
import os
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.directory_record import (
    MAX_RECORD_BYTES,
    Damaged,
    digest_of,
    parse_record,
)
from adapters.directory_store import DirectoryStore
from tests.contract.conftest import land
from transfer.errors import TokenMoved
from transfer.store import ObjectHeaders, Unreadable

HEADERS = ObjectHeaders(content_type="image/png", metadata={"s3-etag": "e", "größe": "☃"})
Damage = Callable[[Path], object]


def changed(**fields: Any) -> Damage:
    """Each field as given; None takes it away."""

    def damage(record: Path) -> None:
        found = json.loads(record.read_bytes()) | fields
        record.write_text(json.dumps({k: v for k, v in found.items() if v is not None}))

    return damage


def replaced(make: Damage) -> Damage:
    def damage(record: Path) -> None:
        record.unlink()
        make(record)

    return damage


def bind_socket(path: Path) -> None:
    """By a short way: an address may be 108 bytes long."""
    with socket.socket(socket.AF_UNIX) as bound:
        folder = os.open(path.parent, os.O_RDONLY)
        bound.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


DAMAGES: dict[str, Damage] = {
    "empty": lambda record: record.write_bytes(b""),
    "garbage": lambda record: record.write_bytes(os.urandom(300)),
    "NULs after a power cut": lambda record: record.write_bytes(bytes(record.stat().st_size)),
    "truncated": lambda record: os.truncate(record, record.stat().st_size // 2),
    "too deep": lambda record: record.write_bytes(b"[" * 300_000),
    "not UTF-8": lambda record: record.write_bytes(b'{"name": "\xff"}'),
    "UTF-16": lambda record: record.write_text(record.read_text(), "utf-16"),
    "a huge number": lambda record: record.write_bytes(b"9" * 10_000),
    "another value": lambda record: record.write_bytes(b"[]"),
    "null": lambda record: record.write_bytes(b"null"),
    "too large": lambda record: record.write_bytes(b" " * (MAX_RECORD_BYTES + 1)),
    "a folder": replaced(lambda record: record.mkdir()),
    "a full folder": replaced(lambda record: (record / "inner").mkdir(parents=True)),
    "a FIFO": replaced(os.mkfifo),
    "a socket": replaced(bind_socket),
    "a link": replaced(lambda record: record.symlink_to("/dev/zero")),
    "a loop": replaced(lambda record: record.symlink_to(record.name)),
    "of another name": changed(name="another"),
    "a name that is no text": changed(name=["name"]),
    "a name that cannot be": changed(name="\ud800"),
    "a path that leads outside": changed(path="../outside"),
    "an absolute path": changed(path="/etc/hostname"),
    "the path of another": changed(path="another"),
    "a text for a number": changed(generation="1"),
    "true for a number": changed(metageneration=True),
    "a fraction": changed(size=4.0),
    "a negative number": changed(generation=-1),
    "an endless number": changed(generation=2**70),
    "another size": changed(size=5),
    "a short fingerprint": changed(file=[1, 2]),
    "a fingerprint of texts": changed(file=["1", "2", "3"]),
    "headers that are none": changed(headers=[]),
    "metadata that is no text": changed(headers={"metadata": {"s3-etag": 7}}),
    "a header that is no text": changed(headers={"metadata": {}, "content_type": {}}),
    "no time": changed(created="yesterday"),
    "a time without a zone": changed(updated="2026-01-01T00:00:00"),
    "a missing field": changed(headers=None),
}


@pytest.fixture
def store(bucket: Path) -> DirectoryStore:
    return DirectoryStore(bucket)


def record_of(bucket: Path, name: str = "name") -> Path:
    digest = digest_of(name)
    return bucket / f".landfall/records/{digest[:2]}/{digest}.json"


def set_aside(bucket: Path) -> list[Path]:
    return list(bucket.glob(".landfall/damaged/*"))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_an_object_with_a_damaged_record_is_a_file_without_one_and_lands_again(
    store: DirectoryStore, bucket: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    landed = land(store, "name", b"data", headers=HEADERS)
    damage(record_of(bucket))

    there = store.stat("name")

    assert there is not None
    assert (there.size, there.metadata) == (4, {})
    assert (bucket / "name").read_bytes() == b"data"
    [kept] = set_aside(bucket)
    assert kept.name.startswith(record_of(bucket).name)
    [line] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert f"was moved to {kept}" in line
    assert "object name was damaged" in line
    assert "send its message again" in line

    with pytest.raises(TokenMoved):
        store.patch("name", landed.token, {"late": "mark"})
    with pytest.raises(TokenMoved):
        land(store, "name", b"late", landed.token)
    again = land(store, "name", b"data", there.token, HEADERS)
    assert store.stat("name") == again
    assert again.generation > landed.generation
    assert set_aside(bucket) == [kept]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_walk_counts_a_damaged_record_and_goes_on(
    store: DirectoryStore, bucket: Path, damage: Damage
) -> None:
    names = [f"name-{number}" for number in range(3)]
    landed = {name: land(store, name, b"data") for name in names}
    damage(record_of(bucket, "name-1"))

    met = list(store.walk("name"))

    assert [there for there in met if there in landed.values()] != []
    assert {there.name for there in met if not isinstance(there, Unreadable)} == {
        "name-0",
        "name-2",
    }
    assert sum(isinstance(there, Unreadable) for there in met) == 1
    assert len(set_aside(bucket)) == 1
    assert {there.name for there in store.walk("")} == {"name-0", "name-2"}


def test_a_record_with_fields_of_a_newer_version_is_read(
    store: DirectoryStore, bucket: Path
) -> None:
    landed = land(store, "name", b"data", headers=HEADERS)
    changed(colour="red")(record_of(bucket))

    assert store.stat("name") == landed
    assert set_aside(bucket) == []


def test_a_damaged_record_ahead_leaves_the_object_as_it_was(
    store: DirectoryStore, bucket: Path
) -> None:
    landed = land(store, "name", b"data", headers=HEADERS)
    ahead = record_of(bucket).with_suffix(".next")
    ahead.write_bytes(b"{")

    assert store.stat("name") == landed
    assert [kept.name[:69] for kept in set_aside(bucket)] == [ahead.name]
    assert land(store, "name", b"newer", landed.token).size == 5


def test_a_folder_in_the_place_of_a_record_does_not_stop_one_that_was_written_ahead(
    store: DirectoryStore, bucket: Path
) -> None:
    landed = land(store, "name", b"data", headers=HEADERS)
    record = record_of(bucket)
    record.rename(record.with_suffix(".next"))
    record.mkdir()

    assert store.stat("name") == landed
    assert record.is_file()


def test_a_folder_of_records_that_is_a_link_does_not_hold_up_the_others(
    store: DirectoryStore, bucket: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    land(store, "name", b"data")
    land(store, "another", b"data")
    folder = record_of(bucket).parent
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")

    assert [there.name for there in store.walk("")] in (
        [folder.name, "another"],
        ["another", folder.name],
    )
    assert "is a symbolic link" in caplog.text


def test_a_damaged_record_whose_lock_is_held_does_not_hold_up_the_others(
    store: DirectoryStore, bucket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("name", "another"):
        land(store, name, b"data")
    record = record_of(bucket)
    record.write_bytes(b"{")
    with (bucket / ".landfall/locks" / record.name[:2]).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        met = {there.name for there in DirectoryStore(bucket, lock_seconds=0.1).walk("")}

    assert met == {record.name, "another"}
    assert "was held by somebody else" in caplog.text
    assert record.exists()


def test_a_check_reports_what_was_set_aside_until_it_is_deleted(
    store: DirectoryStore, bucket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    land(store, "name", b"data")
    record_of(bucket).write_bytes(b"{")
    store.stat("name")
    caplog.clear()

    store.check()
    reported = caplog.text
    [kept] = set_aside(bucket)
    kept.unlink()

    assert "1 damaged records are in" in reported
    assert store.advice() == []


def test_no_bytes_make_reading_a_record_fail_otherwise(store: DirectoryStore, bucket: Path) -> None:
    land(store, "name", b"data", headers=HEADERS)
    good, rng = record_of(bucket).read_bytes(), random.Random(1)
    pieces = [
        b"null",
        b"[]",
        b"{}",
        b"-1",
        b"1e999",
        b'"',
        b"}",
        b"NaN",
        b"\xff",
        b"\\ud800",
        b"9" * 30,
    ]
    for _ in range(3000):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            start = rng.randrange(len(data))
            data[start : start + rng.choice([0, 1, 1, 8])] = rng.choice(
                [rng.randbytes(1), rng.choice(pieces)]
            )
        try:
            record = parse_record(bytes(data), digest_of("name"))
        except Damaged:
            continue
        assert (record.name, record.path) == ("name", "name")
