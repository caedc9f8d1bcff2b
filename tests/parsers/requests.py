"""The service's parsers of what a request holds."""

from collections.abc import Mapping

from flask import Flask, request
from werkzeug.exceptions import HTTPException

from adapters.file_names import clash_path, plain_path
from handlers.arriving import CHUNKS_BYTES, HEAD_BYTES, Arriving, Verdict
from handlers.body import MAX_BYTES, read_message_body
from handlers.errors import RequestRefused
from handlers.query import read_query
from handlers.trace_context import trace_of
from tests.parsers import words
from tests.parsers.table import KIB, Parser, good, text
from tests.unit.transfer.urls import BUCKET, HOST, KEY, query, url
from transfer.api_keys import ApiKey, check_bucket
from transfer.errors import BucketNotAllowed, InvalidMessage, UrlRefused
from transfer.message import parse_message
from transfer.object_name import ObjectName
from transfer.presigned_url import parse_presigned_url
from transfer.printable import printable, printable_lines
from transfer.redaction import redact
from transfer.s3_object import parse_s3_object

LISTED = "http://127.0.0.1:9000"
MAX_HEADER = 8 * KIB
"""Of one header, and of the line, of a request: gunicorn takes no longer ones."""
MESSAGE: Mapping[str, object] = {"Bucket": BUCKET, "ObjectKey": KEY, "PresignedUrl": url()}
FIELDS = (
    *("Bucket", "ObjectKey", "PresignedUrl", "ContentType", "ETag", "VersionId", "LastModified"),
    *("EventTime", "ChecksumType", "ChecksumSHA256", "ChecksumCRC32"),
)
PIECE = 64
APP = Flask(__name__)
CALLER = ApiKey("a", b"", ("*a*a*a*a*b", "[!-]*-[a-z]*"))
REFUSED = (RequestRefused, HTTPException)


def presigned_url(data: bytes) -> object:
    return parse_presigned_url(text(data), BUCKET, KEY, "v", {LISTED})


def message(data: bytes) -> None:
    """Each field with the input, one after the other; others are good."""
    for field in FIELDS:
        try:
            parse_message({**MESSAGE, field: text(data)}, {LISTED})
        except (InvalidMessage, UrlRefused):
            pass


def arriving(data: bytes) -> None:
    """A request in small pieces: each is looked at when it comes."""
    request, arrived = Arriving(), bytearray()
    for start in range(0, len(data), PIECE):
        arrived += data[start : start + PIECE]
        if request.look(arrived) is not Verdict.PART:
            return


def json_body(data: bytes) -> object:
    with APP.test_request_context(method="POST", data=data, content_type="application/json"):
        return read_message_body(request)


def content_type(data: bytes) -> object:
    said = {"CONTENT_TYPE": data.decode("latin-1"), "HTTP_CONTENT_ENCODING": data.decode("latin-1")}
    with APP.test_request_context(method="POST", data=b"{}", environ_overrides=said):
        return read_message_body(request)


def query_string(data: bytes) -> object:
    said = {"QUERY_STRING": data.decode("latin-1")}
    with APP.test_request_context(environ_overrides=said):
        return parse_s3_object(read_query(request))


def trace(data: bytes) -> None:
    said = data.decode("latin-1")
    trace_of(said, said)


def names(data: bytes) -> None:
    """A key, or a bucket's name, wherever it goes."""
    name = text(data)
    asked = parse_s3_object({"bucket": BUCKET, "key": name, "versionId": name})
    ObjectName("{bucket}/{key}/{version_id}").of_object(asked)
    plain_path(name)
    clash_path(name)
    printable(name)


def bucket(data: bytes) -> None:
    name = parse_s3_object({"bucket": text(data), "key": "k"}).bucket
    check_bucket(name, {"aws"}, CALLER.buckets, CALLER)


def log_line(data: bytes) -> str:
    return printable_lines(redact(text(data)))


REQUESTS = (
    Parser(
        "presigned URL",
        64 * KIB,
        presigned_url,
        (UrlRefused,),
        (
            url().encode(),
            url(LISTED, f"/{BUCKET}/k").encode(),
            f"https://{HOST}/".encode(),
            b"https://a",
            f"{url()}&versionId=v".encode(),
            url(text=query(X_Amz_Security_Token="a")).encode(),
        ),
        words.URLS,
    ),
    Parser(
        "fields of a message",
        64 * KIB,
        message,
        (),
        (url().encode(), b"2026-03-14T09:26:53.5Z", b"AAAAAA==-3", b'"e"'),
        words.URLS + words.NAMES,
    ),
    Parser(
        "request as it arrives",
        HEAD_BYTES + CHUNKS_BYTES,
        arriving,
        (),
        (
            b"POST /processmessage HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\n",
            b"GET /",
        ),
        words.LINES + words.CHUNKS,
    ),
    Parser(
        "body of a request",
        MAX_BYTES,
        json_body,
        REFUSED,
        (good({"inputMessage": MESSAGE}), b'{"a":', b"["),
        words.JSON,
    ),
    Parser(
        "type of a body",
        MAX_HEADER,
        content_type,
        REFUSED,
        (
            b"application/json; charset=utf-8",
            b'application/json; a="',
            b"application/json; a*0*=utf-8''a",
        ),
        (
            *(b"; a=b", b";", b'"', b"\\", b'; a="b"', b"; a*1=b", b"; a*=utf-8''%41", b"%", b"="),
            *(b"'", b" ", b"/", b"application/"),
        ),
    ),
    Parser(
        "query",
        MAX_HEADER,
        query_string,
        (RequestRefused, InvalidMessage),
        (b"bucket=heron&key=a%2Fb", b"key="),
        words.URLS,
    ),
    Parser(
        "trace",
        MAX_HEADER,
        trace,
        (),
        (b"00-" + 32 * b"a" + b"-" + 16 * b"b" + b"-01", 32 * b"a" + b"/1;o=1"),
        words.NAMES,
    ),
    Parser(
        "key of an object", 4 * KIB, names, (InvalidMessage,), (b"a/b.png", b"../"), words.NAMES
    ),
    Parser(
        "name of a bucket",
        KIB,
        bucket,
        (InvalidMessage, BucketNotAllowed),
        (b"heron-meadow", b"a"),
        (b"a", b"a-", b"-", b".", b"aaaab", b"A"),
    ),
    Parser(
        "line of the log",
        64 * KIB,
        log_line,
        (),
        (url().encode(), b"x-api-key: a", b"authorization: bearer "),
        words.LOGS + words.URLS,
    ),
)
