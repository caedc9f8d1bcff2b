"""The message about an object, whatever S3 leaves out of its answer."""

from dataclasses import replace
from typing import Any

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.message import Message, MessageMaker
from forwarder.s3_clients import S3Clients
from tests.servers.raw import answer
from tests.servers.whole_s3 import Refused, WholeS3
from tests.unit.forwarder.clients import clients

ONE = S3Object("heron-meadow", "one", "eu-west-2", "v1", "e0e0", "2026-08-11T09:30:15.204Z", "0A")
NEVER_LEFT_OUT = {"Bucket": "heron-meadow", "ObjectKey": "one"}
OF_THE_EVENT = {"EventTime": ONE.event_time, "Sequencer": "0A"}
HEADERS: dict[str, tuple[str, str, Any]] = {
    "ContentType": ("Content-Type", "text/csv", "text/csv"),
    "VersionId": ("x-amz-version-id", "v2", "v2"),
    "ChecksumType": ("x-amz-checksum-type", "FULL_OBJECT", "FULL_OBJECT"),
    "ChecksumCRC32": ("x-amz-checksum-crc32", "32==", "32=="),
    "ChecksumCRC32C": ("x-amz-checksum-crc32c", "32c=", "32c="),
    "ChecksumCRC64NVME": ("x-amz-checksum-crc64nvme", "64==", "64=="),
    "ChecksumSHA1": ("x-amz-checksum-sha1", "1==", "1=="),
    "ChecksumSHA256": ("x-amz-checksum-sha256", "256=", "256="),
    "LastModified": ("Last-Modified", "Tue, 11 Aug 2026 09:30:15 GMT", "2026-08-11T09:30:15Z"),
    "ETag": ("ETag", '"e"', '"e"'),
    "ContentLength": ("Content-Length", "3", 3),
}


def message_about(wanted: S3Object = ONE, *, pin: bool = False) -> Message:
    message = MessageMaker(clients(), 60, pin).message_about(wanted)
    assert str(message.pop("PresignedUrl")).startswith("http://127.0.0.1:")
    return message


def head_without(left_out: str) -> bytes:
    lines = [f"{h}: {v}\r\n" for name, (h, v, _) in HEADERS.items() if name != left_out]
    return f"HTTP/1.1 200 OK\r\n{''.join(lines)}\r\n".encode()


@pytest.mark.parametrize("left_out", ["nothing", *HEADERS])
def test_what_s3_leaves_out_is_left_out(left_out: str, s3: WholeS3) -> None:
    s3.heads["one"] = head_without(left_out)
    s3.list_refused = Refused("403 Forbidden", "AccessDenied")
    there = {name: value for name, (_, _, value) in HEADERS.items() if name != left_out}

    assert message_about() == NEVER_LEFT_OUT | OF_THE_EVENT | there


@pytest.mark.parametrize("kind", ["OTHER", "full_object", "FULL_OBJECT, COMPOSITE"])
def test_checksums_of_an_unknown_type_cost_themselves_alone(kind: str, s3: WholeS3) -> None:
    """Landfall refuses a message with such a type, at every try."""
    s3.heads["one"] = head_without("ChecksumType")[:-2] + (
        f"x-amz-checksum-type: {kind}\r\n\r\n".encode()
    )
    there = {n: v for n, (_, _, v) in HEADERS.items() if not n.startswith("Checksum")}

    assert message_about() == NEVER_LEFT_OUT | OF_THE_EVENT | there


@pytest.mark.parametrize(
    "time", ["", "now", "Tue, 11 Aug 2026 09:30:15 GMT", "2026-08-11", "2026-08-11 09:30:15Z",
             "2026-08-11T09:30:15", "1786440615", "2026-08-11T25:30:15Z"],
)  # fmt: skip
def test_a_time_in_a_form_that_landfall_refuses_costs_itself_alone(time: str, s3: WholeS3) -> None:
    s3.heads["one"] = head_without("nothing")

    assert "EventTime" not in message_about(replace(ONE, event_time=time))


