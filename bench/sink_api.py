"""Cloud Storage's JSON API, as far as uploads need it, over objects without bytes.

https://cloud.google.com/storage/docs/json_api/v1
"""

import base64
import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import google_crc32c

CREATED = "2026-01-01T00:00:00.000000Z"
_OBJECT = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)(?P<verb>/compose)?")
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


@dataclass
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class _Session:
    """A resumable upload under way."""

    resource: dict[str, Any]
    query: dict[str, str]
    received: int = 0
    crc: int = 0


class Api:
    """One bucket of any name. Threads share it: each deed is one step of a dict."""

    def __init__(self, url: str, hashing: bool) -> None:
        self._url = url
        self._hashing = hashing
        self._objects: dict[str, dict[str, Any]] = {}
        self._sessions: dict[str, _Session] = {}
        self._numbers = itertools.count(1)

    def discards(self, method: str, target: str) -> bool:
        """Whether the body of such a request is bytes of an object, and nothing else."""
        session = "upload_id=" in target and method in ("PUT", "POST")
        return session or target.startswith("/raw")

    def answer_bytes(self, target: str, headers: dict[str, str], size: int, crc: int) -> Answer:
        """Answer a request whose body was taken already."""
        if target.startswith("/raw"):
            return Answer(200)
        number = target.rsplit("upload_id=", 1)[1].split("&", 1)[0]
        session = self._sessions.get(number)
        span = _RANGE.fullmatch(headers.get("content-range", ""))
        if session is None or span is None:
            return Answer(404)
        if size:
            session.received += size
            session.crc = google_crc32c_combine(session.crc, crc, size) if self._hashing else 0
        if span[3] == "*" or session.received < int(span[3]):
            seen = {"Range": f"bytes=0-{session.received - 1}"} if session.received else {}
            if "x-guploader-no-308" in headers:  # Google's Go library, which rclone uses
                return Answer(200, headers={**seen, "X-HTTP-Status-Code-Override": "308"})
            return Answer(308, headers=seen)
        del self._sessions[number]
        found = re.search(r"crc32c=([^,]+)", headers.get("x-goog-hash", ""))
        told = found[1] if found else session.resource.get("crc32c")
        if self._hashing and told not in (None, _base64(session.crc)):
            return Answer(400, b"checksum refused")
        crc32c = told or _base64(session.crc)
        return self._create(session.resource, session.query, session.received, crc32c)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        path, _, text = target.partition("?")
        query = {name: values[0] for name, values in parse_qs(text).items()}
        if path.startswith(("/upload/", "/resumable/upload/")):  # the latter is gcloud's
            return self._upload(headers, query, body) if method == "POST" else Answer(499)
        if path.endswith("/iam/testPermissions"):
            return _json({"permissions": parse_qs(text).get("permissions", [])})
        if path.endswith("/o"):
            prefix = query.get("prefix", "")
            there = list(self._objects.values())
            return _json({"items": [one for one in there if one["name"].startswith(prefix)]})
        found = _OBJECT.fullmatch(path)
        if found is None:
            return _json({"kind": "storage#bucket", "name": "landing"})
        name = unquote(found["name"])
        if found["verb"]:
            return self._compose(name, query, json.loads(body))
        return self._object(method, name, query, body)

    def _object(self, method: str, name: str, query: dict[str, str], body: bytes) -> Answer:
        there = self._objects.get(name)
        if there is None:
            return _json({"error": {"code": 404, "message": "No such object"}}, 404)
        if method == "DELETE":
            del self._objects[name]
            return Answer(204)
        if method == "PATCH":
            if self._precondition_fails(name, query):
                return _json({"error": {"code": 412, "message": "conditionNotMet"}}, 412)
            changed = json.loads(body).get("metadata", {})
            number = str(int(there["metageneration"]) + 1)
            metadata = {**there.get("metadata", {}), **changed}
            there = {**there, "metadata": metadata, "metageneration": number}
            self._objects[name] = there
        return _json(there)

    def _upload(self, headers: dict[str, str], query: dict[str, str], body: bytes) -> Answer:
        if query.get("uploadType") == "resumable":
            resource = json.loads(body)
            resource.setdefault("name", query.get("name"))
            resource.setdefault("contentType", headers.get("x-upload-content-type"))
            number = str(next(self._numbers))
            self._sessions[number] = _Session(resource, query)
            url = f"{self._url}/upload/storage/v1/b/landing/o?uploadType=resumable&upload_id="
            return Answer(200, headers={"Location": url + number})
        resource, data = _parts(headers["content-type"], body)
        crc32c = _base64(google_crc32c.value(data))
        if resource.get("crc32c") not in (None, crc32c):
            return Answer(400, b"checksum refused")
        return self._create(resource, query, len(data), crc32c)

    def _compose(self, name: str, query: dict[str, str], asked: dict[str, Any]) -> Answer:
        size = crc = 0
        for source in asked["sourceObjects"]:
            part = self._objects[source["name"]]
            number = int.from_bytes(base64.b64decode(part["crc32c"]), "big")
            crc = google_crc32c_combine(crc, number, int(part["size"]))
            size += int(part["size"])
        resource = {**asked.get("destination", {}), "name": name}
        return self._create(resource, query, size, _base64(crc))

    def _create(
        self, resource: dict[str, Any], query: dict[str, str], size: int, crc32c: str
    ) -> Answer:
        name = resource["name"]
        if self._precondition_fails(name, query):
            return _json({"error": {"code": 412, "message": "conditionNotMet"}}, 412)
        facts = {"generation": str(next(self._numbers)), "metageneration": "1", "bucket": "landing"}
        times = {"timeCreated": CREATED, "updated": CREATED, "kind": "storage#object"}
        there = {**resource, **facts, **times, "size": str(size), "crc32c": crc32c}
        self._objects[name] = there
        return _json(there)

    def _precondition_fails(self, name: str, query: dict[str, str]) -> bool:
        there = self._objects.get(name, {"generation": "0", "metageneration": "0"})
        wanted = {
            "generation": query.get("ifGenerationMatch"),
            "metageneration": query.get("ifMetagenerationMatch"),
        }
        return any(value is not None and there[field] != value for field, value in wanted.items())


def google_crc32c_combine(first: int, second: int, size: int) -> int:
    """The CRC32C of two runs of bytes, the second of which has this size."""
    from awscrt.checksums import combine_crc32c

    combined: int = combine_crc32c(first, second, size)
    return combined


def _parts(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """The two parts of a multipart/related body: the resource, and the bytes."""
    boundary = _BOUNDARY.search(content_type)
    assert boundary is not None, "multipart without a boundary"  # noqa: S101 - a bug of the bench
    _, first, second, _ = body.split(b"--" + boundary[1].encode(), 3)
    resource: dict[str, Any] = json.loads(first.split(b"\r\n\r\n", 1)[1])
    return resource, second.split(b"\r\n\r\n", 1)[1][:-2]


def _json(value: dict[str, Any], status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _base64(crc: int) -> str:
    return base64.b64encode(crc.to_bytes(4, "big")).decode()
