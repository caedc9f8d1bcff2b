"""On which address the service listens."""

import re
from collections.abc import Mapping
from ipaddress import ip_address

LOOPBACK, ALL_ADDRESSES = "127.0.0.1", "0.0.0.0"  # noqa: S104 # nosec B104

_PLATFORM = re.compile("K_SERVICE$|GAE_")
"""What Cloud Run and App Engine set.
https://cloud.google.com/run/docs/container-contract#services-env-vars,
https://cloud.google.com/appengine/docs/flexible/python/runtime#environment_variables"""


def default_host(environment: Mapping[str, str]) -> str:
    """Listen to other machines only where a platform puts its own front end before the service.

    https://cloud.google.com/run/docs/container-contract#port asks for 0.0.0.0. Elsewhere a default
    that anybody reaches is how databases were lost:
    https://redis.io/docs/latest/operate/oss_and_stack/management/security/
    """
    return ALL_ADDRESSES if any(map(_PLATFORM.match, environment)) else LOOPBACK


def parse_host(text: str) -> str:
    """Return the address that HOST means; raise ValueError, with words for the operator."""
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if host == "localhost":
        return LOOPBACK
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if address is None or "%" in host or address.is_multicast:
        raise ValueError(
            f"it must be an IP address of this machine: {LOOPBACK} for itself alone, "
            f"{ALL_ADDRESSES} or :: for all its networks (some shells set HOST to a name)"
        )
    return str(address)


def socket_address(host: str, port: int) -> str:
    """Return it as gunicorn writes it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
