"""Names of user metadata are the user's: what HTTP forbids in them costs no answer."""

from http.client import HTTPException

import pytest

from tests.unit.adapters.http_asking import EMPTY, OK, head_of

METADATA: dict[str, tuple[bytes, dict[str, str]]] = {
    "the prefix in another case": (b"X-AMZ-Meta-A: 1\r\n", {"x-amz-meta-a": "1"}),
    "names that differ in case": (
        b"x-amz-meta-a: 1\r\nX-Amz-Meta-A: 2\r\n",
        {"x-amz-meta-a": "1, 2"},
    ),
    "a name in UTF-8": (b"X-Amz-Meta-\xc3\x89: 1\r\n", {"x-amz-meta-\xc3\x89": "1"}),
    "a name in Latin-1": (b"x-amz-meta-\xc9: 1\r\n", {"x-amz-meta-\xc9": "1"}),
    "no name": (b"x-amz-meta-: 1\r\n", {"x-amz-meta-": "1"}),
    "space in a name": (b"x-amz-meta-a b : 1\r\n", {"x-amz-meta-a b ": "1"}),
    "other marks in a name": (b'x-amz-meta-"(/)@": 1\r\n', {'x-amz-meta-"(/)@"': "1"}),
    "a control character in a name": (b"x-amz-meta-\x01: 1\r\n", {"x-amz-meta-\x01": "1"}),
    "control characters in a value": (b"x-amz-meta-a: \0\x07\r\n", {"x-amz-meta-a": "\0\x07"}),
    "a value that goes on": (b"x-amz-meta-\xc9: 1\r\n 2\r\n", {"x-amz-meta-\xc9": "1 2"}),
}


@pytest.mark.parametrize(("data", "fields"), METADATA.values(), ids=METADATA)
def test_metadata_of_any_name_is_read(data: bytes, fields: dict[str, str]) -> None:
    assert head_of(OK + data + EMPTY).fields == {**fields, "content-length": "0"}


REFUSED: dict[str, bytes] = {
    "a name beyond ASCII": b"Content-L\xe4ngth: 5\r\n",
    "a name beyond ASCII of S3's own": b"x-amz-m\xe9ta-a: 5\r\n",
    "a name that is nearly metadata": b"x-amz-meta\xe9: 5\r\n",
    "a name before metadata": b"\xe9 x-amz-meta-a: 5\r\n",
    "metadata without a colon": b"x-amz-meta-heron\r\n",
    "a bare CR in metadata": b"x-amz-meta-a: b\rContent-Length: 5\r\n",
    "a bare CR in metadata's name": b"x-amz-meta-\rContent-Length: 5\r\n",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_no_other_header_may_be_named_like_that(data: bytes) -> None:
    with pytest.raises(HTTPException) as refusal:
        head_of(OK + data + EMPTY)

    assert "heron" not in str(refusal.value)


def test_as_many_entries_are_read_as_s3_takes() -> None:
    """2 KB of names and values: those of one character, and then of two, without a value."""
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+.^_`|~-"
    names = [*alphabet, *(f"{a}{b}" for a in alphabet for b in alphabet)][:1049]
    assert 2046 <= len("".join(names)) <= 2048
    own = b"".join(b"x-amz-own-%d: 12345678901234567890\r\n" % n for n in range(60))
    lines = "".join(f"x-amz-meta-{name}: \r\n" for name in names).encode()

    fields = head_of(OK + own + lines + EMPTY).fields

    assert len(fields) == len(names) + 61
    assert all(fields[f"x-amz-meta-{name}"] == "" for name in names)


def test_two_kilobytes_are_read_however_s3_encodes_them() -> None:
    """Each character beyond ASCII becomes six bytes or, taken for Latin-1, twelve."""
    words = "=?UTF-8?Q?" + 2 * "=C3=83=C2=B6" + "?="
    lines = "".join(f"x-amz-meta-{n}: {words}\r\n" for n in range(1000, 1256)).encode()

    assert len(head_of(OK + lines + EMPTY).fields) == 257
