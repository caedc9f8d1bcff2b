"""The environment of the function, checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from forwarder.api_key import is_one_word

LONGEST_EXPIRY = 7 * 24 * 3600
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
BOOLEANS = {"": False, "false": False, "true": True}


class BadEnvironment(Exception):
    """Environment variables are missing or wrong; the text names them, never their values."""


@dataclass(frozen=True)
class Settings:
    endpoint_url: str
    api_key: str = field(repr=False)
    """Empty if `api_key_secret` is set."""
    api_key_secret: str
    url_expires_seconds: int
    pin_versions: bool
    log_level: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings; raise `BadEnvironment` with all that is wrong with them at once."""
    url = environment.get("ENDPOINT_URL", "")
    key = environment.get("ENDPOINT_API_KEY", "")
    secret = environment.get("ENDPOINT_API_KEY_SECRET", "")
    expires = environment.get("URL_EXPIRES_SECONDS") or "3600"
    pin = environment.get("PIN_VERSIONS", "").lower()
    level = (environment.get("LOG_LEVEL") or "INFO").upper()
    demands = {
        "ENDPOINT_URL to the https URL of Landfall's /processmessage, without user and query "
        "(plain http only for this machine)": _is_endpoint(url),
        "ENDPOINT_API_KEY to the API key for Landfall, printable ASCII without spaces or line "
        "ends, or ENDPOINT_API_KEY_SECRET to the ARN of its secret, and not both": (
            is_one_word(key or secret) and not (key and secret)
        ),
        f"URL_EXPIRES_SECONDS to a whole number from 1 to {LONGEST_EXPIRY}, or to nothing": (
            expires.isdecimal() and 1 <= int(expires) <= LONGEST_EXPIRY
        ),
        "PIN_VERSIONS to true or false, or to nothing": pin in BOOLEANS,
        f"LOG_LEVEL to one of {', '.join(LOG_LEVELS)}, or to nothing": level in LOG_LEVELS,
    }
    unmet = [demand for demand, met in demands.items() if not met]
    if unmet:
        raise BadEnvironment(f"In the environment of the function, set {'; set '.join(unmet)}")
    return Settings(url, key, secret, int(expires), BOOLEANS[pin], level)


def _is_endpoint(url: str) -> bool:
    try:
        parts = urlsplit(url)
        complete = is_one_word(url) and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number, or the brackets of an IPv6 address do not close
        return False
    # A query or a user would show in the exceptions of urllib3.
    if not complete or parts.query or parts.fragment or "@" in parts.netloc:
        return False
    this_machine = parts.hostname in ("127.0.0.1", "::1", "localhost")
    return parts.scheme == "https" or (parts.scheme == "http" and this_machine)
