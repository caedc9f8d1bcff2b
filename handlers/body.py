"""A request's JSON body, read strictly: one meaning for one sequence of bytes."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from handlers.errors import RequestRefused

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
_MAX_INTEGER = 2**53


@dataclass(frozen=True)
class MessageBody:
    """A message's fields, and whether to compare only: https://google.aip.dev/163"""

    fields: Mapping[str, object]
    validate_only: bool = False


def read_message_body(request: Request) -> MessageBody:
    """Return what is in `inputMessage`, or in the bare object that an older spec allows.

    Raises:
        RequestRefused
    """
    body = _read_json(request)
    fields = body.get("inputMessage", body) if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(fields, dict):
        raise _malformed('must be an object like {"inputMessage": {...}}')
    if "validateOnly" in fields:
        # Ignored like other unknown fields, it would land what was only to be looked at.
        raise _malformed("has validateOnly in the message; it belongs beside inputMessage")
    validate_only = body.get("validateOnly", False)
    if not isinstance(validate_only, bool):
        raise _malformed("has a validateOnly that is neither true nor false")
    return MessageBody(fields, validate_only)


def read_object_body(request: Request) -> Mapping[str, object]:
    """Return the body's fields.

    Raises:
        RequestRefused
    """
    body = _read_json(request)
    if not isinstance(body, dict):
        raise _malformed('must be an object like {"bucket": "...", "key": "..."}')
    return body


def _read_json(request: Request) -> object:
    _check_type(request)
    return _parse(_read(request))


def _check_type(request: Request) -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in ("utf-8", "utf8"):
        raise RequestRefused("NOT_JSON", "Send Content-Type: application/json, in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestRefused("NOT_JSON", "Send the body without a Content-Encoding.")
    if request.headers.get("Transfer-Encoding", "chunked").lower() != "chunked":
        raise RequestRefused("NOT_JSON", "Send the body without a Transfer-Encoding but chunked.")


def _read(request: Request) -> bytes:
    try:
        data = request.get_data(cache=False)
    except HTTPException:
        raise
    except Exception:  # noqa: BLE001 - each server has its own names for a broken stream
        raise _malformed("is broken off, wrongly framed, or in chunks of a few bytes") from None
    if len(data) > MAX_BYTES:
        raise RequestEntityTooLarge
    if request.content_length not in (None, len(data)):
        raise _malformed("ended before its Content-Length")
    return data


def _parse(data: bytes) -> object:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("is not UTF-8") from None
    # Most have too few brackets to nest deeply, and counting them takes no time.
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise _malformed(f"is nested deeper than {MAX_DEPTH} levels")
    try:
        body: object = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_small,
        )
    except ValueError as error:
        why = "is not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
        raise _malformed(why) from None
    return body


def _depth(text: str) -> int:
    """How deep brackets nest outside strings, told before a parser could overflow."""
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("has one name twice in an object")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"holds {name}, which JSON does not have")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("holds a number that is too large")
    return value


def _small(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > _MAX_INTEGER:
        raise ValueError("holds a whole number over 2^53")
    return int(text)


def _malformed(why: str) -> RequestRefused:
    return RequestRefused("MALFORMED_BODY", f"The body {why}.")
