"""The service's parsers of what sources and stores send."""

import io
import json
import tempfile
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast

from adapters.directory_record import read_record
from adapters.gcs_refusals import refusal_of
from adapters.gcs_resources import stored_object
from adapters.http_connection import MAX_HEAD_BYTES, Response
from adapters.kept_connections import Answer
from adapters.public_address import is_public
from adapters.s3_answers import error_of
from tests.fakes import message_for
from tests.parsers import words
from tests.parsers.table import KIB, Parser, good, text
from transfer.errors import StoreUnavailable
from transfer.etag import parse_etag
from transfer.header_text import text_of
from transfer.notification import notification_of
from transfer.object_headers import object_headers
from transfer.source import SourceHeaders
from transfer.store import ABSENT, ObjectHeaders, StoredObject

RESOURCE = {
    "bucket": "b",
    "name": "n",
    "generation": "1",
    "metageneration": "1",
    "size": "5",
    "timeCreated": "2026-03-14T09:26:53Z",
    "updated": "2026-03-14T09:26:53Z",
    "contentType": "image/png",
    "metadata": {"a": "b"},
}
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
DATE = b"Sat, 14 Mar 2026 09:26:53 "
ERROR = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
WHERE = (
    b"<Error><Region>eu-west-2</Region><Endpoint>b.s3.eu-west-2.amazonaws.com</Endpoint></Error>"
)
TIME = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
RECORD = Path(tempfile.mkdtemp(prefix="landfall-record-")) / "record"
HTTP = (HTTPException, OSError)
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


class Wire:
    """A connection on which these bytes have come."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def answer(data: bytes) -> Response:
    found = Response(cast("Any", Wire(data)))
    found.begin()
    return found


def body(data: bytes) -> bytes:
    return answer(CHUNKED + data).read(64 * KIB)


def headers(data: bytes) -> object:
    """All that may be kept of an answer, each header with its part of the input."""
    names = ("content-type", "content-encoding", "last-modified", "x-amz-version-id")
    pieces = [piece.decode("latin-1") for piece in data.split(b"\n", 1000)]
    values = {f"x-amz-meta-{number}": piece for number, piece in enumerate(pieces)}
    values |= dict(zip(names, pieces[1:], strict=False)) | {f"x-amz-meta-{pieces[-1][:KIB]}": "1"}
    return object_headers(message_for(b""), SourceHeaders(values), "e", ("size",), ABSENT)


def refusal(data: bytes) -> None:
    said = text(data[: 8 * KIB])
    for status in (403, 404, 301, 503):
        error_of(status, data, said, said)


def header(data: bytes) -> str:
    return text_of(data.decode("latin-1"))


def etag(data: bytes) -> str:
    return parse_etag(text(data))


def address(data: bytes) -> bool:
    return is_public(text(data))


def notification(data: bytes) -> object:
    said = data.decode("utf-8", "replace")
    metadata = {"s3-last-modified": said, "s3-key": said, "s3-etag": said, "a": said}
    fixed = ("b", said[:1024], 1, 1, 5, "AAAAAA==", None, ObjectHeaders(metadata=metadata))
    return notification_of(StoredObject(*fixed, TIME, TIME), None)


def store_refusal(data: bytes) -> object:
    refusal_of(Answer(403, {}, json.dumps({"error": {"message": text(data)}}).encode()))
    return refusal_of(Answer(403, {}, data))


def resource(data: bytes) -> None:
    """What the store says, as JSON, and in each of its fields."""
    for said in ({**RESOURCE, "generation": text(data)}, {**RESOURCE, "updated": text(data)}):
        try:
            stored_object(said)
        except StoreUnavailable:
            pass
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return
    stored_object(found)


def record(data: bytes) -> object:
    RECORD.write_bytes(data)
    return read_record(RECORD)


SOURCES = (
    Parser(
        "head of an answer",
        MAX_HEAD_BYTES + KIB,
        answer,
        HTTP,
        (
            OK + b"ETag: e\r\nContent-Length: 0\r\n\r\n",
            OK + b"A: b",
            OK + b"x-amz-meta-a: b",
            b"HTTP/1.1 100 x\r\n\r\n",
        ),
        words.LINES + words.HEADERS,
    ),
    Parser(
        "chunks of an answer",
        256 * KIB,
        body,
        HTTP,
        (b"5\r\nheron\r\n0\r\n\r\n", b"5;a=b\r\nheron\r\n", b"0\r\n"),
        words.CHUNKS,
    ),
    Parser(
        "value of a header",
        MAX_HEAD_BYTES,
        header,
        (),
        (b"=?utf-8?q?", b"=?utf-8?q?a?=", b"a"),
        words.HEADERS,
    ),
    Parser(
        "headers of an object",
        MAX_HEAD_BYTES,
        headers,
        (),
        (b"=?utf-8?q?a?=\n" * 8, DATE + b"GMT"),
        (*words.HEADERS, b"\n", b"=?a?q?b\n"),
    ),
    Parser("error of S3", 64 * KIB, refusal, (), (ERROR, WHERE, b"<Error><Message>"), words.XML),
    Parser("ETag", 64 * KIB, etag, (ValueError,), (b'"e"', b'W/"e"', b'"'), words.NAMES),
    Parser(
        "IP address",
        KIB,
        address,
        (),
        (b"8.8.8.8", b"2600::1"),
        (b":", b".", b"0", b"f", b"%", b"::", b"1.", b"/"),
    ),
    Parser(
        "notification",
        8 * KIB,
        notification,
        (),
        (DATE + b"GMT", DATE + b"+99999999"),
        (*words.NAMES, b"Sat, ", b"Mar ", b"2026 ", b":00", b"-9999 ", b"GMT"),
    ),
    Parser(
        "refusal of Cloud Storage",
        64 * KIB,
        store_refusal,
        (),
        (
            good({"error": {"errors": [{"reason": "a"}], "message": "m"}}),
            b"<?xml version='1.0'?><Error><Code>A</Code>",
            b"Object 'a' is subject to b retention c and cannot",
        ),
        words.XML + words.JSON,
    ),
    Parser(
        "object of Cloud Storage",
        64 * KIB,
        resource,
        (StoreUnavailable,),
        (good(RESOURCE), b"2026-03-14T09:26:53Z"),
        words.JSON + words.NAMES,
    ),
    Parser(
        "record of the directory",
        64 * KIB,
        record,
        UNREADABLE,
        (good({"name": "a", "headers": {}, "created": "2026-03-14T09:26:53Z"}),),
        words.JSON,
    ),
)
