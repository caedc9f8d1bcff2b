"""Connections to Landfall: kept, and through the proxy that the environment names, if any."""

import base64
import re
import socket
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection

from forwarder.settings import BadEnvironment

HOST = re.compile("[a-z0-9._:-]+")


def new_pool(url: str, connections: int) -> urllib3.PoolManager:
    """Return a pool for this URL, which keeps so many connections.

    `HTTPS_PROXY` and `NO_PROXY` are read as urllib reads them; plain http, which is for this
    machine only, never goes through a proxy.

    Raises:
        BadEnvironment: `HTTPS_PROXY` is no URL of a proxy.
    """
    target = urlsplit(url)
    proxy = getproxies().get("https") if target.scheme == "https" else None
    if not proxy or proxy_bypass(target.netloc):
        return urllib3.PoolManager(maxsize=connections, socket_options=_keep_alive())
    address, headers = _read(proxy)
    return urllib3.ProxyManager(
        address, proxy_headers=headers, maxsize=connections, socket_options=_keep_alive()
    )


def proxy_of(pool: urllib3.PoolManager) -> str | None:
    """Return host and port of the pool's proxy, for people; None if it has none."""
    return pool.proxy.netloc if pool.proxy else None


def _read(proxy: str) -> tuple[str, dict[str, str]]:
    """Return the proxy's address, and apart from it what its user and password become.

    The address goes into exceptions, so it must not have them.
    """
    try:
        # Like curl, urllib and botocore take a bare HOST:PORT too.
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = parts.hostname or "", parts.port
        # A bare "/", "?" or "#" in a password ends the host early: the user would pass for it.
        is_whole = parts.path in ("", "/") and "?" not in proxy and "#" not in proxy
    except ValueError:
        is_whole = False
    if not is_whole or not HOST.fullmatch(host) or parts.scheme not in ("http", "https"):
        raise BadEnvironment(
            "In the environment of the function, set HTTPS_PROXY to http://HOST:PORT or "
            "https://HOST:PORT of the proxy (a user and a password before the host must be "
            "percent-encoded), or name the host of ENDPOINT_URL in NO_PROXY"
        )
    named = f"[{host}]" if ":" in host else host
    address = f"{parts.scheme}://{named}" + (f":{port}" if port else "")
    if parts.username is None:
        return address, {}
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return address, {"proxy-authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}


def _keep_alive() -> list[tuple[int, int, int]]:
    """An answer may take minutes, with nothing on the wire; gateways cut that off.

    A NAT gateway of AWS forgets a connection after 350 s without a packet, and does not say so.
    """
    options = [*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):  # the programs also run elsewhere than on Linux
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options
