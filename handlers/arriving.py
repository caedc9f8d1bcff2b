"""Finds out, while bytes arrive, when an HTTP/1.1 request is whole.

It judges framing only (RFC 9112, https://www.rfc-editor.org/rfc/rfc9112), and answers nothing:
gunicorn's parser reads the request afterwards and refuses what is malformed. Each byte is looked
at a bounded number of times, however small the pieces are in which it arrives.
"""

import re
from collections.abc import Callable
from enum import Enum

LINE_BYTES = 4094
"""Of the request line: gunicorn's `limit_request_line`."""
HEAD_BYTES = 32 * 1024
"""Of a head with the empty line behind it."""
BODY_BYTES = 64 * 1024 + 1
"""One more than a message may have, so that the app sees that it is too large."""
CHUNKS_BYTES = 128 * 1024
"""Of a chunked body with its framing: chunks of a few bytes are mostly framing."""
_READ_AHEAD = 8 * 1024
"""gunicorn reads up to 1 KiB more of a chunked body than the app asks for."""
_CHUNK_LINE_BYTES = 8190
"""Of a chunk's size and extensions: gunicorn's `limit_request_field_size`."""

_LINE_END, _HEAD_END = b"\r\n", b"\r\n\r\n"
_REQUEST_LINE = rb"[!$%&'*+\-.^_`|~0-9A-Z]{3,20} [\x21-\x7e]+ HTTP/1\.\d"
_FIELD = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n"
_LINE = re.compile(_REQUEST_LINE)
_HEAD = re.compile(rb"%b\r\n(?:%b)*\r\n" % (_REQUEST_LINE, _FIELD))
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding|expect):([^\r]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,4000}")
_CODINGS = {b"chunked", b"identity", b"compress", b"deflate", b"gzip"}


class Verdict(Enum):
    """What is known of a request."""

    PART = "part"
    """More must arrive."""
    WHOLE = "whole"
    """gunicorn's parser needs no further byte, and takes exactly `Arriving.length`."""
    REFUSED = "refused"
    """Malformed or too large, whatever else arrives: to be answered without waiting for more."""


_Step = Callable[[bytearray], Verdict | None]


