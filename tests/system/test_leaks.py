"""What Python and gunicorn write by themselves passes the log's net too."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.servers.ports import free_port
from tests.system.backends import Embedded
from tests.system.service import PROGRAMS, ROOT, environment_for

SECRET = "canary5d1f0e9c8b7a"
"""What `tests/servers/leaking.py` lets out."""
LEAKS = (
    "Uncaught ValueError in failing",
    "UserWarning",
    "Uncaught ValueError in an object's end",
    "leaking.py:",  # where the record that cannot be formatted was made
    "gunicorn says",
    "a library says",
    "Unexpected RuntimeError",
)


def ask(port: int, log: Path) -> int:
    """Return the status of the answer, once there is one."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        with suppress(ConnectionError):
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/")
            return connection.getresponse().status
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_nothing_that_is_written_holds_a_secret_or_commands_a_terminal(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    environment = environment_for(
        Embedded(tmp_path), PORT=str(port), LOG_FORMAT="text", WORKERS="1", PYTHONIOENCODING="ascii"
    )
    command: list[str | Path] = [
        PROGRAMS / "gunicorn",
        "-c",
        "gunicorn.conf.py",
        "tests.servers.leaking:app",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        status = ask(port, log)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    written = log.read_bytes()

    assert status == 500
    for leak in LEAKS:
        assert leak.encode() in written
    assert written.count(b"[redacted]") >= len(LEAKS) - 1
    assert SECRET.encode() not in written
    assert b"\x1b" not in written
    assert b"\nforged" not in written


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_exception_that_ends_a_program_is_redacted(log_format: str) -> None:
    program = (
        "import main\n"
        "from tests.servers import leaking\n"
        f"main.configure_logging('INFO', {log_format!r})\n"
        "leaking.fail()\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    written = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert "Uncaught ValueError in the main thread" in written
    assert "[redacted]" in written
    assert SECRET not in written
    assert "\x1b" not in written
