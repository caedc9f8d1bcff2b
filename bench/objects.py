"""Objects to be carried: files in memory, with the names and digests S3 would give them."""

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import google_crc32c

_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Made:
    """A file of the source."""

    name: str
    size: int
    etag: str
    """nginx's own: time and size."""
    md5: str
    """In hex."""
    crc32c: str
    """In base64."""


def make(files: Path, name: str, size: int) -> Made:
    """Write one; its bytes are a random piece, again and again."""
    path = files / "source" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    crc, md5 = google_crc32c.Checksum(), hashlib.md5(usedforsecurity=False)
    with path.open("wb") as file:
        for piece in _pieces(size):
            file.write(piece)
            crc.update(piece)
            md5.update(piece)
    facts = path.stat()
    etag = f"{int(facts.st_mtime):x}-{facts.st_size:x}"
    return Made(name, size, etag, md5.hexdigest(), base64.b64encode(crc.digest()).decode())


def _pieces(size: int) -> Iterator[bytes]:
    piece = os.urandom(min(_PIECE, size))
    left = size
    while left > 0:
        yield piece[:left]
        left -= len(piece)