class Arriving:
    """One request; look() is called with all bytes since its first one."""

    def __init__(self) -> None:
        self.length = 0
        """Of the request in bytes, once it is whole."""
        self.expects_continue = False
        """The head is complete, and the client waits for `100 Continue` before its body."""
        self._step: _Step = self._head
        self._start = 0
        """Of the request line: gunicorn skips one empty line before it."""
        self._searched = 0
        """Where the search for the end of a line, or of the head, continues."""
        self._line_is_read = False
        self._body = 0
        """Where the body begins."""
        self._next = 0
        """Where a chunk's size, a chunk's bytes or the trailers begin."""
        self._size = 0
        """Of the chunk at `_next`."""
        self._decoded = 0
        """Bytes in the chunks before."""

    @property
    def has_head(self) -> bool:
        """Whether the head is complete."""
        return self._body > 0

    def look(self, data: bytearray) -> Verdict:
        """Judge what has arrived by now."""
        while (verdict := self._step(data)) is None:
            pass
        return verdict

    def _head(self, data: bytearray) -> Verdict | None:
        if not self._start and data.startswith(_LINE_END):
            self._start = self._searched = 2
        if data.startswith(_LINE_END, self._start):
            return Verdict.REFUSED  # a second empty line
        end = data.find(_HEAD_END, self._searched)
        if end < 0:
            return self._part_of_head(data)
        if end + len(_HEAD_END) > HEAD_BYTES:  # however it was cut into pieces on its way
            return Verdict.REFUSED
        self._body = self._next = self._searched = end + len(_HEAD_END)
        head = bytes(data[self._start : self._body])
        line = head.find(_LINE_END)
        if line > LINE_BYTES or not _HEAD.fullmatch(head):
            return Verdict.REFUSED
        self._step = self._framed(head, line)
        return None

    def _part_of_head(self, data: bytearray) -> Verdict:
        if len(data) > HEAD_BYTES or _bare_newline(data, self._searched, len(data)):
            return Verdict.REFUSED
        if not self._line_is_read:
            line = data.find(_LINE_END, max(self._start, self._searched - 1))
            self._line_is_read = line >= 0
            if (line if line >= 0 else len(data) - 2) - self._start > LINE_BYTES:
                return Verdict.REFUSED
            if line >= 0 and not _LINE.fullmatch(data, self._start, line):
                return Verdict.REFUSED
        self._searched = max(self._start, len(data) - 3)
        return Verdict.PART

    def _framed(self, head: bytes, line: int) -> _Step:
        """Return how the body is read, as RFC 9112 section 6.3 decides."""
        fields: dict[bytes, list[bytes]] = {}
        for name, value in _FRAMING.findall(head, line):
            fields.setdefault(name.lower(), []).append(value.strip(b" \t"))
        modern = not head.startswith(b"0", line - 1)  # HTTP/1.0 has neither chunks nor 100
        if expects := fields.get(b"expect"):
            if any(value.lower() != b"100-continue" for value in expects):
                return _refused
            self.expects_continue = modern
        lengths = fields.get(b"content-length", [])
        if b"transfer-encoding" in fields:
            codings = b",".join(fields[b"transfer-encoding"]).lower().split(b",")
            return self._chunk_line if modern and not lengths and _chunked(codings) else _refused
        if len(lengths) > 1 or any(not _LENGTH.fullmatch(length) for length in lengths):
            return _refused
        size = int(lengths[0]) if lengths else 0
        self.length = self._body + size
        return self._sized if size <= BODY_BYTES else _refused

    def _sized(self, data: bytearray) -> Verdict:
        return Verdict.WHOLE if len(data) >= self.length else Verdict.PART

    def _chunk_line(self, data: bytearray) -> Verdict | None:
        end = data.find(_LINE_END, max(self._next, self._searched - 1))
        if end < 0:
            self._searched = len(data)
            if len(data) - self._next > _CHUNK_LINE_BYTES:
                return Verdict.REFUSED
            return self._within(data, len(data))
        size = _chunk_size(bytes(data[self._next : end]))
        if size is None:
            return Verdict.REFUSED
        self._next = self._searched = end + 2
        self._size = size
        self._step = self._chunk if size else self._trailers
        return None

    def _chunk(self, data: bytearray) -> Verdict | None:
        end = self._next + self._size
        if len(data) < end + 2:
            return self._within(data, self._next)
        if not data.startswith(_LINE_END, end):
            return Verdict.REFUSED
        self._decoded += self._size
        self._next = self._searched = end + 2
        self._step = self._chunk_line
        return None

    def _within(self, data: bytearray, begin: int) -> Verdict:
        """Refuse a chunked body once more of it has arrived than the app reads.

        `begin` is where the bytes of the chunk begin that is not complete.
        """
        decoded = self._decoded + len(data) - begin
        too_much = decoded > BODY_BYTES + _READ_AHEAD or len(data) - self._body > CHUNKS_BYTES
        return Verdict.REFUSED if too_much else Verdict.PART

    def _trailers(self, data: bytearray) -> Verdict:
        if data.startswith(_LINE_END, self._next):
            self.length = self._next + 2
            return Verdict.WHOLE
        end = data.find(_HEAD_END, self._searched)
        self.length = end + len(_HEAD_END) if end >= 0 else len(data)
        if self.length - self._body > CHUNKS_BYTES:
            return Verdict.REFUSED
        if _bare_newline(data, self._searched, self.length):
            return Verdict.REFUSED
        if end >= 0:
            return Verdict.WHOLE
        self._searched = max(self._next, len(data) - 3)
        return Verdict.PART


def _bare_newline(data: bytearray, begin: int, end: int) -> bool:
    """Whether a line there ends without CR: for gunicorn such a head never ends."""
    return data.count(b"\n", begin, end) != data.count(b"\r\n", max(0, begin - 1), end)


def _chunked(codings: list[bytes]) -> bool:
    """Whether `chunked` is the last of these codings, and only the last."""
    names = [coding.strip(b" \t") for coding in codings]
    return names[-1] == b"chunked" and names.count(b"chunked") == 1 and _CODINGS.issuperset(names)


def _chunk_size(line: bytes) -> int | None:
    size, extended, _ = line.partition(b";")
    if extended:
        size = size.rstrip(b" \t")
    if not size or size.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(size, 16)


def _refused(_: bytearray) -> Verdict:
    return Verdict.REFUSED
