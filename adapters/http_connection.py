"""HTTP over one connection: heads are sent in one piece and read strictly.

Bodies are read by the standard library's client. Its way with heads is meant for mail: it takes
twice the time, and lets pass what cannot tell one answer's end from the next one's beginning.
https://www.rfc-editor.org/rfc/rfc9112
"""

import re
import select
import socket
import ssl
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse, NotConnected, RemoteDisconnected
from typing import BinaryIO, cast

from adapters.small_pieces import Gathered

MAX_LINE_BYTES = 64 * 1024
MAX_LINES = 1200
"""Of a head. S3's 2 KB of user metadata can be some 1,050 entries; its other headers are about 40.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata"""
MAX_HEAD_BYTES = 128 * 1024
"""Of all lines before a body, or after one. Those entries, encoded, take up to half of it. What is
before a body counts as one, however many interim answers there are: without a bound, they keep a
client busy for as long as they come. https://github.com/python/cpython/issues/88188"""
FREE_FRAMING_BYTES = 16 * 1024
BYTES_PER_FRAMING_BYTE = 16
"""Around chunks there may be FREE_FRAMING_BYTES, and one more for so many bytes of the body. HTTP
allows any number around each byte: https://github.com/golang/vulndb/issues/2382"""
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?\r?\n")
# Space around a value is cut off by other means: within a pattern, a long run of it that ends
# otherwise is tried from each of its bytes anew, for hours, while no other thread can run.
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)\r?\n")
# What users call their metadata is theirs: some S3-compatible servers send it as it was given.
# Nothing that frames the body begins like this.
_USER_FIELD = re.compile(rb"((?i:x-amz-meta-)[^:\r\n\0]*):([^\r\n]*)\r?\n")
_MORE = re.compile(rb"[ \t]([^\r\n\0]*)\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LENGTH = re.compile(r"\d{1,18}")
_SENT = re.compile(r"[ -~]*")
_HOST = re.compile(r"(?P<name>[0-9A-Za-z._-]{1,253})(?::(?P<port>[1-9]\d{0,4}))?", re.ASCII)
_IPV6 = re.compile(r"\[(?P<name>[0-9A-Fa-f:.]{2,45})\](?::(?P<port>[1-9]\d{0,4}))?", re.ASCII)
_NO_BODY = frozenset({204, 304})


class HeadTooLarge(HTTPException):
    """A head is over a bound, as it would be again. The text says which, and nothing of it."""


class Response(HTTPResponse):
    """An answer, not to HEAD, that can be read in one way only; else HTTPException.

    One that tells neither a length nor chunks ends with its connection, so a cut of it is not seen.
    """

    fields: Mapping[str, str]
    """Headers by name, in lower case; equal ones joined by a comma.

    Read as Latin-1: names in ASCII, but for `x-amz-meta-*`, which may hold any character.
    """

    def __init__(self, wire: socket.socket, *, gathers: bool = False) -> None:
        """With `gathers`, a peer that sends small pieces is read in larger ones."""
        super().__init__(cast("socket.socket", Gathered(wire)) if gathers else wire)
        self._framing_left = FREE_FRAMING_BYTES

    def begin(self) -> None:
        status, head = 100, _Lines(self.fp)
        while status < 200:  # the final answer is still to come
            version, status = _status_of(head.next())
            fields = _fields_of(head)
        self.code = self.status = status
        self.version = 11 if version == b"1" else 10
        self.fields = fields
        self.chunked = self._is_chunked(fields) and status not in _NO_BODY
        self.chunk_left = None
        self.length = self._length(status, fields)
        says = fields.get("connection", "").lower()
        stays = "close" not in says if self.version == 11 else "keep-alive" in says
        self.will_close = not stays or not (self.chunked or self.length is not None)

    def _is_chunked(self, fields: Mapping[str, str]) -> bool:
        coding = fields.get("transfer-encoding")
        if coding is None:
            return False
        if coding.lower() != "chunked" or "content-length" in fields or self.version == 10:
            raise HTTPException("The answer does not tell where its body ends.")
        return True

    def _length(self, status: int, fields: Mapping[str, str]) -> int | None:
        if status in _NO_BODY:
            return 0
        length = fields.get("content-length")
        if length is None:
            return None
        if not _LENGTH.fullmatch(length):
            raise HTTPException("The answer does not tell where its body ends.")
        return int(length)

    def _get_chunk_left(self) -> int | None:
        """Return what is left of this chunk or the next, or None after the last one.

        All reading of chunks asks here. The library's own takes the 0 of a size that is cut for
        the last one, reads to the end of the connection for -1, and skips what follows a chunk.
        """
        if not self.chunk_left:
            if self.chunk_left is not None and self.fp.read(2) != b"\r\n":
                raise HTTPException("The answer has a chunk that does not end where it should.")
            line = _Lines(self.fp).next()
            found = _CHUNK.fullmatch(line)
            if found is None:
                raise HTTPException("The answer has a chunk without a proper size.")
            size = int(found[1], 16)
            self._framing_left += size // BYTES_PER_FRAMING_BYTE - len(line) - 2
            if self._framing_left < 0:
                raise HTTPException("The answer has too little in its chunks for their number.")
            self.chunk_left = size or None
            if self.chunk_left is None:
                _fields_of(_Lines(self.fp))  # the trailer, of which nothing is used
                self.close()
        return self.chunk_left


class Connection:
    """One connection, over TLS if a context is given, for one request after the other."""

    gathers = False
    """Whether its peer may be anybody, and so may send a byte at a time."""

    def __init__(self, host: str, seconds: float, tls: ssl.SSLContext | None = None) -> None:
        """`host` may end with a port; `seconds` are for connecting.

        Raises:
            HTTPException: It is no host.
        """
        found = _HOST.fullmatch(host) or _IPV6.fullmatch(host)
        if found is None:
            raise HTTPException("A host is a name or an address, and perhaps a port.")
        default = 443 if tls else 80
        self.host, self.port = found["name"], int(found["port"] or default)
        self._name = host.removesuffix(f":{default}")
        self._seconds = seconds
        self._tls = tls
        self._wire: socket.socket | None = None
        self._answer: Response | None = None

    def connect(self) -> None:
        try:
            wire = socket.create_connection((self.host, self.port), self._seconds)
        except UnicodeError:  # of a name with an empty label, or too long a one
            raise HTTPException("A host is a name or an address, and perhaps a port.") from None
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.use(wire)

    def use(self, wire: socket.socket) -> None:
        """Take a TCP connection that is open, and begin TLS on it if that is to be."""
        self._wire = wire
        if self._tls is None:
            return
        wire.settimeout(self._seconds)
        try:
            self._wire = self._tls.wrap_socket(wire, server_hostname=self.host)
        except BaseException:
            wire.close()
            raise

    @property
    def wire(self) -> socket.socket:
        """Raise NotConnected if there is none."""
        if self._wire is None:
            raise NotConnected
        return self._wire

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing came since the last answer: neither an end nor more."""
        wire = self._wire
        if wire is None or (isinstance(wire, ssl.SSLSocket) and wire.pending()):
            return False
        look = select.poll()
        look.register(wire, select.POLLIN)
        return not look.poll(0)

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Send a head, and with it a body that is given here: in one piece, not in two.

        Raises:
            HTTPException: It holds what no head may, and nothing was sent.
            OSError
        """
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._name}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if " " in target or not _SENT.fullmatch("".join(lines)):
            raise HTTPException("The request has a header that HTTP does not allow.")
        self.send("\r\n".join((*lines, "", "")).encode() + body)

    def send(self, data: bytes) -> None:
        self.wire.sendall(data)

    def answer(self) -> Response:
        """Wait for the head of the answer.

        Raises:
            HTTPException, OSError
        """
        self._answer = answer = Response(self.wire, gathers=self.gathers)
        answer.begin()
        return answer

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()  # or it would keep the socket open
        if self._wire is not None:
            self._wire.close()
        self._answer = self._wire = None


