"""Log lines as Cloud Logging reads them: one JSON object each.

https://cloud.google.com/logging/docs/structured-logging
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from transfer.redaction import RedactingFormatter, redact


class CloudLoggingFormatter(RedactingFormatter):
    """The message, with its traceback, and whatever the record has in `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "severity": record.levelname,
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "message": super().format(record),
            "logger": record.name,
        }
        fields: Mapping[str, object] = getattr(record, "fields", {})
        return json.dumps(entry | {name: _redacted(value) for name, value in fields.items()})


def new_formatter(log_format: str | None, text: str, dates: str | None = None) -> logging.Formatter:
    """Return one for `json` or `text`; for None it is text if a person reads along."""
    if (log_format or ("text" if sys.stdout.isatty() else "json")) == "json":
        return CloudLoggingFormatter()
    return RedactingFormatter(text, dates)


def _redacted(value: object) -> object:
    """Each string by itself: in JSON the quotes around a secret would look otherwise."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _redacted(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_redacted(each) for each in value]
    return value