@pytest.mark.parametrize(
    "time", ["2026-08-11T09:30:15Z", "2026-08-11T09:30:15.204124Z", "2026-08-11T09:30:15+02:00"]
)
def test_a_time_of_the_event_goes_into_the_message(time: str, s3: WholeS3) -> None:
    s3.heads["one"] = head_without("nothing")

    assert message_about(replace(ONE, event_time=time))["EventTime"] == time


def test_an_event_without_time_and_sequencer_makes_a_message_without_them(s3: WholeS3) -> None:
    s3.heads["one"] = head_without("nothing")

    message = message_about(S3Object("heron-meadow", "one", "eu-west-2"))

    assert set(message) == {*NEVER_LEFT_OUT, *HEADERS}


def test_a_message_as_listed_says_what_the_list_said_and_asks_nothing(s3: WholeS3) -> None:
    message = MessageMaker(clients(), 60).message_as_listed(ONE, 7)

    assert str(message.pop("PresignedUrl")).startswith(f"{s3.origin}/heron-meadow/one?")
    assert message == NEVER_LEFT_OUT | {"ContentLength": 7, "ETag": "e0e0"}
    assert s3.seen == []


def test_with_pin_versions_what_is_there_now_is_pinned_if_the_event_names_none(
    s3: WholeS3,
) -> None:
    s3.heads["one"] = head_without("nothing")
    maker = MessageMaker(clients(), 60, pin_versions=True)

    message = maker.message_about(S3Object("heron-meadow", "one", "eu-west-2"))

    assert "versionId=v2" in str(message["PresignedUrl"])


def test_what_an_event_leaves_empty_is_left_out(s3: WholeS3) -> None:
    s3.heads["one"] = head_without("nothing")

    message = message_about(S3Object("heron-meadow", "one", "", "", "", "", ""))

    assert set(message) == {*NEVER_LEFT_OUT, *HEADERS}


@pytest.mark.parametrize(
    ("year", "told"), [(1969, False), (1970, True), (9998, True), (9999, False)]
)
def test_a_time_of_no_calendar_in_use_is_left_out(year: int, told: bool, s3: WholeS3) -> None:
    modified = f"01 Jan {year} 00:00:00 GMT"
    s3.heads["one"] = answer(b"123", Last_Modified=modified)

    assert ("LastModified" in message_about()) is told


def test_of_unreadable_headers_the_events_etag_is_sent(s3: WholeS3) -> None:
    s3.heads["one"] = b"HTTP/1.1 200 OK\r\n" + b"x-amz-meta-a: 1\r\n" * 101 + b"\r\n"
    s3.list_refused = Refused("403 Forbidden", "AccessDenied")

    assert message_about() == NEVER_LEFT_OUT | OF_THE_EVENT | {"ETag": "e0e0"}
    assert "ETag" not in message_about(S3Object("heron-meadow", "one", "eu-west-2"))


def test_a_pinned_version_with_unreadable_headers_is_pinned_all_the_same(s3: WholeS3) -> None:
    s3.heads["one"] = b"HTTP/1.1 200 OK\r\n" + b"x-amz-meta-a: 1\r\n" * 101 + b"\r\n"

    maker = MessageMaker(clients(), 60, pin_versions=True)

    assert "versionId=v1" in str(maker.message_about(ONE)["PresignedUrl"])


PARTS = {"ETag": '"e-2"', "Content_Length": "100"}


@pytest.mark.parametrize(
    ("first", "size"),
    [
        ({"Content_Length": "60", "x_amz_mp_parts_count": "2"}, 60),
        ({"Content_Length": "50", "x_amz_mp_parts_count": "2"}, 50),
        ({"Content_Length": "49", "x_amz_mp_parts_count": "2"}, None),
        ({"Content_Length": "100", "x_amz_mp_parts_count": "2"}, None),
        ({"Content_Length": "60", "x_amz_mp_parts_count": "3"}, None),
        ({"Content_Length": "60", "x_amz_mp_parts_count": "many"}, None),
        ({"Content_Length": "60"}, None),
        ({"Content_Length": "0", "x_amz_mp_parts_count": "2"}, None),
        ({"Content_Length": None, "x_amz_mp_parts_count": "2"}, None),
        ({"Content_Length": "-1", "x_amz_mp_parts_count": "2"}, None),
    ],
)
def test_a_part_size_is_sent_only_if_it_is_sure(
    first: dict[str, str | None], size: int | None, s3: WholeS3, caplog: pytest.LogCaptureFixture
) -> None:
    s3.heads["one"] = answer(b"", "200 OK", **PARTS)
    s3.first_part = answer(b"", "200 OK", **first)

    assert message_about().get("PartSize") == size
    assert b"?partNumber=1 " in s3.requests[-1]
    if first.get("x_amz_mp_parts_count") == "many":
        assert "'heron-meadow/one': forwarded without its part size: ValueError" in caplog.text


