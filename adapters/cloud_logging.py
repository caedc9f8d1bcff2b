"""Log lines as Cloud Logging reads them: one JSON object each.

https://cloud.google.com/logging/docs/structured-logging
"""

import json
import logging
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from transfer.printable import accept_any_text
from transfer.redaction import MARK, RedactingFormatter, redact

_log = logging.getLogger("landfall.uncaught")


class CloudLoggingFormatter(RedactingFormatter):
    """The message, with its traceback, and whatever the record has in `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "severity": record.levelname,
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "message": self.redacted(record),
            "logger": record.name,
        }
        fields: Mapping[str, object] = getattr(record, "fields", {})
        return json.dumps(entry | _redacted_items(fields))


def new_formatter(log_format: str | None, text: str, dates: str | None = None) -> logging.Formatter:
    """Return one for `json` or `text`; for None it is text if a person reads along."""
    if (log_format or ("text" if sys.stdout.isatty() else "json")) == "json":
        return CloudLoggingFormatter()
    return RedactingFormatter(text, dates)


def log_what_nobody_logs() -> None:
    """Send warnings and uncaught exceptions to the log: on stderr nothing would redact them.

    And let `logging` not write a record that it cannot format to stderr, with its arguments:
    https://docs.python.org/3/howto/logging.html#exceptions-raised-during-logging
    """
    accept_any_text(sys.stdout, sys.stderr)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False

    def log(kind: type[BaseException], error: BaseException | None, where: str) -> None:
        if error is not None and issubclass(kind, Exception):
            _log.error("Uncaught %s in %s", kind.__name__, where, exc_info=error)

    sys.excepthook = lambda kind, error, _: log(kind, error, "the main thread")
    sys.unraisablehook = lambda seen: log(seen.exc_type, seen.exc_value, "an object's end")
    threading.excepthook = lambda seen: log(
        seen.exc_type, seen.exc_value, seen.thread.name if seen.thread else "a thread"
    )


def _redacted_items(fields: Mapping[Any, object]) -> dict[str, object]:
    items = {}
    for name, value in fields.items():
        shown, is_secret = _judged(name if isinstance(name, str) else str(name))
        items[shown] = MARK if is_secret and value else _redacted(value)
    return items


def _redacted(value: object) -> object:
    """Each string by itself: in JSON the quotes around a secret would look otherwise."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return _redacted_items(value)
    if isinstance(value, (list, tuple)):
        return [_redacted(each) for each in value]
    return redact(str(value))


@lru_cache(maxsize=256)
def _judged(name: str) -> tuple[str, bool]:
    """Return the name of a field as it may be shown, and whether its value may not."""
    return redact(name), MARK in redact(f"{name}: x")
