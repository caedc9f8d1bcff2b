"""What a source costs that sends its object in pieces: `python -m tests.soak.small_pieces`.

Prints the time of a processor for each MiB, plain and over TLS, in pieces of one byte to 64 KiB.
"""

import argparse
import multiprocessing
import socket
import ssl
import time
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.s3_source import S3Source
from tests.contract.source_side import url_at
from tests.servers.certificates import Authority
from tests.servers.raw import answer

PIECES = (1, 16, 1448, 64 * 1024)
SIZE = 256 * 1024
LIMIT_SECONDS = 120


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        for name, encrypted in (("plain", None), ("TLS", authority)):
            for length in PIECES:
                seconds = _seconds(length, encrypted) * (1024 * 1024 / SIZE)
                print(f"{name}, pieces of {length} bytes: {seconds:.3f} s per MiB", flush=True)


def _seconds(length: int, authority: Authority | None) -> float:
    """Return the time of a processor that it takes to read the object."""
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    server = fork.Process(target=_serve, args=(theirs, length, authority), daemon=True)
    server.start()
    try:
        scheme = "https" if authority else "http"
        url = url_at(f"{scheme}://127.0.0.1:{ours.recv()}")
        source = S3Source(authority.client_context() if authority else None)
        began, read = time.process_time(), 0
        with source.open(url, None, 0, time.monotonic() + LIMIT_SECONDS) as opened:
            while block := opened.read(SIZE):
                read += len(block)
        if read != SIZE:
            raise RuntimeError(f"{read} bytes came")
        return time.process_time() - began
    finally:
        server.kill()
        server.join()


def _serve(to_parent: Connection, length: int, authority: Authority | None) -> None:
    """Answer one request; each piece is a segment, whatever records TLS makes of it."""
    data = answer(SIZE * b"x")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        to_parent.send(listener.getsockname()[1])
        wire, _ = listener.accept()
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with wire:
        encrypted = _encrypted(wire, authority.server_context(), data) if authority else None
        if encrypted is None:
            wire.recv(64 * 1024)
        whole = encrypted or data
        for at in range(0, len(whole), length):
            wire.sendall(whole[at : at + length])
        time.sleep(LIMIT_SECONDS)  # until it is killed


def _encrypted(wire: socket.socket, context: ssl.SSLContext, data: bytes) -> bytes:
    """Shake hands, read the request, and return the answer as it goes over the wire."""
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(came, goes, server_side=True)
    request = b""
    while not request:
        try:
            tls.do_handshake()
            request = tls.read(64 * 1024)
        except ssl.SSLWantReadError:
            wire.sendall(goes.read())
            came.write(wire.recv(64 * 1024))
    wire.sendall(goes.read())
    tls.write(data)
    return goes.read()


if __name__ == "__main__":
    main()
