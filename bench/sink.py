"""A sink that speaks Cloud Storage's protocol and throws bytes away: it costs little itself.

    python -m bench.sink --port 4443 [--tls FILE] [--hash]

Bodies are discarded inside the kernel, or, with --hash, read and checked against the
checksum that the upload ends with. It keeps metadata, preconditions and sizes.
"""

import argparse
import socket
import ssl
import sys
from dataclasses import dataclass
from threading import Thread

import google_crc32c

from bench.sink_api import Answer, Api

PIECE = 1024 * 1024
_DISCARD = socket.MSG_TRUNC  # tcp(7): the received bytes are dropped, and counted


@dataclass
class Request:
    """The head of a request; its body is taken from the connection."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def length(self) -> int | None:
        """Of the body; None if it comes in chunks."""
        if "chunked" in self.headers.get("transfer-encoding", ""):
            return None
        return int(self.headers.get("content-length", 0))


class Connection:
    """One client's connection, requests one after the other."""

    def __init__(self, peer: socket.socket, api: Api, hashing: bool) -> None:
        self._peer = peer
        self._api = api
        self._hashing = hashing
        self._discards = not hashing and not isinstance(peer, ssl.SSLSocket)
        self._room = bytearray(PIECE)
        self._rest = b""

    def serve(self) -> None:
        try:
            while (request := self._head()) is not None:
                if request.headers.get("expect", "").lower() == "100-continue":
                    self._peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                self._peer.sendall(_wire(self._answer(request)))
        except (ConnectionError, ssl.SSLError):
            pass  # the client has gone
        finally:
            self._peer.close()

    def _answer(self, request: Request) -> Answer:
        if self._api.discards(request.method, request.target):
            size, crc = self._drain(request.length)
            return self._api.answer_bytes(request.target, request.headers, size, crc)
        body = self._chunks() if request.length is None else self._take(request.length)
        return self._api.answer(request.method, request.target, request.headers, body)

    def _head(self) -> Request | None:
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = self._peer.recv(65536)
            if not more:
                return None
            data += more
        self._rest = data[end + 4 :]
        first, *lines = data[:end].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.split(":", 1) for line in lines)
        return Request(method, target, {k.lower(): v.strip() for k, v in pairs})

    def _take(self, length: int) -> bytes:
        """Return so many bytes."""
        data, self._rest = self._rest[:length], self._rest[length:]
        while len(data) < length:
            more = self._peer.recv(length - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def _drain(self, length: int | None) -> tuple[int, int]:
        """Read a body without keeping it; return its size and CRC32C (0 if not hashed)."""
        if length is not None:
            return length, self._pass_by(length, 0)
        size = crc = 0
        while step := int(self._line().split(b";")[0], 16):
            crc = self._pass_by(step, crc)
            size += step
            self._line()
        self._line()
        return size, crc

    def _chunks(self) -> bytes:
        """Return a small body that comes in chunks."""
        body = b""
        while step := int(self._line().split(b";")[0], 16):
            body += self._take(step)
            self._line()
        self._line()
        return body

    def _line(self) -> bytes:
        while (end := self._rest.find(b"\r\n")) < 0:
            more = self._peer.recv(4096)
            if not more:
                raise ConnectionError
            self._rest += more
        line, self._rest = self._rest[:end], self._rest[end + 2 :]
        return line

    def _pass_by(self, length: int, crc: int) -> int:
        early, self._rest = self._rest[:length], self._rest[length:]
        left = length - len(early)
        if self._hashing:
            crc = google_crc32c.extend(crc, early)
        view = memoryview(self._room)
        flags = _DISCARD if self._discards else 0
        while left:
            count = self._peer.recv_into(view, min(left, PIECE), flags)
            if not count:
                raise ConnectionError
            if self._hashing:
                crc = google_crc32c.extend(crc, bytes(view[:count]))
            left -= count
        return crc


def _wire(answer: Answer) -> bytes:
    head = [f"HTTP/1.1 {answer.status} OK", f"Content-Length: {len(answer.body)}"]
    head += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + answer.body


def serve(port: int, api: Api, tls: ssl.SSLContext | None, hashing: bool) -> None:
    """Serve until the process ends."""
    with socket.create_server(("127.0.0.1", port), backlog=512) as door:
        print(f"sink on port {door.getsockname()[1]}", flush=True)
        while True:
            peer, _ = door.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Thread(target=_attend, args=(peer, api, tls, hashing), daemon=True).start()


def _attend(peer: socket.socket, api: Api, tls: ssl.SSLContext | None, hashing: bool) -> None:
    try:
        secure = tls.wrap_socket(peer, server_side=True) if tls else peer
    except OSError:
        peer.close()
        return
    Connection(secure, api, hashing).serve()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", metavar="FILE", help="certificate and key, in PEM")
    parser.add_argument("--hash", action="store_true", help="check what is received")
    asked = parser.parse_args()
    tls = None
    if asked.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(asked.tls)
    scheme = "https" if tls else "http"
    serve(asked.port, Api(f"{scheme}://127.0.0.1:{asked.port}", asked.hash), tls, asked.hash)
    return 0


if __name__ == "__main__":
    sys.exit(main())
