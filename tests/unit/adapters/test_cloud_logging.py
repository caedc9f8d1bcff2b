"""Lines that Cloud Logging reads, with the last net under every one of their strings."""

import io
import json
import logging
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.cloud_logging import CloudLoggingFormatter, new_formatter
from transfer.redaction import RedactingFormatter

CANARY = "canary5d1f"
ROOT = Path(__file__).parents[3]


def written(log: Callable[[logging.Logger], None]) -> dict[str, Any]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(CloudLoggingFormatter())
    logger = logging.getLogger("landfall.test")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.handlers = [handler]
    log(logger)
    (line,) = stream.getvalue().splitlines()
    entry: dict[str, Any] = json.loads(line)
    return entry


def test_a_line_has_what_cloud_logging_looks_for() -> None:
    entry = written(lambda log: log.warning("a %s\nb", "heron"))

    assert (entry["severity"], entry["message"]) == ("WARNING", "a heron\nb")
    assert entry["time"].endswith("+00:00")
    assert entry["logger"] == "landfall.test"


def test_fields_stand_beside_the_message() -> None:
    fields = {"bytes": 3, "source": {"key": "ä\u2028\ud800"}, "phases": {"stat": 0.5}, "more": [1]}

    entry = written(lambda log: log.info("x", extra={"fields": fields}))

    assert {name: entry[name] for name in fields} == fields


@pytest.mark.parametrize("secret", [
    f"?X-Amz-Signature={CANARY}",
    f"x-api-key: {CANARY}",
    f'{{"x-api-key": "{CANARY}"}}',
    f"Authorization: Bearer {CANARY}",
    f"&upload_id={CANARY}",
])  # fmt: skip
def test_no_secret_passes_in_any_string(secret: str) -> None:
    def log(logger: logging.Logger) -> None:
        try:
            raise ValueError(f"failed with {secret}")
        except ValueError as error:
            fields = {"a": secret, "b": {"c": {"d": secret}}, "e": [secret]}
            logger.error("for %s", secret, exc_info=error, extra={"fields": fields})

    entry = written(log)

    assert "Traceback" in entry["message"]
    assert CANARY not in json.dumps(entry)
    assert json.dumps(entry).count("[redacted]") == 5


def test_the_setting_decides() -> None:
    assert type(new_formatter("json", "%(message)s")) is CloudLoggingFormatter
    assert type(new_formatter("text", "%(message)s")) is RedactingFormatter


def test_without_a_setting_a_terminal_reads_text_and_all_else_json() -> None:
    program = (
        "import logging, main\n"
        "main.configure_logging('INFO', None)\n"
        "logging.getLogger('landfall').info('a heron')"
    )
    command = [sys.executable, "-c", program]

    piped = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    screen, terminal = pty.openpty()
    subprocess.run(command, cwd=ROOT, stdout=terminal, check=True)
    os.close(terminal)
    shown = os.read(screen, 4096)
    os.close(screen)

    assert json.loads(piped)["message"] == "a heron"
    assert shown.endswith(b" INFO landfall a heron\r\n")


def test_a_field_with_a_secrets_name_is_blotted_out_whatever_it_holds() -> None:
    fields = {
        "headers": {"X-Api-Key": CANARY, "Authorization": [f"Basic {CANARY}"], b"cookie": CANARY},
        "pairs": (("x-api-key", f"x-api-key={CANARY}"),),
        "url": Path(f"/k?X-Amz-Signature={CANARY}"),
        "token": None,
    }

    entry = written(lambda log: log.info("x", extra={"fields": fields}))

    assert CANARY not in json.dumps(entry)
    assert entry["headers"]["X-Api-Key"] == "[redacted]"
    assert entry["token"] is None


def test_fields_that_are_no_json_do_not_cost_the_line() -> None:
    fields = {"time": datetime(2026, 8, 11, tzinfo=UTC), "set": {1}, 7: b"x", "\ud800": "\ud800"}

    entry = written(lambda log: log.info("x", extra={"fields": fields}))

    assert entry["time"] == "2026-08-11 00:00:00+00:00"
    assert (entry["set"], entry["7"]) == ("{1}", "b'x'")
    assert entry["\ud800"] == "\ud800"
