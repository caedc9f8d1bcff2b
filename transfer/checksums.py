"""CRCs as running digests, in the byte order in which S3 writes them."""

import zlib
from collections.abc import Callable
from typing import Protocol


class Digest(Protocol):
    """What hashlib's objects are."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class Crc:
    """A CRC with hashlib's manners."""

    def __init__(self, step: Callable[[bytes, int], int], length: int) -> None:
        self._step = step
        self._length = length
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        """Big-endian, as in S3's checksum headers before base64."""
        return self._value.to_bytes(self._length, "big")


def new_crc32() -> Crc:
    return Crc(zlib.crc32, 4)


def new_crc64nvme() -> Crc:
    from awscrt.checksums import crc64nvme  # slow to load, and many objects never need it

    return Crc(crc64nvme, 8)


def combined_crc(name: str, first: bytes, second: bytes, length: int) -> bytes:
    """Return the CRC (`crc32`, `crc32c`, `crc64nvme`) of two blocks, one after the other.

    `length` is the second block's.
    """
    from awscrt import checksums

    combine = getattr(checksums, f"combine_{name}")
    value: int = combine(int.from_bytes(first), int.from_bytes(second), length)
    return value.to_bytes(len(first))
