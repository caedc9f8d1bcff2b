"""What one look at an object shows, over real sockets: there, gone, refused, or unknown."""

from datetime import UTC, datetime

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded, ObjectGone
from forwarder.looking import Looking, Seen
from tests.servers.raw import answer
from tests.servers.scripted_s3 import reset_at_once
from tests.servers.whole_s3 import Refused, WholeS3
from tests.unit.forwarder.clients import clients

ONE = S3Object("heron-meadow", "one", "eu-west-2")
PINNED = S3Object("heron-meadow", "one", "eu-west-2", version_id="v1")
LOOKED = ["HEAD /heron-meadow/one eu-west-2", "GET /heron-meadow/one eu-west-2"]
WITNESS = "GET /heron-meadow eu-west-2"


def look(wanted: S3Object = ONE, *, pin: bool = False) -> Seen:
    return Looking(clients(), pin).look(wanted)


def failure_of(wanted: S3Object = ONE, *, pin: bool = False) -> NotForwarded:
    with pytest.raises(NotForwarded) as failed:
        look(wanted, pin=pin)
    return failed.value


def test_an_object_that_is_there_costs_one_request(s3: WholeS3) -> None:
    etag = s3.put("one", b"123", Content_Type="text/csv")

    seen = look()

    assert (seen.head["ETag"], seen.head["ContentLength"]) == (f'"{etag}"', 3)
    assert seen.head["ContentType"] == "text/csv"
    assert seen.object == ONE
    assert s3.seen == LOOKED[:1]
    assert s3.headers["x-amz-checksum-mode"] == "ENABLED"


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion"])
def test_only_s3s_own_word_says_that_an_object_is_gone(code: str, s3: WholeS3) -> None:
    s3.refuse("one", "404 Not Found", code)

    with pytest.raises(ObjectGone):
        look()

    assert s3.seen == LOOKED
    assert s3.headers["range"] == "bytes=0-0"


def test_a_delete_marker_is_gone(s3: WholeS3) -> None:
    marker = (("x_amz_delete_marker", "true"),)
    s3.refused["one"] = Refused("405 Not Allowed", "MethodNotAllowed", headers=marker)

    with pytest.raises(ObjectGone):
        look(PINNED, pin=True)


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        ("404 Not Found", "NoSuchBucket", "NoSuchBucket: there is no such bucket"),
        ("404 Not Found", None, "HTTP 404: the answer has no error of S3 in it"),
        ("404 Not Found", "Other", "Other: look this error up"),
        ("403 Forbidden", "NoSuchKey", "NoSuchKey: there is no such object"),
        ("403 Forbidden", None, "HTTP 403: the answer has no error of S3 in it"),
        ("405 Not Allowed", "MethodNotAllowed", "MethodNotAllowed: the version is a delete marker"),
        ("403 Forbidden", "AccessDenied", "AccessDenied: give these AWS credentials s3:GetObject"),
    ],
)
def test_no_other_refusal_passes_for_gone(
    status: str, code: str | None, told: str, s3: WholeS3
) -> None:
    s3.refuse("one", status, code)

    failure = failure_of()

    assert failure.reason == "SOURCE_REFUSED"
    assert f"S3 answered {told}" in str(failure)
    assert "words" not in str(failure)
    assert s3.seen == LOOKED


def test_an_object_that_only_headobject_is_refused_for_is_tried_again(s3: WholeS3) -> None:
    for body in (b"", b"123"):
        s3.put("one", body)
        s3.heads["one"] = answer(b"", "403 Forbidden", ETag=None)

        failure = failure_of()

        assert failure.reason == "SOURCE_UNAVAILABLE"
        assert "S3 answered HeadObject with 403, but GetObject with the object" in str(failure)


def test_an_empty_object_that_has_no_range_is_there_too(s3: WholeS3) -> None:
    s3.heads["one"] = answer(b"", "403 Forbidden", ETag=None)
    s3.refuse("one", "416 Range Not Satisfiable", "InvalidRange")

    assert failure_of().reason == "SOURCE_UNAVAILABLE"


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 x", "503 x"])
def test_a_busy_server_is_not_asked_why(status: str, s3: WholeS3) -> None:
    s3.refuse("one", status, "Busy")

    assert failure_of().reason == "SOURCE_UNAVAILABLE"
    assert set(s3.seen) == set(LOOKED[:1])


def test_a_server_that_hangs_up_when_asked_why_is_tried_again(s3: WholeS3) -> None:
    s3.heads["one"] = answer(b"", "403 Forbidden", ETag=None)
    s3.put("one", b"1")
    s3.faults = [reset_at_once]

    failure = failure_of()

    assert failure.reason == "SOURCE_UNAVAILABLE"
    assert "S3 could not be asked (ConnectionClosedError)" in str(failure)


@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden"])
@pytest.mark.parametrize(
    ("of_others", "reason"),
    [
        (None, "SOURCE_REFUSED"),
        (Refused("403 Forbidden", "AccessDenied"), "SOURCE_REFUSED"),
        (Refused("403 Forbidden", None), "SOURCE_REFUSED"),
        (Refused("404 Not Found", "NoSuchBucket"), "SOURCE_REFUSED"),
        (Refused("403 Forbidden", "SignatureDoesNotMatch"), "CREDENTIALS"),
        (Refused("400 Bad Request", "ExpiredToken"), "CREDENTIALS"),
        (Refused("400 Bad Request", None), "CREDENTIALS"),
    ],
)
def test_a_signature_is_blamed_on_the_credentials_only_with_a_witness(
    status: str, of_others: Refused | None, reason: str, s3: WholeS3
) -> None:
    code = None if status.startswith("400") else "SignatureDoesNotMatch"
    s3.refuse("one", status, code)
    s3.list_refused = of_others

    failure = failure_of()

    assert failure.reason == reason
    assert [s3.seen[0], *s3.seen[-2:]] == [*LOOKED, WITNESS]
    if reason == "CREDENTIALS":
        assert "credentials are wrong or have expired: renew them" in str(failure)


