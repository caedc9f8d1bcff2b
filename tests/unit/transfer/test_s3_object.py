"""Which S3 object is meant, and which names mean none."""

import pytest

from tests.odd_keys import CONTROLS
from transfer.errors import InvalidMessage
from transfer.s3_object import S3Object, parse_s3_object


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"bucket": "images", "key": "a/b c.png"}, S3Object("images", "a/b c.png")),
        ({"bucket": "images", "key": "k", "versionId": "v1"}, S3Object("images", "k", "v1")),
        ({"bucket": "images", "key": "k", "versionId": ""}, S3Object("images", "k")),
        ({"bucket": "images", "key": "ü" * 512}, S3Object("images", "ü" * 512)),
        ({"bucket": "images", "key": CONTROLS}, S3Object("images", CONTROLS)),
        ({"bucket": "images", "key": "a\r\nb"}, S3Object("images", "a\r\nb")),
    ],
)
def test_a_name_is_taken_as_it_is(fields: dict[str, object], expected: S3Object) -> None:
    assert parse_s3_object(fields) == expected


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Send bucket and key"),
        ({"bucket": "images"}, "Send bucket and key"),
        ({"key": "k"}, "Send bucket and key"),
        ({"bucket": "", "key": "k"}, "Send bucket and key"),
        ({"bucket": "images", "key": ""}, "Send bucket and key"),
        ({"bucket": "images", "key": "k", "versionid": "v"}, "no more"),
        ({"bucket": "images", "key": "k", "validateOnly": True}, "no more"),
        ({"Bucket": "images", "ObjectKey": "k"}, "Send bucket and key"),
        ({"bucket": "no", "key": "k"}, "bucket must be the name"),
        ({"bucket": "a/b", "key": "k"}, "bucket must be the name"),
        ({"bucket": "images", "key": "ü" * 513}, "1024 bytes"),
        ({"bucket": "images", "key": "k" * 1025}, "1024 characters"),
        ({"bucket": "images", "key": "k", "versionId": "v\t1"}, "control characters"),
        ({"bucket": "ima\tges", "key": "k"}, "control characters"),
        ({"bucket": "images", "key": "\ud800"}, "surrogate"),
        ({"bucket": "images", "key": 7}, "must be a string"),
        ({"bucket": ["images"], "key": "k"}, "must be a string"),
        ({"bucket": "images", "key": "k", "versionId": "v" * 1025}, "1024 characters"),
    ],
)
def test_what_names_no_object_is_refused_in_words(fields: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidMessage, match=words):
        parse_s3_object(fields)
