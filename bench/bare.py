"""The least that a mover in Python can do: receive, CRC32C, send. No service comes below it.

    python -m bench.bare SOURCE-URL SINK-URL AUTHORITIES

It prints its wall and CPU time in seconds, its start left out. It takes blocks as large as
Landfall's, and checks nothing.
"""

import json
import socket
import ssl
import sys
import time
from typing import BinaryIO
from urllib.parse import urlsplit

import google_crc32c

BLOCK = 256 * 1024


def main() -> int:
    source, sink, authorities = sys.argv[1:]
    trust = ssl.create_default_context(cafile=authorities)
    wall, cpu = time.perf_counter(), time.process_time()
    relay(source, sink, trust)
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))
    return 0


def relay(source: str, sink: str, trust: ssl.SSLContext) -> int:
    """Move one object and return its CRC32C."""
    taking, giving = _connect(source, trust), _connect(sink, trust)
    taking.sendall(_head("GET", source))
    taken = taking.makefile("rb")
    left = _length(taken)
    giving.sendall(_head("PUT", sink, f"Content-Length: {left}"))
    crc = 0
    while left:
        block = taken.read(min(BLOCK, left))
        if not block:
            raise ConnectionError(f"{left} bytes are missing")
        crc = google_crc32c.extend(crc, block)
        giving.sendall(block)
        left -= len(block)
    answer = giving.recv(BLOCK)
    if b" 200 " not in answer[:16]:
        raise ConnectionError(repr(answer))
    return crc


def _length(answer: BinaryIO) -> int:
    """Read the head of the answer and return the length of its body."""
    length = 0
    while (line := answer.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return length


def _connect(url: str, trust: ssl.SSLContext) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.create_connection((str(parts.hostname), parts.port or 443))
    if parts.scheme == "https":
        return trust.wrap_socket(connection, server_hostname=parts.hostname)
    return connection


def _head(method: str, url: str, *more: str) -> bytes:
    parts = urlsplit(url)
    lines = (f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *more)
    return "\r\n".join((*lines, "", "")).encode()


if __name__ == "__main__":
    sys.exit(main())
