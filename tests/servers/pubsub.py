"""Google's own Pub/Sub emulator, for as long as the tests run.

https://cloud.google.com/pubsub/docs/emulator
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.servers.ports import free_port

START_SECONDS = 60.0
STOP_SECONDS = 10.0


class EmulatorMissing(Exception):
    """It cannot run here; the text says what to install."""


class PubSubEmulator:
    """Serves at `address` from `start` to `close`, and keeps nothing after."""

    def __init__(self) -> None:
        self._program = _find_program()
        self.address = f"127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self) -> None:
        host, port = self.address.split(":")
        self._process = subprocess.Popen(
            [self._program, f"--host={host}", f"--port={port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that its children can be stopped with it
        )
        try:
            self._wait(self._process)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        host, port = self.address.split(":")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"The Pub/Sub emulator ended with {process.returncode}.")
            try:
                socket.create_connection((host, int(port)), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"The Pub/Sub emulator did not start within {START_SECONDS:.0f} s.")


def _find_program() -> Path:
    """Part of the Google Cloud CLI, whose own command would stay between us and the server."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        raise EmulatorMissing(
            "Google's Pub/Sub emulator needs the Google Cloud CLI: "
            "install it from https://cloud.google.com/sdk/docs/install."
        )
    sdk = Path(gcloud).resolve().parent.parent
    program = sdk / "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
    if not program.exists():
        raise EmulatorMissing(
            "The Google Cloud CLI lacks its Pub/Sub emulator: `gcloud components install "
            "pubsub-emulator`, or `apt-get install google-cloud-cli-pubsub-emulator`."
        )
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise EmulatorMissing(
            "Google's Pub/Sub emulator needs Java: install a Java runtime, version 11 or later "
            "(`apt-get install default-jre-headless`)."
        )
    return program