class _Lines:
    """The lines of one head, within its bounds."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._bytes_left = MAX_HEAD_BYTES

    def next(self) -> bytes:
        line = self._stream.readline(MAX_LINE_BYTES + 1)
        if not line:
            raise RemoteDisconnected("The connection ended before the answer did.")
        if len(line) > MAX_LINE_BYTES:
            raise HeadTooLarge(f"The answer has a line of more than {MAX_LINE_BYTES} bytes.")
        self._bytes_left -= len(line)
        if self._bytes_left < 0:
            raise HeadTooLarge(f"The answer has more than {MAX_HEAD_BYTES} bytes of headers.")
        return line


def _status_of(line: bytes) -> tuple[bytes, int]:
    found = _STATUS.fullmatch(line)
    if found is None:
        raise HTTPException("The answer's first line is not a status line of HTTP.")
    return found[1], int(found[2])


def _fields_of(lines: _Lines) -> dict[str, str]:
    """Collected in pieces: joining at each line would copy what came before every time."""
    fields: dict[str, list[str]] = {}
    name = ""
    for _ in range(MAX_LINES):
        line = lines.next()
        if line in (b"\r\n", b"\n"):
            return {name: "".join(pieces) for name, pieces in fields.items()}
        found = _FIELD.fullmatch(line) or _USER_FIELD.fullmatch(line)
        if found is not None:
            name, value = found[1].lower().decode("latin-1"), _text(found[2])
            pieces = fields.setdefault(name, [])
            pieces += [", ", value] if pieces else [value]
            continue
        more = _MORE.fullmatch(line)
        if more is None or not name:
            raise HTTPException("The answer has a header that HTTP does not allow.")
        fields[name] += [" ", _text(more[1])]
    raise HeadTooLarge(f"The answer has more than {MAX_LINES} headers.")


def _text(value: bytes) -> str:
    return value.strip(b" \t").decode("latin-1")
