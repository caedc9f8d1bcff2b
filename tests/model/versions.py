"""The bytes of a source's versions, each the repetition of one letter."""

from collections.abc import Mapping
from functools import cache

from tests.fakes import ORIGIN, etag_of
from transfer import object_headers as names
from transfer.store import STEP

ELSEWHERE = "aws-cn"

SMALL = 3
LARGE = STEP + 3
"""So large that it goes through an upload session."""


@cache
def content(version: str, size: int) -> bytes:
    return version.encode() * size


@cache
def etag(version: str, size: int) -> str:
    return etag_of(content(version, size))


def record_of(version: str, size: int) -> dict[str, str]:
    """What a landing of this version records of its source. A small letter is a version that has
    the same ETag in a bucket of the same name elsewhere.
    """
    return {
        names.ORIGIN: ELSEWHERE if version.islower() else ORIGIN,
        names.BUCKET: "source",
        names.KEY: "a/b.bin",
        names.ETAG: etag(version.upper(), size),
    }


def version_of_record(metadata: Mapping[str, str], size: int) -> str:
    version = version_of_etag(metadata[names.ETAG], size)
    return version.lower() if metadata[names.ORIGIN] == ELSEWHERE else version


def version_of_etag(found: str, size: int) -> str:
    return next((letter for letter in "ABC" if etag(letter, size) == found), "")


def version_of_bytes(data: bytes) -> str:
    """The version that these bytes are of; none if they are mixed."""
    letter = data[:1].decode()
    return letter if data == content(letter, len(data)) else ""