@pytest.mark.parametrize("etag", ['"e"', '"e-gzip"', '"e-"', '"-e"', f'"e-{5000 * "1"}"'])
def test_an_etag_of_one_part_has_no_part_size(etag: str, s3: WholeS3) -> None:
    s3.heads["one"] = answer(b"", "200 OK", **PARTS | {"ETag": etag})
    s3.first_part = answer(b"", "200 OK", Content_Length="100", x_amz_mp_parts_count="1")

    assert "PartSize" not in message_about()
    assert len(s3.seen) == 1


def test_no_size_makes_no_part_size(s3: WholeS3) -> None:
    s3.heads["one"] = answer(b"", "200 OK", **PARTS | {"Content_Length": None})
    s3.list_refused = Refused("403 Forbidden", "AccessDenied")
    s3.first_part = answer(b"", "200 OK", Content_Length="50", x_amz_mp_parts_count="2")

    assert "PartSize" not in message_about()


def test_a_weak_etag_of_the_event_is_refused_only_if_it_is_to_be_sent(s3: WholeS3) -> None:
    weak = S3Object("heron-meadow", "one", "eu-west-2", etag='W/"e"')
    s3.put("one", b"1")
    assert "ETag" in message_about(weak)
    s3.heads["one"] = b"HTTP/1.1 200 OK\r\n" + b"x-amz-meta-a: 1\r\n" * 101 + b"\r\n"
    s3.list_refused = Refused("403 Forbidden", "AccessDenied")

    with pytest.raises(NotForwarded, match="weak one"):
        message_about(weak)


def test_an_s3_that_hangs_up_is_told_as_an_outage(s3: WholeS3) -> None:
    s3.put("one", b"1")
    s3.hangs_up = True

    with pytest.raises(NotForwarded, match="S3 could not be asked") as failed:
        message_about()

    assert failed.value.reason == "SOURCE_UNAVAILABLE"


def test_credentials_that_are_missing_are_told_when_signing(
    s3: WholeS3, aws: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws.delenv(name)
    aws.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")

    with pytest.raises(NotForwarded, match="no AWS credentials") as failed:
        MessageMaker(S3Clients(attempts=1), 60).message_as_listed(ONE, 1)

    assert failed.value.reason == "CREDENTIALS"


@pytest.mark.parametrize("region", ["no region!", "-"])
def test_a_region_of_no_kind_is_told(region: str, s3: WholeS3) -> None:
    wanted = S3Object("heron-meadow", "one", region, etag="e")
    maker = MessageMaker(S3Clients(attempts=1), 60)

    with pytest.raises(NotForwarded, match="set AWS_DEFAULT_REGION") as failed:
        maker.message_as_listed(wanted, 1)
    assert failed.value.reason == "AWS_CONFIGURATION"
    with pytest.raises(NotForwarded, match="set AWS_DEFAULT_REGION"):
        maker.message_about(wanted)


@pytest.mark.parametrize("bucket", ["Heron Meadow", "a/b", "arn:aws:s3:::x:y"])
def test_a_bucket_of_no_kind_is_told_as_the_objects_fault(bucket: str, s3: WholeS3) -> None:
    with pytest.raises(NotForwarded, match="send the event as S3 made it") as failed:
        message_about(S3Object(bucket, "one", "eu-west-2"))

    assert failed.value.reason == "SOURCE_REFUSED"
