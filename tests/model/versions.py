"""The bytes of a source's versions, each the repetition of one letter."""

from functools import cache

from tests.fakes import etag_of
from transfer.store import STEP

SMALL = 3
LARGE = STEP + 3
"""So large that it goes through an upload session."""


@cache
def content(version: str, size: int) -> bytes:
    return version.encode() * size


@cache
def etag(version: str, size: int) -> str:
    return etag_of(content(version, size))


def version_of_etag(found: str, size: int) -> str:
    return next((letter for letter in "ABC" if etag(letter, size) == found), "")


def version_of_bytes(data: bytes) -> str:
    """The version that these bytes are of; none if they are mixed."""
    letter = data[:1].decode()
    return letter if data == content(letter, len(data)) else ""
