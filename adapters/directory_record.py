"""What the directory store writes beside a file: one JSON record per object."""

import json
import os
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from transfer.store import ObjectHeaders, StoredObject


@dataclass(frozen=True)
class Record:
    """One generation, and the file that holds its bytes."""

    name: str
    path: str
    """Of the data, relative to the bucket's directory."""
    generation: int
    metageneration: int
    size: int
    crc32c: str
    md5: str
    headers: ObjectHeaders
    created: datetime
    updated: datetime
    file: tuple[int, int, int]
    """The data's inode, modification time and size; another file there is not this object."""


def fingerprint(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_mtime_ns, found.st_size


def describe(bucket: str, record: Record) -> StoredObject:
    return StoredObject(
        bucket=bucket,
        name=record.name,
        generation=record.generation,
        metageneration=record.metageneration,
        size=record.size,
        crc32c=record.crc32c,
        md5=record.md5,
        headers=record.headers,
        created=record.created,
        updated=record.updated,
    )


def read_record(path: Path) -> Record | None:
    try:
        fields = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    fields["headers"] = ObjectHeaders(**fields["headers"])
    fields["created"] = datetime.fromisoformat(fields["created"])
    fields["updated"] = datetime.fromisoformat(fields["updated"])
    fields["file"] = tuple(fields["file"])
    return Record(**fields)


def write_record(path: Path, record: Record, scratch: Path) -> None:
    """Replace the record at once and for good: after a power cut it is the old or the new."""
    temporary = scratch / uuid.uuid4().hex
    try:
        with temporary.open("w") as file:
            json.dump(asdict(record), file, default=datetime.isoformat)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:  # the disk is full, perhaps: take no more of it
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make renames and new entries durable: syncing a file does not cover its name."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
