"""A directory as the store: the embedded default, for laptops and tests.

An object is a plain file under its own name. What a file cannot say of itself is a JSON
record under `.landfall/`, which knows its file by inode, time and size: moving the data
into place is the one moment at which an object appears, and a record that lost its file
is void. Needs a local, case-sensitive file system with hard links.
"""

import logging
import math
import os
import stat
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from adapters.beneath import Beneath
from adapters.directory_errors import translated, why_not_written
from adapters.directory_locks import LOCK_SECONDS, Locks
from adapters.directory_record import Damaged, Record, describe, digest_of, fingerprint
from adapters.directory_records import DAMAGED, SCRATCH, Records
from adapters.directory_trial import try_out
from adapters.directory_upload import DirectoryUpload
from adapters.file_names import clash_path, plain_path
from adapters.private_files import open_to_others
from transfer.errors import LandfallError, StoreUnavailable, TokenMoved
from transfer.store import ABSENT, ObjectHeaders, StoredObject, Token, Unreadable, Upload

LEFTOVER_SECONDS = 2 * 60 * 60
"""No transfer lasts so long: a temporary file this old belongs to a process that died."""

_LOCKS = (".landfall", "locks")
_log = logging.getLogger("landfall.store")


class DirectoryStore:
    """Objects of one directory. Processes and threads may share it."""

    def __init__(self, directory: Path, lock_seconds: float = LOCK_SECONDS) -> None:
        """Another holder of a name's lock is waited for so long."""
        self._beneath = Beneath(directory)
        self._root = self._beneath.path
        self._bucket = self._root.name
        self._records = Records(self._beneath)
        self._locks = Locks(self._beneath, _LOCKS, lock_seconds)

    def stat(self, name: str) -> StoredObject | None:
        with translated(), self._locked(digest_of(name)):
            return self._stat(name)

    def create(
        self,
        name: str,
        size: int,
        headers: ObjectHeaders,
        token: Token,
        deadline: float = math.inf,
    ) -> Upload:
        temporary = uuid.uuid4().hex

        def publish(written: os.stat_result, crc32c: str, md5: str) -> StoredObject:
            return self._publish(name, temporary, written, headers, token, crc32c, md5)

        def discard() -> None:
            with self._beneath.standing(*SCRATCH) as scratch:
                scratch.remove(temporary)

        with translated():
            self._beneath.confirm()
            with self._beneath.standing(*SCRATCH) as scratch:
                descriptor = scratch.open_new(temporary)
            return DirectoryUpload(descriptor, publish, discard, translated)

    def patch(self, name: str, token: Token, metadata: Mapping[str, str]) -> StoredObject:
        with translated(), self._locked(digest_of(name)):
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
            self._records.write(patched)
            return describe(self._bucket, patched)

    def walk(self, prefix: str) -> Iterator[StoredObject | Unreadable]:
        """In no order. A file that somebody else put there has no record and is not met."""
        with translated():
            self._beneath.confirm()
            prefixes = self._records.prefixes()
        for each in prefixes:
            try:
                with translated():
                    files = self._records.files(each)
            except LandfallError as error:
                _log.error("The records that begin with %s cannot be read: %s", each, error)
                yield Unreadable(each)
                continue
            for file in files:
                met = self._met(file, prefix)
                if met is not None:
                    yield met

    def check(self) -> None:
        """Try what landing needs of the disk, and sweep what killed processes left behind."""
        try:
            self._beneath.confirm()
            with self._beneath.standing(*SCRATCH) as scratch:
                try_out(scratch, self._root.joinpath(*SCRATCH))
                for leftover in scratch.names():
                    found = scratch.entry(leftover)  # None if its upload ended just now
                    if found is None or not stat.S_ISREG(found.st_mode):
                        continue
                    if time.time() - found.st_mtime > LEFTOVER_SECONDS:
                        scratch.remove(leftover)
        except OSError as error:
            raise why_not_written(error, self._root) from None
        for advice in self.advice():
            _log.warning("%s", advice)

    def advice(self) -> Sequence[str]:
        """Return what an operator should look at, though objects land."""
        found = []
        danger = open_to_others(self._root)
        if danger is not None:
            found.append(f"{danger}. Unless that is meant: chmod -R go= '{self._root}'")
        damaged = self._records.set_aside()
        if damaged:
            found.append(
                f"{damaged} damaged records are in {self._root.joinpath(*DAMAGED)}: the log says "
                "of which objects. Send their messages again, then delete the records."
            )
        return found

    def _publish(
        self,
        name: str,
        temporary: str,
        written: os.stat_result,
        headers: ObjectHeaders,
        token: Token,
        crc32c: str,
        md5: str,
    ) -> StoredObject:
        """Make the finished file visible, if the destination still is what `token` says."""
        with self._locked(digest_of(name)):
            there = self._stat(name)
            _expect(token, there)
            with self._beneath.standing(*SCRATCH) as scratch:
                found = scratch.entry(temporary)
            if found is None or fingerprint(found) != fingerprint(written):
                raise StoreUnavailable("The file of the upload was changed by somebody else.")
            now = datetime.now(UTC)
            record = Record(
                name=name,
                path="",
                generation=max(time.time_ns() // 1000, there.generation + 1 if there else 0),
                metageneration=1,
                size=written.st_size,
                crc32c=crc32c,
                md5=md5,
                headers=headers,
                created=now,
                updated=now,
                file=fingerprint(written),
            )
            if there is None:
                record = self._link(temporary, record)
            else:
                record = self._replace(temporary, record)
            self._records.settle(name)
            return describe(self._bucket, record)

    def _link(self, temporary: str, record: Record) -> Record:
        """Create the file, failing if one is there by now, whoever made it."""
        for path in (plain_path(record.name), clash_path(record.name)):
            record = replace(record, path=str(path))
            try:
                with (
                    self._beneath.folder(path.parts[:-1], make=True) as folder,
                    self._beneath.standing(*SCRATCH) as scratch,
                ):
                    self._records.write_ahead(record)
                    scratch.link(temporary, folder, path.name)
                    folder.sync()
            except (NotADirectoryError, FileExistsError):
                if self._file_at(path):
                    raise TokenMoved from None
                continue  # a file stands where a folder should be, or the reverse
            return record
        raise StoreUnavailable("The object's name finds no place in the landing directory.")

    def _replace(self, temporary: str, record: Record) -> Record:
        former = self._record(record.name)
        path = PurePosixPath(former.path) if former else self._foreign_path(record.name)
        record = replace(record, path=str(path))
        with (
            self._beneath.folder(path.parts[:-1]) as folder,
            self._beneath.standing(*SCRATCH) as scratch,
        ):
            self._records.write_ahead(record)
            scratch.move(temporary, folder, path.name)
            folder.sync()
        return record

    def _stat(self, name: str) -> StoredObject | None:
        record = self._record(name)
        if record is not None:
            return describe(self._bucket, record)
        found = self._file_at(self._foreign_path(name))
        return self._foreign(name, found) if found else None

    def _record(self, name: str) -> Record | None:
        return self._records.live(name, self._is_live)

    def _met(self, file: str, prefix: str) -> StoredObject | Unreadable | None:
        """Return what a walk finds by this record."""
        try:
            with translated():
                return self._read(file, prefix)
        except LandfallError as error:
            _log.error("The record %s cannot be read: %s", file, error)
            return Unreadable(file)

    def _read(self, file: str, prefix: str) -> StoredObject | Unreadable | None:
        digest, _, suffix = file.partition(".")
        try:
            record = self._records.peek(file)
        except Damaged as damage:
            with self._locked(digest):
                self._records.mend(file)
            return Unreadable(damage.name or file)
        if record is None or not record.name.startswith(prefix):
            return None
        if suffix == "next" and self._records.stands(f"{digest}.json"):
            return None  # met under its other name
        if suffix == "json" and self._is_live(record):
            return describe(self._bucket, record)
        return self.stat(record.name)

    def _is_live(self, record: Record) -> bool:
        found = self._file_at(PurePosixPath(record.path))
        return found is not None and fingerprint(found) == record.file

    def _foreign_path(self, name: str) -> PurePosixPath:
        """Where a file without a record stands, if there is one."""
        clash = clash_path(name)
        return clash if self._file_at(clash) else plain_path(name)

    def _file_at(self, path: PurePosixPath) -> os.stat_result | None:
        """Describe the plain file there, if it is one: no folder, and no link to elsewhere."""
        try:
            with self._beneath.folder(path.parts[:-1]) as folder:
                found = folder.entry(path.name)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found if found is not None and stat.S_ISREG(found.st_mode) else None

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

    @contextmanager
    def _locked(self, digest: str) -> Iterator[None]:
        self._beneath.confirm()
        with self._locks.held(digest):
            yield


def _expect(token: Token, there: StoredObject | None) -> None:
    found = ABSENT if there is None else there.token
    if found.generation != token.generation:
        raise TokenMoved
    if token.metageneration and found.metageneration != token.metageneration:
        raise TokenMoved
