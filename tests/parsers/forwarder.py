"""The forwarder's parsers of events, of Landfall's answers and of S3's lists."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

from forwarder.answers import NotUnderstood, understood
from forwarder.events import UnknownEvent
from forwarder.s3_refusals import as_code, refusal
from forwarder.sync.inventory import Inventory
from forwarder.sync.listing import CannotWork, usable_etag
from forwarder.wrappings import created_in_body
from tests.parsers import words
from tests.parsers.table import KIB, Parser, good, text

RECORD = {
    "eventVersion": "2.1",
    "eventSource": "aws:s3",
    "eventName": "ObjectCreated:Put",
    "awsRegion": "eu-west-2",
    "eventTime": "2026-03-14T09:26:53Z",
    "s3": {"bucket": {"name": "b"}, "object": {"key": "a%2Bb+c", "eTag": "e"}},
}
BRIDGE = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "b"}, "object": {"key": "k"}},
}
CALL = {
    "source": "aws.s3",
    "detail-type": "AWS API Call via CloudTrail",
    "detail": {
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutObject",
        "requestParameters": {"bucketName": "b", "key": "k"},
    },
}
MESSAGE = {"Bucket": "b", "ObjectKey": "k"}
ANSWER = {
    "status": "landed",
    "object": {"bucket": "b", "name": "n", "generation": "1", "size": 5},
    "source": {"bucket": "b", "key": "k"},
    "verified": ["size"],
    "notification": {"messageId": "1"},
}
MANIFEST = {
    "sourceBucket": "b",
    "fileFormat": "CSV",
    "fileSchema": "Key, Size, ETag",
    "files": [{"key": "rows"}],
}
ROWS = b'"a%2Bb","5","e"\r\n'
WORDS_OF_EVENTS = (
    *words.JSON,
    *(
        b'"Records":[',
        b'{"eventSource":"aws:s3",',
        b'"Type":"Notification","TopicArn":1,"Message":"',
    ),
    *(b'"eventVersion":', b'"detail-type":', b"%2B", b"+"),
)


class Report:
    """S3 with one report of an inventory in it."""

    def __init__(self, manifest: bytes, rows: bytes) -> None:
        self._objects = {"manifest": manifest, "rows": rows}

    def get_object(self, Key: str, **_: object) -> dict[str, Any]:  # noqa: N803 - boto3's name
        return {"Body": Body(self._objects[Key])}


class Body:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        yield self._data


def manifest(data: bytes) -> object:
    return Inventory(Report(data, b""), "b", "manifest")


def rows(data: bytes) -> None:
    packed = gzip.compress(data, 0)
    inventory = Inventory(Report(json.dumps(MANIFEST).encode(), packed), "b", "manifest")
    for _ in inventory.objects("", "eu-west-2"):
        pass


def wrapped(data: bytes) -> None:
    """As a message of a queue, and within one of SNS."""
    inside = {"Type": "Notification", "TopicArn": "t", "Message": text(data)}
    try:
        created_in_body(json.dumps(inside))
    except UnknownEvent:
        pass
    created_in_body(text(data))


def s3_refusal(data: bytes) -> None:
    said = text(data)
    refusal(403, as_code(said) or "AccessDenied", said, "s3:GetObject")
    usable_etag(said)


FORWARDER = (
    Parser(
        *("event", 256 * KIB, wrapped, (UnknownEvent,)),
        (good({"Records": [RECORD]}), good(BRIDGE), good(CALL), good({"Records": [RECORD]})[:40]),
        WORDS_OF_EVENTS,
    ),
    Parser(
        "answer of Landfall",
        256 * KIB,
        lambda data: understood(data, MESSAGE, compares=False),
        (NotUnderstood,),
        (good(ANSWER), b'{"status":'),
        words.JSON,
    ),
    Parser("refusal of S3", 64 * KIB, s3_refusal, (), (b"AccessDenied", b"kms"), words.XML),
    Parser("manifest", 256 * KIB, manifest, (CannotWork,), (good(MANIFEST),), words.JSON),
    Parser(
        *("rows of an inventory", 64 * KIB, rows, (CannotWork,)),
        (ROWS, b'"a'),
        (ROWS, b'"', b",", b"\r\n", b"\r", b"%41", b"+", b'""', b"a", b"\0", b"\xff", b'"a",'),
    ),
)
