"""No input takes a parser long: its longest inputs, of what means something to it.

`tests/soak/parsers.py` tries many more. The best of some tries counts, in time of this thread.
"""

import random
from collections.abc import Sequence

import pytest

from tests.parsers.forwarder import FORWARDER
from tests.parsers.measuring import Fault, seconds, tried
from tests.parsers.requests import REQUESTS
from tests.parsers.shapes import every_word, nested, repeated, some_shape
from tests.parsers.sources import SOURCES
from tests.parsers.table import Parser

PARSERS = (*REQUESTS, *SOURCES, *FORWARDER)
SHAPES = 8
"""For each parser, the same ones each time."""


@pytest.mark.timeout(30)  # what is quadratic would take longer
@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_no_input_takes_a_parser_long_or_breaks_its_word(parser: Parser) -> None:
    chance = random.Random(parser.name)
    shapes = chance.sample(every_word(parser), SHAPES // 2)
    shapes += [some_shape(parser, chance) for _ in range(SHAPES - len(shapes))]

    faults = [fault for shape in shapes if (fault := tried(parser, shape, parser.limit)[1])]

    assert [fault.what for fault in faults] == []


SLOW = {
    "refusal of Cloud Storage": repeated(b"", b"\n"),
    "chunks of an answer": repeated(b"", b"1\r\nx\r\n"),
    "value of a header": repeated(b"", b"=?a?q?b"),
    "headers of an object": repeated(b"", b"=?a?q?b\n"),
    "manifest": nested(b"", b"[", b"1", b"]"),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", SLOW)
def test_inputs_that_were_once_too_much_are_not(name: str) -> None:
    parser = next(parser for parser in PARSERS if parser.name == name)

    assert tried(parser, SLOW[name], parser.limit)[1] is None


def faults_of(parse: object, raises: Sequence[type[Exception]] = ()) -> Fault | None:
    words = Parser("x", 6000, parse, tuple(raises), (b"a",), (b"a",))  # type: ignore[arg-type]
    return tried(words, repeated(b"", b"a"), 6000)[1]


def quadratic(data: bytes) -> None:
    for end in range(len(data)):
        sum(data[:end:4])


def test_what_is_quadratic_is_found() -> None:
    found = faults_of(quadratic)

    assert found is not None
    assert "linear" in found.what or "ms" in found.what


def test_what_a_parser_may_not_raise_is_found() -> None:
    found = faults_of(int, [KeyError])

    assert found is not None
    assert "ValueError" in found.what
    assert faults_of(int, [ValueError]) is None


def test_time_is_measured_though_the_parser_refuses() -> None:
    def refuse(data: bytes) -> None:
        quadratic(data)
        raise ValueError

    parser = Parser("x", 8_000, refuse, (ValueError,), (b"a",), (b"a",))

    assert seconds(parser, 8_000 * b"a") > 0.002
