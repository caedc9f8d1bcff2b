"""A SQLite table as the topic: the embedded default.

Read it with `sqlite3 FILE 'SELECT * FROM notifications'`. Not for network file systems.
https://www.sqlite.org/wal.html
"""

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from transfer.errors import Misconfigured, NotifyUnavailable
from transfer.notification import Notification, timestamp

BUSY_SECONDS = 10.0
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_TABLE = """CREATE TABLE IF NOT EXISTS notifications(
    id INTEGER PRIMARY KEY, message_id TEXT, data BLOB, attributes TEXT, publish_time TEXT)"""


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

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a connection of its own, durable once it is over."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
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
                raise NotifyUnavailable(
                    f"The disk of {self._file} takes no more ({error}): make room on it. "
                    "No restart is needed."
                ) from None
            raise self._misconfigured(str(error)) from None
        except OSError as error:
            raise self._misconfigured(str(error.strerror)) from None

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
