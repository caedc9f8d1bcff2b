"""Inputs that keep a careless parser busy: repeated, nested, cut, crossed and mutated."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.parsers.table import Parser

OPENING = {b"[": b"]", b'{"a":': b"}", b"(": b")", b"<Error>": b"</Error>", b'"': b'"'}


@dataclass(frozen=True)
class Shape:
    """An input of any length."""

    name: str
    of: Callable[[int], bytes]
    """Makes it with about so many bytes."""


def repeated(before: bytes, word: bytes, after: bytes = b"") -> Shape:
    def of(size: int) -> bytes:
        return before + word * max(1, (size - len(before) - len(after)) // len(word)) + after

    return Shape(f"{_short(before)} + {_short(word)} * n + {_short(after)}", of)


def nested(before: bytes, opening: bytes, inside: bytes, closing: bytes) -> Shape:
    def of(size: int) -> bytes:
        depth = max(1, (size - len(before)) // (len(opening) + len(closing)))
        return before + opening * depth + inside + closing * depth

    return Shape(f"{_short(before)} + {_short(opening)} * n + {_short(closing)} * n", of)


def some_shape(parser: Parser, chance: random.Random, others: Sequence[bytes] = ()) -> Shape:
    """Return one of any kind; `others` are seeds of other parsers, to be mixed in."""
    kind = chance.choice((_one_word, _words, _nested, _stretched, _crossed, _mutated))
    return kind(parser, chance, others or parser.seeds)


def every_word(parser: Parser) -> list[Shape]:
    """Each word again and again, alone, behind the first seed, and with something behind it."""
    start = parser.seeds[0]
    return [
        shape
        for word in parser.words
        for shape in (
            repeated(b"", word),
            repeated(start, word, b"\0"),
            repeated(start[: len(start) // 2], word, start[len(start) // 2 :]),
        )
    ]


def _one_word(parser: Parser, chance: random.Random, _: Sequence[bytes]) -> Shape:
    before = _cut(chance.choice(parser.seeds), chance)
    after = chance.choice((b"", b"\0", b"!", chance.choice(parser.words), parser.seeds[0]))
    return repeated(before, chance.choice(parser.words), after)


def _words(parser: Parser, chance: random.Random, _: Sequence[bytes]) -> Shape:
    word = b"".join(chance.choices(parser.words, k=chance.randint(2, 5)))
    return repeated(_cut(chance.choice(parser.seeds), chance), word, chance.choice(parser.words))


def _nested(parser: Parser, chance: random.Random, _: Sequence[bytes]) -> Shape:
    opening, closing = chance.choice(list(OPENING.items()))
    before = _cut(chance.choice(parser.seeds), chance)
    return nested(before, opening, chance.choice(parser.words), closing)


def _stretched(parser: Parser, chance: random.Random, _: Sequence[bytes]) -> Shape:
    """A seed in which a piece comes again and again."""
    seed = chance.choice(parser.seeds)
    start, end = sorted(chance.choices(range(len(seed) + 1), k=2))
    return repeated(seed[:start], seed[start:end] or b"a", seed[end:])


def _crossed(parser: Parser, chance: random.Random, others: Sequence[bytes]) -> Shape:
    mixed = _cut(chance.choice(parser.seeds), chance) + _cut(chance.choice(others), chance)
    return repeated(mixed, chance.choice(others) or b"a", chance.choice(parser.seeds))


def _mutated(parser: Parser, chance: random.Random, __: Sequence[bytes]) -> Shape:
    seed = bytearray(chance.choice(parser.seeds) or b"a")
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(seed))
        match chance.randrange(3):
            case 0:
                seed[at] = chance.randrange(256)
            case 1:
                seed[at:at] = chance.choice(parser.words)
            case _:
                del seed[at : at + chance.randint(1, 4)]
                seed = seed or bytearray(b"a")
    word = bytes(seed)
    return repeated(b"", word) if chance.random() < 0.3 else Shape(_short(word), lambda _: word)


def _cut(seed: bytes, chance: random.Random) -> bytes:
    return seed[: chance.randint(0, len(seed))] if chance.random() < 0.5 else seed


def _short(data: bytes) -> str:
    return repr(data if len(data) <= 40 else data[:37] + b"...")
