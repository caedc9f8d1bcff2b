"""Envoy as `make gateway` configures it: before Landfall, before a stub, and before nothing."""

import hashlib
import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import pytest

from deploy.gateway import esp, espv2
from deploy.gateway.envoy import Listener, configuration
from deploy.gateway.process import EnvoyMissing, running
from deploy.gateway.run import read_api
from tests.integration.conftest import RecordingServer, recording_server
from tests.missing import lack
from tests.servers.ports import free_port
from tests.system.backends import Embedded
from tests.system.service import serving

DEADLINE_SECONDS = 0.3
"""Of the gateway before the stub, which can be slower than any gateway waits."""
GOOD = {"x-api-key": "good-key"}


@dataclass(frozen=True)
class Gateway:
    """The ports of one flavour: before Landfall, before the stub, before nothing."""

    flavour: str
    landfall: int
    stub: int
    nobody: int


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def reason(self) -> str:
        """Of one of Landfall's own errors."""
        reason: str = self.body["error"]["details"][0]["reason"]
        return reason


@pytest.fixture(scope="session")
def stub() -> Iterator[RecordingServer]:
    with recording_server() as server:
        yield server


@pytest.fixture(scope="session")
def gateways(
    tmp_path_factory: pytest.TempPathFactory, stub: RecordingServer
) -> Iterator[dict[str, Gateway]]:
    """One Envoy with all of them."""
    folder = tmp_path_factory.mktemp("gateway")
    keys = [{"name": "gateway", "sha256": hashlib.sha256(b"good-key").hexdigest()}]
    gateways, flavours = {}, {}
    with ExitStack() as stack:
        service = stack.enter_context(
            serving(folder, Embedded(folder), API_KEYS=json.dumps(keys), WEB_CONCURRENCY="1")
        )
        for name, flavour in (("esp", esp), ("espv2", espv2)):
            gateway = gateways[name] = Gateway(name, free_port(), free_port(), free_port())
            for port, backend, seconds in (
                (gateway.landfall, service.port, flavour.DEADLINE_SECONDS),
                (gateway.stub, stub.server_port, DEADLINE_SECONDS),
                (gateway.nobody, free_port(), flavour.DEADLINE_SECONDS),
            ):
                flavours[Listener(port, backend, seconds)] = flavour.manager
        ports = [listener.port for listener in flavours]
        try:
            stack.enter_context(running(configuration(read_api(), flavours), ports, folder))
        except EnvoyMissing as missing:
            lack(missing)
        yield gateways


@pytest.fixture(params=["esp", "espv2"])
def gateway(request: pytest.FixtureRequest, gateways: dict[str, Gateway]) -> Gateway:
    return gateways[request.param]


def ask(
    port: int,
    headers: dict[str, str] | list[tuple[str, str]] = GOOD,
    method: str = "POST",
    path: str = "/processmessage",
    body: bytes = b"{}",
) -> Got:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.putrequest(method, path, skip_accept_encoding=True)
        pairs = headers.items() if isinstance(headers, dict) else headers
        for name, value in (*pairs, ("content-type", "application/json")):
            connection.putheader(name, value)
        connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        text = answer.read()
    return Got(answer.status, found, json.loads(text) if text[:1] == b"{" else text.decode())
