"""Addresses as people type them, and as they are shown."""

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


def test_a_shown_address_is_one_line() -> None:
    assert address_of("heron-meadow", "Größe 1") == "s3://heron-meadow/Größe 1"
    assert address_of("heron-meadow", "a\n\x1b[2J") == r"'s3://heron-meadow/a\n\x1b[2J'"
