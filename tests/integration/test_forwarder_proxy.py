"""HTTPS_PROXY: the message goes to Landfall through it, and its password goes nowhere else."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from forwarder.api_key import GivenKey
from forwarder.endpoint import Endpoint
from forwarder.failures import NotForwarded
from tests.integration.conftest import API_KEY, BUCKET, RecordingServer, recording_server
from tests.servers.certificates import Authority
from tests.servers.connect_proxy import ConnectProxy, connect_proxy
from tests.servers.raw import RawServer, Step, reset, stall

SECRET = "canary-user:canary-password"
ENCODED = base64.b64encode(SECRET.encode()).decode()
MESSAGE: dict[str, str | int] = {"Bucket": BUCKET, "ObjectKey": "one", "ETag": '"e"'}


@pytest.fixture
def landfall(
    tmp_path: Path, forwarder_environment: pytest.MonkeyPatch
) -> Iterator[RecordingServer]:
    """It speaks TLS, with a certificate that the forwarder trusts."""
    authority = Authority(tmp_path)
    forwarder_environment.setenv("SSL_CERT_FILE", str(authority.file))
    for name in ("NO_PROXY", "no_proxy"):
        forwarder_environment.delenv(name, raising=False)
    with recording_server() as server:
        server.socket = authority.server_context().wrap_socket(server.socket, server_side=True)
        server.url = server.url.replace("http:", "https:")
        yield server


@pytest.fixture
def proxy(forwarder_environment: pytest.MonkeyPatch) -> Iterator[ConnectProxy]:
    with connect_proxy(SECRET) as running:
        forwarder_environment.setenv("HTTPS_PROXY", f"http://{SECRET}@{running.address}")
        yield running


def send(server: RecordingServer, seconds: float = 10) -> str:
    answer = Endpoint(f"{server.url}/processmessage", GivenKey(API_KEY)).send(MESSAGE, seconds)
    return str(answer["status"])


def test_the_message_goes_through_the_proxy_which_learns_only_the_host(
    landfall: RecordingServer, proxy: ConnectProxy
) -> None:
    assert send(landfall) == "landed"
    assert proxy.targets == [f"127.0.0.1:{landfall.server_port}"]
    [told] = proxy.headers
    assert told["proxy-authorization"] == f"Basic {ENCODED}"
    assert API_KEY not in str(told)
    [(path, headers, _)] = landfall.requests
    assert path == "/processmessage"
    assert headers["x-api-key"] == API_KEY
    assert "proxy-authorization" not in headers


def test_a_host_of_no_proxy_is_reached_straight(
    landfall: RecordingServer, proxy: ConnectProxy, forwarder_environment: pytest.MonkeyPatch
) -> None:
    forwarder_environment.setenv("NO_PROXY", "landfall.example, 127.0.0.1")
    assert send(landfall) == "landed"
    assert proxy.targets == []


def test_plain_http_on_this_machine_is_reached_straight(
    endpoint: RecordingServer, proxy: ConnectProxy
) -> None:
    assert send(endpoint) == "landed"
    assert proxy.targets == []


@pytest.mark.parametrize("before", ["", "canary-other:canary-wrong@"])
def test_a_proxy_that_refuses_is_named_but_not_its_password(
    before: str,
    landfall: RecordingServer,
    proxy: ConnectProxy,
    forwarder_environment: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    forwarder_environment.setenv("HTTPS_PROXY", f"http://{before}{proxy.address}")
    caplog.set_level("DEBUG")
    with pytest.raises(NotForwarded, match=named(proxy.address)) as failed:
        send(landfall)
    assert failed.value.reason == "ENDPOINT_UNREACHABLE"
    assert failed.value.__suppress_context__
    assert "canary" not in str(failed.value) + caplog.text
    assert landfall.requests == []


def test_a_proxy_that_is_not_there_is_named(
    landfall: RecordingServer, forwarder_environment: pytest.MonkeyPatch
) -> None:
    forwarder_environment.setenv("HTTPS_PROXY", f"http://{SECRET}@127.0.0.1:1")
    with pytest.raises(NotForwarded, match=named("127.0.0.1:1")) as failed:
        send(landfall)
    assert "canary" not in str(failed.value)


@pytest.mark.parametrize("fault", [stall(), reset(), b"HTTP/1.1 200 OK\r\n\r\n", b"what?\r\n\r\n"])
def test_a_proxy_that_does_not_do_its_work_is_named_in_time(
    fault: Step, landfall: RecordingServer, forwarder_environment: pytest.MonkeyPatch
) -> None:
    with RawServer([fault]) as broken:
        forwarder_environment.setenv("HTTPS_PROXY", f"http://{SECRET}@127.0.0.1:{broken.port}")
        began = time.monotonic()
        with pytest.raises(NotForwarded, match=named(f"127.0.0.1:{broken.port}")) as failed:
            send(landfall, seconds=1)
        assert time.monotonic() - began < 5
    assert "canary" not in str(failed.value)


def test_without_a_proxy_none_is_named(landfall: RecordingServer) -> None:
    with pytest.raises(NotForwarded, match="no answer from ENDPOINT_URL") as failed:
        Endpoint("https://127.0.0.1:1/x", GivenKey(API_KEY)).send(MESSAGE, seconds=5)
    assert "proxy" not in str(failed.value).lower()


def named(address: str) -> str:
    return f"no answer from ENDPOINT_URL .* the proxy {address} of HTTPS_PROXY: check it too, or"