def test_no_witness_that_answers_is_none_against_the_credentials(s3: WholeS3) -> None:
    s3.refuse("one", "403 Forbidden", "SignatureDoesNotMatch")
    s3.list_refused = Refused("200 OK", None)

    assert failure_of().reason == "SOURCE_REFUSED"


def test_an_sse_c_object_is_its_own_fault_and_needs_no_witness(s3: WholeS3) -> None:
    words = "The object was stored using a form of Server Side Encryption. The correct parameters"
    s3.refuse("one", "400 Bad Request", "InvalidRequest", words)

    failure = failure_of()

    assert failure.reason == "SOURCE_REFUSED"
    assert "(SSE-C)" in str(failure)
    assert WITNESS not in s3.seen


MANY = b"".join(b"x-amz-meta-%d: v\r\n" % number for number in range(1000))
OK = b"HTTP/1.1 200 OK\r\n"
FIELDS = b'ETag: "other"\r\nContent-Length: 9\r\n'
UNREADABLE = {
    "many headers": OK + MANY + FIELDS + b"\r\n",
    "a name beyond ASCII": OK + "x-amz-meta-größe: 1\r\n".encode() + FIELDS + b"\r\n",
    "a line of 70,000 bytes": OK + FIELDS + b"x-amz-meta-a: " + b"v" * 70_000 + b"\r\n\r\n",
    "an odd Last-Modified": OK + FIELDS + b"Last-Modified: yesterday\r\n\r\n",
    "a Last-Modified beyond time": OK + FIELDS + b"Last-Modified: 99999999999999999\r\n\r\n",
    "an odd Content-Length": OK + b'ETag: "other"\r\nContent-Length: many\r\n\r\n',
    "a negative Content-Length": OK + b'ETag: "other"\r\nContent-Length: -1\r\n\r\n',
    "an odd parts count": OK + FIELDS + b"x-amz-mp-parts-count: many\r\n\r\n",
    "no ETag": OK + b"Content-Length: 9\r\n\r\n",
    "an empty ETag": OK + b'ETag: ""\r\nContent-Length: 9\r\n\r\n',
    "no Content-Length": OK + b'ETag: "other"\r\n\r\n',
    "nothing": OK + b"\r\n",
    "no HTTP": b"nonsense\r\n\r\n",
}


@pytest.mark.parametrize("head", UNREADABLE.values(), ids=UNREADABLE)
def test_what_headers_cannot_tell_a_list_does(head: bytes, s3: WholeS3) -> None:
    etag = s3.put("one", b"123")
    s3.put("one more", b"a neighbour")
    s3.heads["one"] = head

    seen = look()

    assert (seen.head["ETag"], seen.head["ContentLength"]) == (f'"{etag}"', 3)
    assert seen.head["LastModified"] == datetime(2026, 8, 11, 9, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize("head", UNREADABLE.values(), ids=UNREADABLE)
def test_who_may_not_list_learns_what_can_be_read(head: bytes, s3: WholeS3) -> None:
    s3.heads["one"] = head
    s3.list_refused = Refused("403 Forbidden", "AccessDenied")

    assert look().head.get("ETag") in (None, '""', '"other"')


def test_a_version_is_in_no_list(s3: WholeS3) -> None:
    s3.heads["one"] = UNREADABLE["many headers"]

    assert look(PINNED, pin=True).head == {}
    assert WITNESS not in s3.seen


def test_an_unreadable_object_that_no_list_has_is_tried_again(s3: WholeS3) -> None:
    s3.heads["one"] = UNREADABLE["many headers"]
    s3.put("one more", b"a neighbour")

    assert failure_of().reason == "SOURCE_UNAVAILABLE"


def test_an_unreadable_object_in_an_outage_is_tried_again(s3: WholeS3) -> None:
    s3.heads["one"] = UNREADABLE["many headers"]
    s3.list_refused = Refused("503 x", "SlowDown")

    assert failure_of().reason == "SOURCE_UNAVAILABLE"


def test_readable_fields_do_for_a_server_without_etags_in_an_outage_of_its_list(
    s3: WholeS3,
) -> None:
    s3.heads["one"] = UNREADABLE["no ETag"]
    s3.list_refused = Refused("503 x", "SlowDown")

    assert look().head["ContentLength"] == 9


def test_a_weak_etag_is_refused_by_its_name(s3: WholeS3) -> None:
    s3.put("one", b"123", ETag='W/"e"')

    failure = failure_of()

    assert failure.reason == "SOURCE_REFUSED"
    assert "weak one (W/...), with which If-Match cannot pin" in str(failure)


def test_a_server_that_is_not_there_is_tried_again(s3: WholeS3, aws: pytest.MonkeyPatch) -> None:
    aws.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")

    failure = failure_of()

    assert failure.reason == "SOURCE_UNAVAILABLE"
    assert "S3 could not be asked (EndpointConnectionError)" in str(failure)


def test_the_version_of_the_event_is_looked_at_only_when_it_is_pinned(s3: WholeS3) -> None:
    s3.put("one", b"1")

    look(PINNED)
    assert "versionId" not in s3.request_line
    look(PINNED, pin=True)
    assert "versionId=v1" in s3.request_line
