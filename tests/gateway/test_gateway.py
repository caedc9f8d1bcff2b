"""The local gateway is made of openapi.yaml, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.gateway import esp, espv2
from deploy.gateway.envoy import Api, Listener, configuration
from deploy.gateway.run import ROOT, read_api
from handlers.spec import Operation
from tests.gateway.conftest import Gateway, ask
from tests.servers.ports import free_port

START_SECONDS = 60
OPERATIONS = [(o.method, o.path, o.key_header is None) for o in read_api().operations]


@pytest.mark.parametrize(("method", "path", "is_open"), OPERATIONS)
def test_every_operation_of_the_spec_is_reached_as_the_spec_says(
    gateway: Gateway, method: str, path: str, *, is_open: bool
) -> None:
    with_key = ask(gateway.landfall, method=method, path=path)
    without = ask(gateway.landfall, {}, method, path)

    assert (
        "error" in with_key.body or "status" in with_key.body
    )  # Landfall's own, not the gateway's
    assert (without.status == 401) is not is_open


@pytest.mark.parametrize("manager", [esp.manager, espv2.manager])
def test_an_operation_that_is_added_to_the_spec_passes_and_one_that_is_not_there_does_not(
    manager: Any,
) -> None:
    operation = Operation("getThing", "GET", "/things.v1:look", "x-other-key")
    listener = Listener(18081, 18080, 5)

    file = configuration(Api([operation], "my-service"), {listener: manager})

    [listening] = file["static_resources"]["listeners"]
    fields = listening["filter_chains"][0]["filters"][0]["typed_config"]
    passing = [
        route["match"]
        for route in fields["route_config"]["virtual_hosts"][0]["routes"]
        if "route" in route
    ]
    assert passing == [
        {
            "safe_regex": {"regex": r"(?:/things\.v1:look)/?"},
            "headers": [{"name": ":method", "string_match": {"exact": "GET"}}],
        }
    ]
    assert fields["http_filters"][0]["typed_config"]["key_sources"] == [{"header": "x-other-key"}]


@pytest.fixture
def command(gateways: dict[str, Gateway]) -> list[str]:
    """`make gateway` on free ports; only where there is an Envoy."""
    names = ("--esp-port", "--espv2-port", "--backend-port")
    ports = [text for name in names for text in (name, str(free_port()))]
    return [sys.executable, "-m", "deploy.gateway.run", *ports]


@pytest.fixture
def process(command: list[str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "LANDING_BUCKET": f"file:{tmp_path}/bucket"}
    environment["NOTIFICATION_TOPIC"] = f"sqlite:{tmp_path}/notifications.db"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_command_serves_behind_both_once_and_leaves_nothing_running(
    command: list[str], process: subprocess.Popen[bytes]
) -> None:
    ports = [int(text) for text in command if text.isdecimal()]
    deadline = time.monotonic() + START_SECONDS
    while not all(_is_ready(port) for port in ports):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)

    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    process.terminate()

    assert (again.returncode, f"port {ports[0]} already" in again.stderr) == (1, True)
    assert process.wait(START_SECONDS) == 0
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 1)


def _is_ready(port: int) -> bool:
    try:
        return ask(port, {}, "GET", "/readyz").status == 200
    except OSError:
        return False
