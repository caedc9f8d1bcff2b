"""One bucket of S3 that honours If-Match and Range, and breaks its answers on demand.

with ScriptedS3() as s3:
    s3.put("key", b"body")
    s3.faults = [cut(3), reset_after(2)]   # the first answers; all others are good
"""

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.servers.raw import RawServer, Script, answer, drip, reset, stall

Fault = Callable[[bytes, bytes], Script]
"""Makes the script from the good answer's head and body."""
PIECE = 64 * 1024


@dataclass(frozen=True)
class Held:
    """An object."""

    body: bytes
    etag: str
    headers: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What a GET wanted."""

    start: int
    if_match: str | None
    end: int | None = None
    """Of a range; None for all the rest."""


class ScriptedS3(RawServer):
    """Serves its objects under any bucket name, path-style."""

    def __init__(self) -> None:
        super().__init__([])
        self.objects: dict[str, Held] = {}
        self.faults: list[Fault] = []
        self.range_faults: dict[int, list[Fault]] = {}
        """Those of ranges that begin there, whenever they are asked for."""
        self.asked: list[Asked] = []
        self._script_lock = threading.Lock()

    def put(self, key: str, body: bytes, etag: str | None = None, **headers: str | None) -> str:
        """Return the ETag, by default what S3 gives to a plain upload."""
        etag = etag or hashlib.md5(body).hexdigest()
        self.objects[key] = Held(body, etag, headers)
        return etag

    def script_for(self, head: bytes, script: Script) -> Script:
        with self._script_lock:
            good_head, body = self._good(head.decode("latin-1"))
            asked = self.asked[-1]
            ranged = None if asked.end is None else self.range_faults.get(asked.start)
            faults = ranged or self.faults
            fault = faults.pop(0) if faults else None
        return [good_head, body] if fault is None else fault(good_head, body)

    def _good(self, head: str) -> tuple[bytes, bytes]:
        found = re.match(r"GET /[^/]+/([^? ]*)", head)
        held = self.objects.get(unquote(found[1])) if found else None
        start, _, last = (_header(head, "Range", r"bytes=(\d+-\d*)") or "").partition("-")
        end = int(last) + 1 if last else None
        asked = Asked(int(start or 0), _header(head, "If-Match", r'"(.*)"'), end)
        self.asked.append(asked)
        if held is None:
            return _split(error("404 Not Found", "NoSuchKey"))
        if asked.if_match not in (None, held.etag):
            return _split(error("412 Precondition Failed", "PreconditionFailed"))
        headers: dict[str, str | None] = {"ETag": f'"{held.etag}"', **held.headers}
        if not asked.start and asked.end is None:
            return _split(answer(held.body, "200 OK", **headers))
        part, size = held.body[asked.start : asked.end], len(held.body)
        last_byte = asked.start + len(part) - 1
        headers["Content-Range"] = f"bytes {asked.start}-{last_byte}/{size}"
        return _split(answer(part, "206 Partial Content", **headers))


def error(status: str, code: str, text: str = "words", **headers: str | None) -> bytes:
    """An answer of S3 other than success."""
    body = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>".encode()
    return answer(body, status, ETag=None, **headers)


def says(data: bytes) -> Fault:
    """These bytes instead of the good answer."""

    def fault(head: bytes, body: bytes) -> Script:
        return [data]

    return fault


def changed(**headers: str | None) -> Fault:
    """The good answer with headers replaced, or left out where they are None."""

    def fault(head: bytes, body: bytes) -> Script:
        lines = head.decode("latin-1").split("\r\n")[:-2]
        for name, value in headers.items():
            header = name.replace("_", "-")
            lines = [line for line in lines if not line.lower().startswith(f"{header.lower()}:")]
            lines += [] if value is None else [f"{header}: {value}"]
        return ["\r\n".join([*lines, "", ""]).encode("latin-1"), body]

    return fault


def cut(after: int) -> Fault:
    """The connection is closed after so many bytes of the body."""
    return lambda head, body: [head, body[:after]]


def reset_after(after: int) -> Fault:
    return lambda head, body: [head, body[:after], reset()]


def stalled(after: int) -> Fault:
    """Nothing more comes after so many bytes of the body."""
    return lambda head, body: [head, body[:after], stall()]


def dripping(after: int) -> Fault:
    """A byte now and then, each in time for a timeout per read."""
    return lambda head, body: [head, body[:after], drip(body[after:])]


def held(after: int, reached: threading.Event, release: threading.Event) -> Fault:
    """Stop after so many bytes until the test lets go."""

    def wait(_: object) -> None:
        reached.set()
        release.wait(20)

    return lambda head, body: [head, body[:after], wait, body[after:]]


def flipped(at: int) -> Fault:
    """One bit is wrong."""
    return lambda head, body: [head, body[:at], bytes([body[at] ^ 1]), body[at + 1 :]]


def with_surplus(data: bytes) -> Fault:
    """More comes than was announced."""
    return lambda head, body: [head, body, data]


def silent(head: bytes, body: bytes) -> Script:
    return [stall()]


def reset_at_once(head: bytes, body: bytes) -> Script:
    return [reset()]


def _header(head: str, name: str, pattern: str) -> str | None:
    found = re.search(rf"^{name}: {pattern}\r$", head, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else None


def _split(data: bytes) -> tuple[bytes, bytes]:
    head, end, body = data.partition(b"\r\n\r\n")
    return head + end, body
