"""Which entries of the user's metadata are kept, and under which name."""

import pytest

from transfer.user_metadata import size_of, user_metadata

RESERVED = {"s3-etag"}


def kept(headers: dict[str, str], max_bytes: int = 8192) -> tuple[dict[str, str], list[str]]:
    return user_metadata(headers, RESERVED, max_bytes)


@pytest.mark.parametrize(
    "name", ["a", "0", "a-b_c.d", "!#$%&'*+.^_`|~-", "goog-reserved", 200 * "n"]
)
def test_an_entry_keeps_its_name(name: str) -> None:
    assert kept({f"x-amz-meta-{name}": "v", "x-amz-other": "w"}) == ({name: "v"}, [])


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "a b", "a ", "a/b", "a=b", '"a"', "(a)", "a@b", "a,b", "[a]", "{a}", "a\\b"),
        *("\xc3\xbc", "\xfc", "\x01", "\x7f", "\t"),
    ],
)
def test_an_entry_without_a_proper_name_is_left_out(name: str) -> None:
    header = f"x-amz-meta-{name}"

    assert kept({header: "v", "x-amz-meta-a": "w"}) == ({"a": "w"}, [header])


@pytest.mark.parametrize("value", ["", "v", "Zürich", "a\tb", '"', "\x80", 2000 * "v"])
def test_an_entry_keeps_its_value(value: str) -> None:
    assert kept({"x-amz-meta-a": value}) == ({"a": value}, [])


@pytest.mark.parametrize("value", ["\x00", "a\x01", "\x08", "\x0b", "\x1b[31m", "\x7f"])
def test_an_entry_with_control_characters_is_left_out(value: str) -> None:
    assert kept({"x-amz-meta-a": value}) == ({}, ["x-amz-meta-a"])


@pytest.mark.parametrize(
    ("name", "value"), [("n" * 1024, "v"), ("a", "v" * 4096), ("a", "ä" * 2048)]
)
def test_an_entry_may_be_as_large_as_cloud_storage_takes_one(name: str, value: str) -> None:
    assert kept({f"x-amz-meta-{name}": value}) == ({name: value}, [])


@pytest.mark.parametrize(
    ("name", "value"), [("n" * 1025, "v"), ("a", "v" * 4097), ("a", "ä" * 2049)]
)
def test_a_larger_entry_is_left_out(name: str, value: str) -> None:
    assert kept({f"x-amz-meta-{name}": value, "x-amz-meta-b": "w"}) == (
        {"b": "w"},
        [f"x-amz-meta-{name}"],
    )


def test_a_reserved_name_is_kept_whole() -> None:
    assert kept({"x-amz-meta-s3-etag": "v"}) == ({"x-amz-meta-s3-etag": "v"}, [])


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_that_would_have_one_name_the_same_is_kept_whatever_their_order(turn: int) -> None:
    headers = {"x-amz-meta-s3-etag": "v", "x-amz-meta-x-amz-meta-s3-etag": "w"}

    assert kept(dict(list(headers.items())[::turn])) == (
        {"x-amz-meta-s3-etag": "v"},
        ["x-amz-meta-x-amz-meta-s3-etag"],
    )


@pytest.mark.parametrize("turn", [1, -1])
def test_the_largest_are_left_out_first_whatever_their_order(turn: int) -> None:
    headers = {
        f"x-amz-meta-{name}": size * "v" for name, size in zip("abcd", (5, 9, 9, 2), strict=True)
    }

    assert kept(dict(list(headers.items())[::turn]), 19) == (
        {"a": "vvvvv", "c": 9 * "v", "d": "vv"},
        ["x-amz-meta-b"],
    )


def test_names_and_values_count_as_utf_8() -> None:
    assert size_of({"a": "ü", "bc": ""}) == 5
    assert kept({"x-amz-meta-a": "ü"}, 3) == ({"a": "ü"}, [])
    assert kept({"x-amz-meta-a": "ü"}, 2) == ({}, ["x-amz-meta-a"])


def test_nothing_fits_into_nothing() -> None:
    assert kept({"x-amz-meta-a": ""}, 0) == ({}, ["x-amz-meta-a"])
    assert kept({"x-amz-meta-a": ""}, -5) == ({}, ["x-amz-meta-a"])
