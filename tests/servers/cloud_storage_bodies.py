"""What requests to the stand-in for Cloud Storage say, and how they say it."""

import json
from collections.abc import Mapping
from email.message import Message
from typing import Any

from tests.servers.cloud_storage_faults import Body
from tests.servers.cloud_storage_objects import Content
from tests.servers.cloud_storage_rules import check_name, check_types
from tests.servers.cloud_storage_sessions import STEP

Json = dict[str, Any]


def read_json(body: Body) -> Json:
    return _json(body.read(body.left))


def object_name(query: Mapping[str, str], fields: Json) -> str:
    name = str(query.get("name") or fields.get("name") or "")
    check_name(name)
    return name


def stated_hashes(headers: Message) -> dict[str, str]:
    """`x-goog-hash: crc32c=...,md5=...`, under the names that object resources use."""
    stated = ",".join(headers.get_all("x-goog-hash", [])).split(",")
    pairs = dict(one.strip().partition("=")[::2] for one in stated)
    names = {"crc32c": "crc32c", "md5": "md5Hash"}
    return {names[key]: value for key, value in pairs.items() if key in names}


def with_type(fields: Json, content_type: str | None) -> Json:
    """Add the type that stands outside of the resource, which may not differ from its own."""
    check_types(content_type, fields.get("contentType"))
    return fields if content_type is None else {**fields, "contentType": content_type}


def read_related(body: Body, headers: Message, content: Content) -> Json:
    """Read JSON and bytes, each a part of the body; the bytes go to the content."""
    boundary = _boundary(headers)
    closing = b"\r\n--" + boundary + b"--"
    _read_until(body, b"--" + boundary)
    _read_until(body, b"")
    fields = _json(_read_until(body, b"--" + boundary))
    for line in _read_until(body, b"").splitlines():
        name, _, value = line.decode().partition(":")
        if name.lower() == "content-type":
            fields = with_type(fields, value.strip())
    end_size = len(closing) + len(b"\r\n")
    while body.left > end_size:
        content.append(body.read(min(STEP, body.left - end_size)))
    last, closed, _ = body.read(body.left).partition(closing)
    if not closed:
        raise ValueError("the body does not end with its boundary")
    content.append(last)
    return fields


def _json(body: bytes) -> Json:
    parsed = json.loads(body or b"{}")
    if not isinstance(parsed, dict):
        raise ValueError("not a JSON object")
    return parsed


def _boundary(headers: Message) -> bytes:
    boundary = headers.get_boundary()
    if headers.get_content_type() != "multipart/related" or not boundary:
        raise ValueError("the body is not multipart/related")
    return boundary.encode()


def _read_until(body: Body, end: bytes) -> bytes:
    lines: list[bytes] = []
    while not lines or lines[-1].strip() != end:
        lines.append(body.readline())
    return b"".join(lines[:-1])
