"""Object names as file paths: themselves where a file system can hold them.

Every part that it cannot hold is escaped, one-to-one, behind a marker with which no
other part of a path can begin. So no two names meet, and none leaves its directory.
"""

from pathlib import PurePosixPath
from urllib.parse import quote

MARKER = ".landfall%"
MAX_PART_BYTES = 255
_CHUNK_CHARACTERS = 20
"""Each may be four bytes of UTF-8, escaped as twelve: 240, the marker and a plus fit a part."""
_CLASHES = f"{MARKER}clash"


def plain_path(name: str) -> PurePosixPath:
    """Return the path of this object name, below the bucket's directory."""
    return PurePosixPath(*(piece for part in name.split("/") for piece in _pieces(part)))


def clash_path(name: str) -> PurePosixPath:
    """Return another path, where the own one is taken: `a` is a file, `a/b` wants a folder."""
    return PurePosixPath(_CLASHES, *_chunks(name))


def _pieces(part: str) -> list[str]:
    if len(part.encode()) > MAX_PART_BYTES:
        return _chunks(part)
    if part in ("", ".", "..") or part.startswith(MARKER):
        return [MARKER + _escaped(part)]
    return [part]


def _chunks(text: str) -> list[str]:
    """All but the last end in `+`, which an escaped text never does."""
    size = _CHUNK_CHARACTERS
    chunks = [text[i : i + size] for i in range(0, len(text), size)] or [""]
    return [f"{MARKER}{_escaped(c)}+" for c in chunks[:-1]] + [MARKER + _escaped(chunks[-1])]


def _escaped(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E")
