"""What the directory store writes beside a file: one JSON record per object."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from adapters.beneath import Folder, NotPlain
from adapters.file_names import clash_path, plain_path
from transfer.store import ObjectHeaders, StoredObject

MAX_RECORD_BYTES = 4 * 1024 * 1024
"""Far beyond what the headers of an answer can make of it."""
_HEADERS = {field.name for field in fields(ObjectHeaders)} - {"metadata"}


class Damaged(Exception):
    """This is no record of that object, or no record at all. The text says why."""

    def __init__(self, why: str, name: str | None = None) -> None:
        """`name` is the object's, if it is known."""
        super().__init__(why)
        self.name = name


@dataclass(frozen=True)
class Record:
    """One generation, and the file that holds its bytes."""

    name: str
    path: str
    """Of the data, relative to the bucket's directory: one of the two that the name has."""
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


def digest_of(name: str) -> str:
    """Return what the files of this name's record are called by."""
    return hashlib.sha256(name.encode()).hexdigest()


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


def read_record(folder: Folder, file: str, digest: str) -> Record | None:
    """Return the record in this file, which is about the name of this digest.

    Raises:
        Damaged
        OSError: The file may not be read, or the disk failed: that says nothing of the record.
    """
    try:
        descriptor = folder.open_plain(file)
    except FileNotFoundError:
        return None
    except NotPlain:
        raise Damaged("it is no plain file") from None
    with open(descriptor, "rb", buffering=0) as opened:  # noqa: PTH123 - it is a descriptor
        data = opened.read(MAX_RECORD_BYTES + 1)
    if len(data) > MAX_RECORD_BYTES:
        raise Damaged("it is too large")
    return parse_record(data, digest)


def parse_record(data: bytes, digest: str) -> Record:
    """Fields that are not known are ignored: a newer version may have written them.

    Raises:
        Damaged
    """
    try:
        found = json.loads(data.decode())
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise Damaged("it is no JSON") from None
    name = found.get("name") if isinstance(found, dict) else None
    try:
        if not isinstance(name, str) or digest_of(name) != digest:
            raise Damaged("it is about no object, or about another one")
    except UnicodeEncodeError:
        raise Damaged("it is about no object") from None
    try:
        return _record(found)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Damaged("a field is missing or wrong", name) from None


def write_record(folder: Folder, file: str, record: Record, scratch: Folder, new: str) -> None:
    """Replace the record at once and for good: after a power cut it is the old or the new."""
    data = json.dumps(asdict(record), default=datetime.isoformat).encode()
    try:
        with open(scratch.open_new(new), "wb") as opened:  # noqa: PTH123 - it is a descriptor
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        scratch.move(new, folder, file)
    except OSError:  # the disk is full, perhaps: take no more of it
        scratch.remove(new)
        raise
    folder.sync()


def _record(found: Mapping[str, Any]) -> Record:
    """Raise KeyError, TypeError, ValueError or OverflowError if a field is not as we write it."""
    name, path = found["name"], _text(found["path"])
    if path != str(plain_path(name)) and path != str(clash_path(name)):
        raise ValueError  # it would lead elsewhere
    inode, modified, size = map(_number, found["file"])
    if _number(found["size"]) != size:
        raise ValueError
    return Record(
        name=name,
        path=path,
        generation=_number(found["generation"], 1),
        metageneration=_number(found["metageneration"], 1),
        size=size,
        crc32c=_text(found["crc32c"]),
        md5=_text(found["md5"]),
        headers=_headers(found["headers"]),
        created=_time(found["created"]),
        updated=_time(found["updated"]),
        file=(inode, modified, size),
    )


def _headers(found: Mapping[str, Any]) -> ObjectHeaders:
    metadata = {_text(key): _text(value) for key, value in dict(found["metadata"]).items()}
    others = {name: _text(found[name]) for name in _HEADERS if found.get(name) is not None}
    return ObjectHeaders(**others, metadata=metadata)


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError
    return found


def _number(found: object, least: int = 0) -> int:
    if type(found) is not int:  # True is one, for isinstance
        raise TypeError
    if not least <= found < 2**64:
        raise ValueError
    return found


def _time(found: object) -> datetime:
    time = datetime.fromisoformat(_text(found))
    if time.tzinfo is None:
        raise ValueError
    return time
