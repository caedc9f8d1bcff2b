"""Whether two globs of buckets can match the same bucket."""

import re
import string
from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import product

_CHARACTERS = frozenset(string.ascii_letters + string.digits + "._-")
"""Of the names of buckets."""
_PIECE = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)
_ANY = None
"""What `*` is among the pieces: any characters, or none."""


def is_glob(text: str) -> bool:
    """Whether it may match more than its own text."""
    return any(character in text for character in "*?[")


def have_common_bucket(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether a bucket can match one of `some` and one of `others`."""
    return any(_meet(one, other) for one, other in product(some, others))


def _meet(one: str, other: str) -> bool:
    """Walk through both at once. A bucket's length is not considered: it may be too strict."""
    left, right = _pieces(one), _pieces(other)
    if frozenset() in left + right:
        return False  # it wants a character that no bucket has
    to_visit, visited = [(0, 0)], set()
    while to_visit:
        at = i, j = to_visit.pop()
        if at in visited or i > len(left) or j > len(right):
            continue
        visited.add(at)
        if at == (len(left), len(right)):
            return True
        a, b = left[i : i + 1], right[j : j + 1]
        if a == [_ANY]:
            to_visit += [(i + 1, j), (i, j + 1)]
        elif b == [_ANY]:
            to_visit += [(i, j + 1), (i + 1, j)]
        elif a and b and a[0] & b[0]:  # type: ignore[operator]  # neither is _ANY
            to_visit.append((i + 1, j + 1))
    return False


def _pieces(glob: str) -> list[frozenset[str] | None]:
    """Return what `fnmatch` lets each piece of the glob be: one of some characters, or _ANY."""
    return [
        _ANY if piece == "*" else frozenset(c for c in _CHARACTERS if fnmatchcase(c, piece))
        for piece in _PIECE.findall(glob)
    ]
