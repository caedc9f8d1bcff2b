"""Which way the connections to Landfall take: straight, or through the proxy of the environment."""

import base64
import socket

import pytest

from forwarder.connections import new_pool, proxy_of
from forwarder.settings import BadEnvironment

URL = "https://landfall.example/processmessage"
NAMES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy",
         "NO_PROXY", "no_proxy")  # fmt: skip


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize(
    ("proxy", "there"),
    [
        ("http://proxy.example:3128", "proxy.example:3128"),
        ("https://proxy.example:3129/", "proxy.example:3129"),
        ("proxy.example:3128", "proxy.example:3128"),
        ("http://[2001:db8::1]:3128", "[2001:db8::1]:3128"),
        ("AZ_az-09.Example:3128", "az_az-09.example:3128"),
        ("http://us%40er:canary@proxy.example:3128", "proxy.example:3128"),
    ],
)
def test_an_https_endpoint_is_reached_through_the_proxy(
    name: str, proxy: str, there: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(name, proxy)
    pool = new_pool(URL, 3)
    assert proxy_of(pool) == there
    assert "canary" not in repr(pool.proxy)


def test_a_proxy_without_a_port_has_that_of_its_scheme(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTPS_PROXY", "http://proxy.example")
    pool = new_pool(URL, 3)
    assert pool.proxy is not None
    assert (pool.proxy.scheme, pool.proxy.host, pool.proxy.port) == ("http", "proxy.example", 80)


@pytest.mark.parametrize(
    ("before", "secret"),
    [
        ("us%40er:p%3Ass%C3%A9@", "us@er:p:ssé"),
        ("user@", "user:"),
        ("user:@", "user:"),
        (":p@", ":p"),
        ("", None),
    ],
)
def test_user_and_password_go_into_a_header(
    before: str, secret: str | None, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HTTPS_PROXY", f"http://{before}proxy.example:3128")
    headers = dict(getattr(new_pool(URL, 3), "proxy_headers", {}))
    expected = f"Basic {base64.b64encode(secret.encode()).decode()}" if secret else None
    assert headers.get("proxy-authorization") == expected


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, URL),
        ({"HTTPS_PROXY": ""}, URL),
        ({"HTTP_PROXY": "http://proxy.example:3128"}, URL),
        ({"ALL_PROXY": "http://proxy.example:3128"}, URL),
        ({"NO_PROXY": "landfall.example"}, URL),
        ({"NO_PROXY": "other.example, .example"}, URL),
        ({"NO_PROXY": "*"}, URL),
        ({"no_proxy": "landfall.example:8443"}, "https://landfall.example:8443/x"),
        ({"HTTP_PROXY": "http://proxy.example:3128"}, "http://127.0.0.1:8080/processmessage"),
        ({}, "http://127.0.0.1:8080/processmessage"),
    ],
)
def test_others_are_reached_straight(
    variables: dict[str, str], url: str, environment: pytest.MonkeyPatch
) -> None:
    if variables.keys() & {"NO_PROXY", "no_proxy"} or url.startswith("http:"):
        environment.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    for name, value in variables.items():
        environment.setenv(name, value)
    assert proxy_of(new_pool(url, 3)) is None


@pytest.mark.parametrize("no_proxy", ["other.example", "landfall.example:8443", "fall.example"])
def test_no_proxy_is_about_whole_names(no_proxy: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    environment.setenv("NO_PROXY", no_proxy)
    assert proxy_of(new_pool(URL, 3)) == "proxy.example:3128"


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://canary@proxy.example:1080",
        "http://",
        "http://canary@",
        "http://proxy.example:canary",
        "http://[canary",
        "://canary",
        *[f"{start}user:12{end}canary@proxy.example" for start in ("http://", "") for end in "/?#"],
        "http://proxy.example/canary",
        "http://proxy.example:3128?canary",
        "http://proxy.example:3128#canary",
        "http://canary proxy:3128",
        "http://canary\\proxy:3128",
    ],
)
def test_what_is_no_proxy_is_named_without_its_value(
    proxy: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(BadEnvironment, match="set HTTPS_PROXY to http://HOST:PORT") as refused:
        new_pool(URL, 3)
    assert "canary" not in str(refused.value)
    assert refused.value.__context__ is None


@pytest.mark.parametrize("proxy", ["", "http://proxy.example:3128"])
def test_connections_are_kept_alive_and_so_many_at_once(
    proxy: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HTTPS_PROXY", proxy)
    known = new_pool(URL, 3).connection_pool_kw
    assert known["maxsize"] == 3
    options = known["socket_options"]
    assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) in options
    assert (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30) in options
    assert (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10) in options
    assert (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3) in options
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) in options
