"""Whether two globs can match one bucket, compared with all short names."""

import random
from fnmatch import fnmatchcase
from itertools import product

import pytest

from transfer.bucket_globs import have_common_bucket, is_glob

NAMES = ["".join(name) for size in range(1, 6) for name in product("ab-", repeat=size)]
PIECES = ["a", "b", "-", "*", "?", "[ab]", "[!a]", "[a-]", "[!-b]", "[]a]", "[!]]"]


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("*", "images-*", True),
        ("images-*", "models-*", False),
        ("images-*", "*-prod", True),
        ("images", "images", True),
        ("images", "image", False),
        ("images?", "images", False),
        ("images-[0-4]", "images-[5-9]", False),
        ("images-[0-5]", "images-[5-9]", True),
        ("images-[!0-9]", "images-?", True),
        ("images-[!0-9]", "images-7", False),
        ("i*g*s", "im*es-*s", True),
        ("Images", "images", False),
        ("a.b_c-1", "a?b?c?1", True),
        ("a[!-a-zA-Z0-9_]b", "a.b", True),
        ("[!a-zA-Z0-9._-]", "?", False),
        ("im[ages", "im*", False),  # no bucket has a bracket in its name
        ("*a" * 100, "*b" * 100 + "*", True),
        ("*a" * 100, "*b" * 100, False),
    ],
)
def test_two_globs_meet_where_one_bucket_fits_both(one: str, other: str, *, meet: bool) -> None:
    assert have_common_bucket([one], [other]) is meet
    assert have_common_bucket([other], [one]) is meet


def test_any_two_globs_meet_where_a_name_shows_it() -> None:
    draw = random.Random(3)
    found = {True: 0, False: 0}
    for _ in range(400):
        one, other = ("".join(draw.choices(PIECES, k=draw.randint(1, 4))) for _ in range(2))
        shown = any(fnmatchcase(name, one) and fnmatchcase(name, other) for name in NAMES)
        told = have_common_bucket([one], [other])
        found[told] += 1
        assert told or not shown, (one, other)
        if told and not shown:  # then a longer name, or one of other letters, must show it
            assert any(is_glob(glob) for glob in (one, other)), (one, other)
    assert min(found.values()) > 50


@pytest.mark.parametrize("text", ["*", "a?", "[a]b", "im[ages"])
def test_a_glob_is_told_from_a_name(text: str) -> None:
    assert is_glob(text)
    assert not is_glob(text.translate(str.maketrans("*?[", "a-1")))


def test_one_of_several_is_enough() -> None:
    assert have_common_bucket(["a-*", "b-*"], ["c", "b-1"])
    assert not have_common_bucket(["a-*", "b-*"], ["c", "d"])
    assert not have_common_bucket([], ["*"])
