"""A directory as the store: the embedded default, for laptops and tests.

An object is a plain file under its own name. What a file cannot say of itself is a JSON
record under `.landfall/`, which knows its file by inode, time and size: moving the data
into place is the one moment at which an object appears, and a record that lost its file
is void. Needs a local, case-sensitive file system with hard links.
"""

import errno
import fcntl
import hashlib
import math
import os
import stat
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from adapters.directory_record import (
    Record,
    describe,
    fingerprint,
    read_record,
    sync_directory,
    write_record,
)
from adapters.directory_trial import try_out
from adapters.directory_upload import DirectoryUpload
from adapters.file_names import clash_path, plain_path
from transfer.errors import Misconfigured, StoreUnavailable, TokenMoved
from transfer.store import ABSENT, ObjectHeaders, StoredObject, Token, Upload

LEFTOVER_SECONDS = 2 * 60 * 60
"""No transfer lasts so long: a temporary file this old belongs to a process that died."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS = "The landing directory is full: make room on its disk. No restart is needed."


class DirectoryStore:
    """Objects of one directory. Processes and threads may share it."""

    def __init__(self, directory: Path) -> None:
        self._root = directory.absolute()
        self._bucket = self._root.name
        self._hidden = self._root / ".landfall"
        self._synced: set[Path] = set()

    def stat(self, name: str) -> StoredObject | None:
        with translated(), self._locked(name):
            return self._stat(name)

    def create(
        self,
        name: str,
        size: int,
        headers: ObjectHeaders,
        token: Token,
        deadline: float = math.inf,
    ) -> Upload:
        with translated():
            temporary = self._scratch() / uuid.uuid4().hex

            def publish(crc32c: str, md5: str) -> StoredObject:
                return self._publish(name, temporary, headers, token, crc32c, md5)

            return DirectoryUpload(temporary, publish, translated)

    def patch(self, name: str, token: Token, metadata: Mapping[str, str]) -> StoredObject:
        with translated(), self._locked(name):
            record = self._record(name)
            if record is None:
                raise TokenMoved
            there = describe(self._bucket, record)
            _expect(token, there)
            patched = replace(
                record,
                metageneration=record.metageneration + 1,
                headers=replace(record.headers, metadata={**there.metadata, **metadata}),
                updated=datetime.now(UTC),
            )
            self._write(self._record_path(name), patched)
            return describe(self._bucket, patched)

    def walk(self, prefix: str) -> Iterator[StoredObject]:
        """In no order. A file that somebody else put there has no record and is not met."""
        with translated():
            self._scratch()  # or a directory that cannot be would look like an empty one
            for path in (self._hidden / "records").glob("*/*"):
                if path.suffix == ".next" and path.with_suffix(".json").exists():
                    continue  # met under its other name
                record = read_record(path)
                if record is not None and record.name.startswith(prefix):
                    there = self.stat(record.name)
                    if there is not None:
                        yield there

    def check(self) -> None:
        """Try what landing needs of the disk, and sweep what killed processes left behind."""
        try:
            try_out(self._scratch())
            for leftover in self._scratch().iterdir():
                found = _file_at(leftover)  # or its upload ended just now
                if found is not None and time.time() - found.st_mtime > LEFTOVER_SECONDS:
                    leftover.unlink(missing_ok=True)
        except OSError as error:
            if error.errno in _FULL:
                raise StoreUnavailable(_FULL_WORDS) from None
            raise Misconfigured(
                f"The landing directory {self._root} cannot be written ({error.strerror}): "
                "create it, or correct LANDING_BUCKET or the rights there."
            ) from None

    def _publish(
        self,
        name: str,
        temporary: Path,
        headers: ObjectHeaders,
        token: Token,
        crc32c: str,
        md5: str,
    ) -> StoredObject:
        """Make the finished file visible, if the destination still is what `token` says."""
        with self._locked(name):
            there = self._stat(name)
            _expect(token, there)
            now = datetime.now(UTC)
            data = temporary.stat()
            record = Record(
                name=name,
                path="",
                generation=max(time.time_ns() // 1000, there.generation + 1 if there else 0),
                metageneration=1,
                size=data.st_size,
                crc32c=crc32c,
                md5=md5,
                headers=headers,
                created=now,
                updated=now,
                file=fingerprint(data),
            )
            if there is None:
                record = self._link(temporary, record)
            else:
                record = self._replace(temporary, record)
            self._next_path(name).replace(self._record_path(name))
            return describe(self._bucket, record)

    def _link(self, temporary: Path, record: Record) -> Record:
        """Create the file, failing if one is there by now, whoever made it."""
        for path in (plain_path(record.name), clash_path(record.name)):
            final = self._root / path
            record = replace(record, path=str(path))
            try:
                final.parent.mkdir(parents=True, exist_ok=True)
                self._write(self._next_path(record.name), record)
                os.link(temporary, final)
            except (NotADirectoryError, FileExistsError):
                if _file_at(final):
                    raise TokenMoved from None
                continue  # a file stands where a folder should be, or the reverse
            self._sync_up(final.parent)
            return record
        raise StoreUnavailable("The object's name finds no place in the landing directory.")

    def _replace(self, temporary: Path, record: Record) -> Record:
        former = self._record(record.name)
        path = former.path if former else str(self._foreign_path(record.name))
        record = replace(record, path=path)
        self._write(self._next_path(record.name), record)
        temporary.replace(self._root / path)
        sync_directory((self._root / path).parent)
        return record

    def _stat(self, name: str) -> StoredObject | None:
        record = self._record(name)
        if record is not None:
            return describe(self._bucket, record)
        found = _file_at(self._root / self._foreign_path(name))
        return self._foreign(name, found) if found else None

    def _record(self, name: str) -> Record | None:
        """Return the record of the file that is there now. The name's lock is held.

        A record written ahead counts as soon as its file is in place: then its writer
        died just before the last step, which is done here.
        """
        ahead = read_record(self._next_path(name))
        if ahead is not None and self._is_live(ahead):
            self._next_path(name).replace(self._record_path(name))
            return ahead
        record = read_record(self._record_path(name))
        return record if record is not None and self._is_live(record) else None

    def _is_live(self, record: Record) -> bool:
        found = _file_at(self._root / record.path)
        return found is not None and fingerprint(found) == record.file

    def _foreign_path(self, name: str) -> PurePosixPath:
        """Where a file without a record stands, if there is one."""
        clash = clash_path(name)
        return clash if _file_at(self._root / clash) else plain_path(name)

    def _foreign(self, name: str, found: os.stat_result) -> StoredObject:
        """A file that somebody else put there: it has a token, and no record of ours."""
        time_of = datetime.fromtimestamp(found.st_mtime, UTC)
        return StoredObject(
            bucket=self._bucket,
            name=name,
            generation=found.st_mtime_ns // 1000,
            metageneration=1,
            size=found.st_size,
            crc32c="",
            md5=None,
            headers=ObjectHeaders(),
            created=time_of,
            updated=time_of,
        )

    def _record_path(self, name: str) -> Path:
        digest = _digest(name)
        return self._folder("records", digest[:2]) / f"{digest}.json"

    def _next_path(self, name: str) -> Path:
        return self._record_path(name).with_suffix(".next")

    def _write(self, path: Path, record: Record) -> None:
        write_record(path, record, self._scratch())

    def _scratch(self) -> Path:
        """For what is not yet in its place; `check` sweeps it."""
        return self._folder("uploads")

    def _folder(self, *parts: str) -> Path:
        folder = self._hidden.joinpath(*parts)
        if folder not in self._synced:  # another process may have made it and died since
            folder.mkdir(parents=True, exist_ok=True)
            self._sync_up(folder)
            sync_directory(self._root.parent)
            self._synced.add(folder)
        return folder

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """Hold the name's lock, across processes; a killed holder lets it go."""
        with (self._folder("locks") / _digest(name)[:2]).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sync_up(self, directory: Path) -> None:
        """Each folder on the way may be new, and its entry stands in the one above."""
        while directory != self._root:
            sync_directory(directory)
            directory = directory.parent
        sync_directory(self._root)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the operating system's errors into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise Misconfigured(
                "The landing directory may not be written: correct its rights or LANDING_BUCKET."
            ) from None
        if error.errno in _FULL:
            raise StoreUnavailable(_FULL_WORDS) from None
        raise StoreUnavailable(f"The landing directory failed ({error.strerror}).") from None


def _expect(token: Token, there: StoredObject | None) -> None:
    found = ABSENT if there is None else there.token
    if found.generation != token.generation:
        raise TokenMoved
    if token.metageneration and found.metageneration != token.metageneration:
        raise TokenMoved


def _file_at(path: Path) -> os.stat_result | None:
    """Describe the plain file there, if it is one: no folder, and no link to elsewhere."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
