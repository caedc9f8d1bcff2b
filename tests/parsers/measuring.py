"""How long a parser takes for an input, and what it raises against its word."""

import time
from dataclasses import dataclass
from itertools import pairwise

from tests.parsers.shapes import Shape
from tests.parsers.table import Parser

SLOWEST_SECONDS = 0.05
"""Of the processor, for the longest input that a parser may get."""
WORTH_A_LOOK_SECONDS = 0.008
GROWTH = 2.8
"""Twice the input may take so many times as long; what is quadratic takes four times."""
TRIES = 3


@dataclass(frozen=True)
class Fault:
    """An input that is too slow, or at which the parser broke its word."""

    parser: str
    what: str
    data: bytes


def seconds(parser: Parser, data: bytes) -> float:
    """Return what it took of this thread's time; raise what the parser may not."""
    began = time.thread_time()
    try:
        parser.parse(data)
    except parser.raises:
        pass
    return time.thread_time() - began


def tried(parser: Parser, shape: Shape, size: int) -> tuple[float, Fault | None]:
    """Return how long it took, and what was wrong. What is slow once may be another's work."""
    data = shape.of(size)[: parser.limit]
    try:
        took = seconds(parser, data)
        if took > WORTH_A_LOOK_SECONDS:
            took = min(took, *(seconds(parser, data) for _ in range(TRIES)))
    except Exception as error:  # noqa: BLE001 - that is the question
        return 0.0, Fault(parser.name, f"{type(error).__name__} at {shape.name}", data)
    if took > SLOWEST_SECONDS:
        return took, Fault(parser.name, f"{1000 * took:.0f} ms at {shape.name}", data)
    if took > WORTH_A_LOOK_SECONDS and grows_too_fast(parser, shape, len(data)):
        return took, Fault(parser.name, f"more than linear at {shape.name}", data)
    return took, None


def grows_too_fast(parser: Parser, shape: Shape, size: int) -> bool:
    """Whether it takes far more than twice as long for twice as much, twice in a row."""
    times = [_best(parser, shape.of(part)[: parser.limit]) for part in (size // 4, size // 2, size)]
    return all(later > GROWTH * earlier for earlier, later in pairwise(times))


def _best(parser: Parser, data: bytes) -> float:
    return min(seconds(parser, data) for _ in range(TRIES))
