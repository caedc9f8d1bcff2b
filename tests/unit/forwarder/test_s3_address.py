"""Addresses as people type them, and as they are shown."""

import string

import pytest

from forwarder.s3_address import address_of, bucket_and_key


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("s3://heron-meadow", ("heron-meadow", "")),
        ("s3://heron-meadow/", ("heron-meadow", "")),
        ("s3://heron-meadow/a b+c%20", ("heron-meadow", "a b+c%20")),
        ("s3://heron-meadow//a/", ("heron-meadow", "/a/")),
        ("s3://heron-meadow/a\nb", ("heron-meadow", "a\nb")),
    ],
)
def test_nothing_in_a_key_is_changed(address: str, parts: tuple[str, str]) -> None:
    assert bucket_and_key(address) == parts


@pytest.mark.parametrize(
    "address",
    ["", "heron-meadow", "s3:/heron-meadow", "s3://", "s3:///a", "https://x.y/z", "s3://a?"],
)
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(ValueError, match="is not like s3://bucket/key"):
        bucket_and_key(address)


BUCKET_LETTERS = f"{string.ascii_letters}{string.digits}._-"


@pytest.mark.parametrize("letter", BUCKET_LETTERS)
def test_a_bucket_may_have_all_letters_that_buckets_ever_had(letter: str) -> None:
    assert bucket_and_key(f"s3://{letter * 3}/a") == (letter * 3, "a")


@pytest.mark.parametrize("letter", sorted(set(string.printable) - {*BUCKET_LETTERS, "/"}))
def test_a_bucket_may_have_no_others(letter: str) -> None:
    with pytest.raises(ValueError, match="is not like s3://bucket/key"):
        bucket_and_key(f"s3://heron{letter}meadow/a")


@pytest.mark.parametrize(("length", "is_one"), [(2, False), (3, True), (255, True), (256, False)])
def test_a_bucket_is_as_long_as_buckets_ever_were(length: int, is_one: bool) -> None:
    address = f"s3://{'h' * length}/a"
    if is_one:
        assert bucket_and_key(address) == ("h" * length, "a")
        return
    with pytest.raises(ValueError, match="is not like s3://bucket/key"):
        bucket_and_key(address)


def test_a_shown_address_is_one_line() -> None:
    assert address_of("heron-meadow", "Größe 1") == "s3://heron-meadow/Größe 1"
    assert address_of("heron-meadow", "a\n\x1b[2J") == r"'s3://heron-meadow/a\n\x1b[2J'"
