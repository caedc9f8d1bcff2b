"""The records of the directory store: two files for each name, `.next` while its data moves."""

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adapters.beneath import Beneath, Folder
from adapters.directory_record import Damaged, Record, digest_of, read_record, write_record
from transfer.errors import Misconfigured
from transfer.printable import printable

RECORDS, SCRATCH, DAMAGED = (
    (".landfall", "records"),
    (".landfall", "uploads"),
    (".landfall", "damaged"),
)
_FILE = re.compile(r"[0-9a-f]{64}\.(?:json|next)")
_log = logging.getLogger("landfall.store")


class Records:
    """Hold the name's lock to write, and to read what is written next."""

    def __init__(self, beneath: Beneath) -> None:
        self._beneath = beneath

    def live(self, name: str, is_live: Callable[[Record], bool]) -> Record | None:
        """Return the record of the file that is there now, if one is.

        A record written ahead counts as soon as its file is in place: then its writer
        died just before the last step, which is done here.
        """
        digest = digest_of(name)
        with self._folder(digest) as folder:
            ahead = self._read(folder, name, f"{digest}.next")
            if ahead is not None and is_live(ahead):
                self.settle(name)
                return ahead
            record = self._read(folder, name, f"{digest}.json")
        return record if record is not None and is_live(record) else None

    def write_ahead(self, record: Record) -> None:
        self._write(record, "next")

    def write(self, record: Record) -> None:
        self._write(record, "json")

    def settle(self, name: str) -> None:
        """Make the record that was written ahead the current one."""
        digest = digest_of(name)
        with self._folder(digest) as folder:
            try:
                folder.move(f"{digest}.next", folder, f"{digest}.json")
            except IsADirectoryError:
                self._set_aside(folder, f"{digest}.json", Damaged("it is no plain file", name))
                folder.move(f"{digest}.next", folder, f"{digest}.json")

    def prefixes(self) -> list[str]:
        """Return the folders that hold records."""
        with self._beneath.standing(*RECORDS) as folder:
            return [name for name in folder.names() if re.fullmatch("[0-9a-f]{2}", name)]

    def files(self, prefix: str) -> list[str]:
        """Return the files of records in this folder, in no order."""
        with self._beneath.folder((*RECORDS, prefix)) as folder:
            names = folder.names()
        return [name for name in names if _FILE.fullmatch(name) and name.startswith(prefix)]

    def stands(self, file: str) -> bool:
        with self._folder(file) as folder:
            return folder.entry(file) is not None

    def peek(self, file: str) -> Record | None:
        """Raise Damaged if the record is that; it stays where it is."""
        with self._folder(file) as folder:
            return read_record(folder, file, file[:64])

    def mend(self, file: str) -> None:
        """Set the record aside if it is damaged."""
        with self._folder(file) as folder:
            try:
                read_record(folder, file, file[:64])
            except Damaged as damage:
                self._set_aside(folder, file, damage)

    def set_aside(self) -> int:
        """Count the damaged records that were set aside and not deleted yet."""
        try:
            with self._beneath.folder(DAMAGED) as folder:
                return len(folder.names())
        except (OSError, Misconfigured):  # there are none, or what uses the directory says so
            return 0

    def _read(self, folder: Folder, name: str, file: str) -> Record | None:
        try:
            return read_record(folder, file, digest_of(name))
        except Damaged as damage:
            damage.name = name
            self._set_aside(folder, file, damage)
            return None

    def _write(self, record: Record, suffix: str) -> None:
        digest = digest_of(record.name)
        with self._folder(digest) as folder, self._beneath.standing(*SCRATCH) as scratch:
            write_record(folder, f"{digest}.{suffix}", record, scratch, uuid.uuid4().hex)

    def _set_aside(self, folder: Folder, file: str, damage: Damaged) -> None:
        """Keep it for the operator: its object is from now on a file without a record."""
        kept = f"{file}-{time.time_ns()}"
        with self._beneath.standing(*DAMAGED) as damaged:
            folder.move(file, damaged, kept)
        shown = printable(damage.name) if damage.name else "whose name has the SHA-256 " + file[:64]
        _log.error(
            "The record of the object %s was damaged (%s) and was moved to %s. The file of the "
            "object stays, but what it was landed from and whether it was announced is lost: "
            "send its message again, which lands and announces it anew. Then delete the record.",
            shown,
            damage,
            self._beneath.path.joinpath(*DAMAGED, kept),
        )

    @contextmanager
    def _folder(self, digest: str) -> Iterator[Folder]:
        with self._beneath.standing(*RECORDS, digest[:2]) as folder:
            yield folder
