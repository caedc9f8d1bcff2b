"""Which ETags pin the bytes of an object, and why others do not."""

import pytest

from tests.unit.transfer.urls import BUCKET, KEY, url
from transfer.errors import InvalidMessage
from transfer.etag import MAX_LENGTH, parse_etag
from transfer.message import parse_message

# Cloudflare R2 gave base64 of 240 characters to multipart uploads.
LONG = 59 * "AMCl" + "+/=="
STRONG = {
    "8e13ffc9fd9d6a6761231a764bdf106b": "8e13ffc9fd9d6a6761231a764bdf106b",
    '"8e13ffc9fd9d6a6761231a764bdf106b"': "8e13ffc9fd9d6a6761231a764bdf106b",
    '"8e13ffc9fd9d6a6761231a764bdf106b-12"': "8e13ffc9fd9d6a6761231a764bdf106b-12",
    "x": "x",
    "!x": "!x",
    "#~": "#~",
    "W": "W",
    '"W/x"': "W/x",
    "aW/x": "aW/x",
    "&quot": "&quot",
    f'"{LONG}"': LONG,
    MAX_LENGTH * "~": MAX_LENGTH * "~",
    f'"{MAX_LENGTH * "~"}"': MAX_LENGTH * "~",
}
UNUSABLE = {
    'W/"8e13ffc9"': "is weak",
    "W/8e13ffc9": "is weak",
    'w/"8e13ffc9"': "is weak",
    'W/""': "is weak",
    "W/": "is weak",
    '""': "is empty",
    "&quot;8e13ffc9&quot;": "is escaped for XML",
    '"&quot;8e13ffc9&quot;"': "is escaped for XML",
    (MAX_LENGTH + 1) * "a": "is longer than 1024 characters",
    f'"{MAX_LENGTH * "a"}': "is longer than 1024 characters",
    '"': "holds a space, a quote",
    '"""': "holds a space, a quote",
    '"a': "holds a space, a quote",
    'a"': "holds a space, a quote",
    '!a"': "holds a space, a quote",
    'a"b': "holds a space, a quote",
    '"a""b"': "holds a space, a quote",
    '\\"a\\"': "holds a space, a quote",
    "a b": "holds a space, a quote",
    ' "a"': "holds a space, a quote",
    "é": "holds a space, a quote",
    "²": "holds a space, a quote",
}


@pytest.mark.parametrize(("text", "bare"), STRONG.items(), ids=lambda text: text[:20])
def test_a_strong_etag_may_have_quotes_and_is_kept_without(text: str, bare: str) -> None:
    fields = {"Bucket": BUCKET, "ObjectKey": KEY, "PresignedUrl": url(), "ETag": text}

    assert parse_etag(text) == bare
    assert parse_message(fields, set()).etag == bare


@pytest.mark.parametrize(("text", "reason"), UNUSABLE.items(), ids=lambda text: text[:20])
def test_an_etag_that_pins_nothing_is_refused_for_its_own_reason(text: str, reason: str) -> None:
    fields = {"Bucket": BUCKET, "ObjectKey": KEY, "PresignedUrl": url(), "ETag": text}

    with pytest.raises(ValueError, match=rf"^{reason}.*\.$"):
        parse_etag(text)
    with pytest.raises(InvalidMessage, match=f"^ETag {reason}.* A message may leave it out; S3"):
        parse_message(fields, set())


def test_an_empty_text_has_the_reason_too() -> None:
    with pytest.raises(ValueError, match=r"^is empty"):
        parse_etag("")


def test_the_refusal_of_a_weak_etag_says_who_makes_them_and_what_helps() -> None:
    with pytest.raises(ValueError, match=r"If-Match never matches .*nginx .*turn off compression"):
        parse_etag('W/"8e13ffc9"')
