"""The Lambda function: for each created object of the event, POST a message to Landfall.

No log and no exception text holds a presigned URL, its signature or the API key.
"""

import json
import logging
import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from forwarder.events import CreatedObject, created_objects
from forwarder.message import Message, ObjectGone, ReadRefused, message_about

LOG = logging.getLogger(__name__)

CONNECT_SECONDS = 5
READ_SECONDS_WITHOUT_CONTEXT = 630
# Kept back from the time of the invocation, to report what failed before Lambda ends it.
REPORT_SECONDS = 5
LONGEST_EXPIRY = 7 * 24 * 3600
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class BadEnvironment(Exception):
    """Environment variables are missing or wrong; the text names them, never their values."""


class NotForwarded(Exception):
    """Landfall did not take the message."""


class ForwardingFailed(Exception):
    """Objects of the event were not forwarded; Lambda sends the whole event again."""


@dataclass(frozen=True)
class Settings:
    endpoint_url: str
    api_key: str = field(repr=False)
    url_expires_seconds: int
    log_level: str


def lambda_handler(event: Any, context: object) -> None:
    """Forward every created object of the event; an exception means that it must come again."""
    objects = created_objects(event)
    if not objects:
        return
    settings = read_settings(os.environ)
    _set_log_levels(settings.log_level)
    # Not kept for the next invocation: a connection that breaks while Lambda is frozen would
    # go unnoticed until the read timeout.
    with urllib3.PoolManager() as http:
        results = [_forward(created, settings, http, context) for created in objects]
    failures = [failure for failure in results if failure]
    if failures:
        raise ForwardingFailed(
            f"{len(failures)} of {len(objects)} objects not forwarded: {'; '.join(failures)}"
        )


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings; raise `BadEnvironment` with all that is wrong with them at once."""
    url = environment.get("ENDPOINT_URL", "")
    key = environment.get("ENDPOINT_API_KEY", "")
    expires = environment.get("URL_EXPIRES_SECONDS") or "3600"
    level = (environment.get("LOG_LEVEL") or "INFO").upper()
    demands = {
        "ENDPOINT_URL to the https URL of Landfall's /processmessage, without user and query "
        "(plain http only for this machine)": _is_endpoint(url),
        "ENDPOINT_API_KEY to the API key for Landfall, printable ASCII without spaces or line "
        "ends": _is_one_word(key),
        f"URL_EXPIRES_SECONDS to a whole number from 1 to {LONGEST_EXPIRY}, or to nothing": (
            expires.isdecimal() and 1 <= int(expires) <= LONGEST_EXPIRY
        ),
        f"LOG_LEVEL to one of {', '.join(LOG_LEVELS)}, or to nothing": level in LOG_LEVELS,
    }
    unmet = [demand for demand, met in demands.items() if not met]
    if unmet:
        raise BadEnvironment(f"In the environment of the function, set {'; set '.join(unmet)}")
    return Settings(url, key, int(expires), level)


def _is_one_word(value: str) -> bool:
    """Tell printable ASCII from values that were pasted with a space or a line end."""
    return value != "" and value.isascii() and value.isprintable() and " " not in value


def _is_endpoint(url: str) -> bool:
    try:
        parts = urlsplit(url)
        complete = _is_one_word(url) and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number, or the brackets of an IPv6 address do not close
        return False
    # A query or a user would show in the exceptions of urllib3.
    if not complete or parts.query or parts.fragment or "@" in parts.netloc:
        return False
    this_machine = parts.hostname in ("127.0.0.1", "::1", "localhost")
    return parts.scheme == "https" or (parts.scheme == "http" and this_machine)


def _set_log_levels(level: str) -> None:
    logging.getLogger("forwarder").setLevel(level)
    # At DEBUG botocore logs signatures and session tokens, whoever asked for that level.
    logging.getLogger("botocore").setLevel(logging.INFO)


def _forward(
    created: CreatedObject, settings: Settings, http: urllib3.PoolManager, context: object
) -> str | None:
    """Forward one object; return what failed, if anything: it must not stop the others."""
    try:
        message = message_about(created, settings.url_expires_seconds)
        LOG.info("%s: %s", created, _post(message, settings, http, context))
        return None
    except ObjectGone:
        LOG.warning("%s: not forwarded, deleted in the meantime", created)
        return None
    except (ReadRefused, NotForwarded) as error:
        failure = f"{created}: {error}"
    except (ClientError, BotoCoreError, HTTPError) as error:
        failure = f"{created}: {type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - no failure may stop the others
        failure = f"{created}: unexpected {type(error).__name__}"
        # The text of an unknown error may hold anything: log where it was raised, not what it says.
        LOG.error("%s", "".join(traceback.format_tb(error.__traceback__)))
    LOG.error("%s", failure)
    return failure


def _post(message: Message, settings: Settings, http: urllib3.PoolManager, context: object) -> str:
    """Send the message; return the status that Landfall gives it."""
    response = http.request(
        "POST",
        settings.endpoint_url,
        body=json.dumps({"inputMessage": message}).encode(),
        headers={"Content-Type": "application/json", "x-api-key": settings.api_key},
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=_read_seconds(context)),
        # Lambda repeats the event, with a fresh URL; a redirect would carry the key elsewhere.
        retries=False,
        redirect=False,
    )
    answer = _json(response.data)
    if 200 <= response.status < 300:
        return str(_at(answer, "status") or f"HTTP {response.status} without a status")
    reason = _at(answer, "error", "details", 0, "reason") or "no reason given"
    raise NotForwarded(f"Landfall answered HTTP {response.status}, {reason}")


def _read_seconds(context: object) -> float:
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is None:
        return READ_SECONDS_WITHOUT_CONTEXT
    seconds: float = remaining() / 1000 - REPORT_SECONDS
    if seconds <= 0:
        raise NotForwarded("no time left in this invocation: raise the timeout of the function")
    return seconds


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _at(value: Any, *path: str | int) -> Any:
    """Return what is at the path in parsed JSON, None if the JSON is of another shape."""
    try:
        for step in path:
            value = value[step]
    except (IndexError, KeyError, TypeError):
        return None
    return value
