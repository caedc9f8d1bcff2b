"""What a parser of foreign bytes is, to those who try to keep one busy."""

import json
from collections.abc import Callable
from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True)
class Parser:
    """One parser, its longest input, and what it may raise."""

    name: str
    limit: int
    """Bytes of the longest input that is let through to it."""
    parse: Callable[[bytes], object]
    raises: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    """Good inputs, or beginnings of such."""
    words: tuple[bytes, ...]
    """What means something to it, and so may cost something when it comes again and again."""


def text(data: bytes) -> str:
    """Bytes that are no UTF-8 become lone surrogates, as JSON may hold them."""
    return data.decode("utf-8", "surrogateescape")


def good(value: object) -> bytes:
    return json.dumps(value).encode()
