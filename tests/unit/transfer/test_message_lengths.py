"""How long the texts of a message may be."""

import pytest

from tests.unit.transfer.urls import BUCKET, KEY, url
from transfer.errors import InvalidMessage, UrlRefused
from transfer.message import parse_message

LIMITS = {
    "Bucket": 255,
    "ObjectKey": 1024,
    "PresignedUrl": 64 * 1024,
    "ContentType": 8192,
    "ETag": 1026,
    "VersionId": 1024,
    "EventTime": 64,
    "ChecksumType": 16,
    "ChecksumSHA256": 64,
}


@pytest.mark.parametrize(("name", "limit"), LIMITS.items())
def test_a_text_has_a_length(name: str, limit: int) -> None:
    told = f"{name} must be a string of at most {limit} characters."

    assert refusal_of(name, (limit + 1) * "a") == told
    assert refusal_of(name, limit * "a") != told


def refusal_of(name: str, value: str) -> str:
    fields = {"Bucket": BUCKET, "ObjectKey": KEY, "PresignedUrl": url()} | {name: value}
    try:
        parse_message(fields, set())
    except (InvalidMessage, UrlRefused) as refusal:
        return str(refusal)
    return ""
