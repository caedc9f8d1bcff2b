"""Why a service cannot be asked, in words that hold no key; and no redirect carries one away."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.service_client import ServiceClient
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, answer, reset
from transfer.errors import Unavailable

KEY = {"x-api-key": "canary-api-key-5d1f"}


def test_a_redirect_is_an_answer_like_any_other() -> None:
    with RawServer([answer(status="302 Found", Location="http://elsewhere.example/")]) as server:
        found = ServiceClient(server.origin).ask("GET", "/healthz", KEY)

    assert found.status == 302
    assert server.connections == 1
    assert server.request_line == "GET /healthz HTTP/1.1"


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (closed_port, "takes no connection on that port"),
        (lambda: "https://landfall.invalid", "name cannot be resolved"),
    ],
)
def test_nobody_is_there(url: Callable[[], str], words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        ServiceClient(url()).ask("GET", "/healthz", KEY)


def test_a_connection_that_is_dropped() -> None:
    with (
        RawServer([reset()]) as server,
        pytest.raises(Unavailable, match="or drops it") as failure,
    ):
        ServiceClient(server.origin).ask("GET", "/healthz", KEY)

    assert "canary" not in str(failure.value)


def test_a_certificate_for_somebody_else_gets_no_key(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with RawServer([answer()], tls=authority.server_context("other.example")) as server:
        client = ServiceClient(server.origin, str(authority.file))

        with pytest.raises(Unavailable, match=r"certificate is not trusted .* not valid for"):
            client.ask("GET", "/healthz", KEY)

    assert server.requests == []
