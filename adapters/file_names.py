"""Object names as file paths: themselves where a file system can hold them.

Every part that it cannot hold is escaped, one-to-one, behind a marker with which no
other part of a path can begin. So no two names meet, and none leaves its directory. A
name of so many escaped parts that the path would be too long is escaped as a whole.
"""

from pathlib import PurePosixPath
from urllib.parse import quote

MARKER = ".landfall%"
MAX_PART_BYTES = 255
MAX_PATH_BYTES = 2048
"""Below a directory of any usual depth; Linux takes 4096 in all."""
_CHUNK_BYTES = 240
"""They, the marker and a plus fit a part."""
_CLASHES = f"{MARKER}clash"


def plain_path(name: str) -> PurePosixPath:
    """Return the path of this object name, below the bucket's directory."""
    path = PurePosixPath(*(piece for part in name.split("/") for piece in _pieces(part)))
    return path if len(bytes(path)) <= MAX_PATH_BYTES else clash_path(name)


def clash_path(name: str) -> PurePosixPath:
    """Return another path, where the own one is taken: `a` is a file, `a/b` wants a folder."""
    return PurePosixPath(_CLASHES, *_chunks(name))


def _pieces(part: str) -> list[str]:
    is_special = part in ("", ".", "..") or part.startswith(MARKER) or "\0" in part
    if is_special or len(part.encode()) > MAX_PART_BYTES:
        return _chunks(part)
    return [part]


def _chunks(text: str) -> list[str]:
    """All but the last end in `+`, which an escaped text never does."""
    escaped, size = quote(text, safe=""), _CHUNK_BYTES
    chunks = [escaped[i : i + size] for i in range(0, len(escaped), size)] or [""]
    return [f"{MARKER}{chunk}+" for chunk in chunks[:-1]] + [MARKER + chunks[-1]]
