"""A SQLite table as the topic: the embedded default.

Read it with `sqlite3 FILE 'SELECT * FROM notifications'`. Not for network file systems.
https://www.sqlite.org/wal.html
"""

import errno
import json
import logging
import os
import sqlite3
import stat
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from adapters.private_files import FILE_MODE, give_to_owner, make_folders, open_to_others
from transfer.errors import Misconfigured, NotifyUnavailable
from transfer.notification import Notification, timestamp

BUSY_SECONDS = 10.0
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_BESIDE = ("", "-wal", "-shm", "-journal")
"""The files of a database: https://www.sqlite.org/tempfiles.html"""
_TABLE = """CREATE TABLE IF NOT EXISTS notifications(
    id INTEGER PRIMARY KEY, message_id TEXT, data BLOB, attributes TEXT, publish_time TEXT)"""

_making = threading.Lock()
"""Closing a file drops the locks that this process has on it, also those that SQLite took:
https://www.sqlite.org/howtocorrupt.html (section 2.2). So nobody connects meanwhile."""
_log = logging.getLogger("landfall.topic")


class SqliteTopic:
    """Notifications as rows. Processes and threads may share it."""

    def __init__(self, file: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        """So long somebody else who writes is waited for."""
        self._file = file
        self._busy_seconds = busy_seconds

    def publish(self, notification: Notification) -> str:
        message_id = uuid.uuid4().hex
        row = (
            message_id,
            notification.data,
            json.dumps(dict(notification.attributes), ensure_ascii=False),
            timestamp(datetime.now(UTC)),
        )
        with self._opened() as connection:
            connection.execute(
                "INSERT INTO notifications(message_id, data, attributes, publish_time) "
                "VALUES (?, ?, ?, ?)",
                row,
            )
        return message_id

    def check(self) -> None:
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")  # the right to write, without a row
        for advice in self.advice():
            _log.warning("%s", advice)

    def advice(self) -> Sequence[str]:
        """Return what an operator should look at, though notifications go out."""
        if open_to_others(self._file.parent) is None:
            return []  # then nobody else gets to what is in it
        danger = open_to_others(self._file)
        if danger is None:
            return []
        return [f"{danger}. Unless that is meant: chmod go= '{self._file}'*"]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a connection of its own, durable once it is over."""
        try:
            self._make()
            with closing(sqlite3.connect(self._file, timeout=self._busy_seconds)) as connection:
                _enter_wal(connection, self._busy_seconds)
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute(_TABLE)
                with connection:
                    yield connection
        except sqlite3.DatabaseError as error:
            if _is_busy(error):
                raise NotifyUnavailable("The notifications' file is busy.") from None
            if _code(error) in _DISK:
                raise self._full(str(error)) from None
            raise self._misconfigured(str(error)) from None
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise self._full(str(error.strerror)) from None
            raise self._misconfigured(str(error.strerror)) from None

    def _make(self) -> None:
        """See that the files are plain ones, and make the first, for this user alone.

        SQLite gives the others the mode of the first. It would follow a link, and wait on a FIFO.
        """
        make_folders(self._file.parent)
        with _making:
            for suffix in _BESIDE:
                path = self._file.with_name(self._file.name + suffix)
                try:
                    found = path.lstat()
                except FileNotFoundError:
                    continue
                if not stat.S_ISREG(found.st_mode):
                    kind = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "no plain file"
                    raise self._misconfigured(f"{path.name} is {kind}")
            if not self._file.exists():
                self._make_file()

    def _make_file(self) -> None:
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        except FileExistsError:  # another process made it meanwhile
            return
        try:
            give_to_owner(descriptor, self._file.parent)
        finally:
            os.close(descriptor)

    def _full(self, why: str) -> NotifyUnavailable:
        return NotifyUnavailable(
            f"The disk of {self._file} takes no more ({why}): make room on it. "
            "No restart is needed."
        )

    def _misconfigured(self, why: str) -> Misconfigured:
        return Misconfigured(
            f"Notifications cannot be written to {self._file} ({why}): correct NOTIFICATION_TOPIC."
        )


def _enter_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Of those who make the file together, SQLite refuses some at once instead of waiting."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _code(error: sqlite3.DatabaseError) -> int:
    """SQLite's primary result code; https://www.sqlite.org/rescode.html"""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    return _code(error) in _BUSY
