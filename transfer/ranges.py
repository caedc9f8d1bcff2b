"""Into which ranges a large object is cut, and where each waits until they are composed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from transfer.message import Message
from transfer.object_name import RESERVED_PREFIX
from transfer.store import STEP

MAX_RANGES = 32
"""So many objects one compose takes. https://cloud.google.com/storage/docs/composite-objects"""
PARTS_PREFIX = f"{RESERVED_PREFIX}parts/"
MIN_RANGE_BYTES = 8 * 1024 * 1024
"""Each range costs some five requests, which is what this many bytes take on a slow stream."""


@dataclass(frozen=True)
class Range:
    """Bytes `start` to `end` of the source, and the temporary object that takes them."""

    start: int
    end: int
    name: str

    @property
    def length(self) -> int:
        return self.end - self.start


def ranges_of(
    folder: str, size: int, unit: int = STEP, min_bytes: int = MIN_RANGE_BYTES
) -> Sequence[Range]:
    """Cut `size` bytes into ranges of one length, a multiple of `unit`; the last may be shorter.

    Whoever cuts the same object again gets the same ranges, and so finds what is there of them.
    """
    units = max(-(-min_bytes // unit), -(-size // (unit * MAX_RANGES)))
    length = units * unit
    spans = [(start, min(start + length, size)) for start in range(0, size, length)]
    return [Range(start, end, f"{folder}{start}-{end - 1}") for start, end in spans]


def folder_of(name: str, message: Message, etag: str) -> str:
    """Return the prefix of the temporary objects for this version of an object, landing there.

    Ranges from another origin are never among them, though bucket, key and ETag may be the same.
    """
    version = json.dumps([name, message.origin, message.bucket, message.key, etag])
    return f"{PARTS_PREFIX}{hashlib.sha256(version.encode()).hexdigest()}/"
