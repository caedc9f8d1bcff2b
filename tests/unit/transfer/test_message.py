"""What a message must hold, may hold, and how its fields are read."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest

from tests.odd_keys import ODD_KEYS, REFUSED_KEYS
from tests.unit.transfer.urls import BUCKET, KEY, SIGNATURE, query, url
from transfer.errors import InvalidMessage, UrlRefused
from transfer.message import Message, parse_message

LISTED = "http://127.0.0.1:9000"


def fields(**changed: object) -> dict[str, Any]:
    return {"Bucket": BUCKET, "ObjectKey": KEY, "PresignedUrl": url()} | changed


def parse(**changed: object) -> Message:
    return parse_message(fields(**changed), set())


def base64(digest: bytes) -> str:
    return b64encode(digest).decode()


def test_three_fields_are_enough() -> None:
    message = parse()

    assert message == Message(BUCKET, KEY, message.url)
    assert message.url.reveal() == url()


def test_every_field_is_read() -> None:
    message = parse(
        ContentType="image/png",
        ContentLength=48213,
        ETag='"8e13ffc9fd9d6a6761231a764bdf106b"',
        VersionId="3sl4kqtJ",
        PresignedUrl=url(text=query(versionId="3sl4kqtJ")),
        LastModified="2026-08-11T09:30:14Z",
        EventTime="2026-08-11T09:30:15.204Z",
        Sequencer="0068C2A91F0BADCAFE",
        PartSize=8 * 1024 * 1024,
        ChecksumType="FULL_OBJECT",
        ChecksumCRC32=base64(b"crc1"),
        ChecksumCRC32C=base64(b"crc2"),
        ChecksumCRC64NVME=base64(b"crc64nvm"),
        ChecksumSHA1=base64(b"1" * 20),
        ChecksumSHA256=base64(b"2" * 32),
    )

    assert message == Message(
        bucket=BUCKET,
        key=KEY,
        url=message.url,
        content_type="image/png",
        size=48213,
        etag="8e13ffc9fd9d6a6761231a764bdf106b",
        version_id="3sl4kqtJ",
        last_modified=datetime(2026, 8, 11, 9, 30, 14, tzinfo=UTC),
        event_time=datetime(2026, 8, 11, 9, 30, 15, 204000, tzinfo=UTC),
        part_size=8 * 1024 * 1024,
        full_object=True,
        checksums={
            "crc32": b"crc1",
            "crc32c": b"crc2",
            "crc64nvme": b"crc64nvm",
            "sha1": b"1" * 20,
            "sha256": b"2" * 32,
        },
    )
    assert message.url.version_id == "3sl4kqtJ"


def test_unknown_fields_are_ignored() -> None:
    assert parse(Region="eu-west-2", bucket="other", Tags={"a": [1]}) == parse()


@pytest.mark.parametrize("name", ["ContentType", "ContentLength", "ETag", "VersionId", "PartSize"])
def test_a_null_counts_as_absent(name: str) -> None:
    assert parse(**{name: None}) == parse()


@pytest.mark.parametrize("name", ["ContentType", "ETag", "VersionId", "EventTime", "ChecksumSHA1"])
def test_an_empty_text_counts_as_absent(name: str) -> None:
    assert parse(**{name: ""}) == parse()


@pytest.mark.parametrize("name", ["Bucket", "ObjectKey", "PresignedUrl"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_required_field_is_missed_by_name(name: str, value: object) -> None:
    absent = fields()
    del absent[name]

    with pytest.raises(InvalidMessage, match=f"^{name} is missing"):
        parse_message(absent, set())
    with pytest.raises(InvalidMessage, match=f"^{name} is missing"):
        parse(**{name: value})


TEXTS = ("Bucket", "PresignedUrl", "ETag", "VersionId", "LastModified")
MORE_TEXTS = ("EventTime", "ChecksumType", "ChecksumCRC32", "ChecksumSHA256")


@pytest.mark.parametrize("name", ["ObjectKey", "ContentType", *TEXTS, *MORE_TEXTS])
@pytest.mark.parametrize("value", [1, 1.5, True, ["a"], {"a": "b"}, "a\ud800b", "\udc00"], ids=repr)
def test_a_text_must_be_a_text_of_whole_characters(name: str, value: object) -> None:
    with pytest.raises(InvalidMessage, match=f"^{name} "):
        parse(**{name: value})


@pytest.mark.parametrize("name", [*TEXTS, *MORE_TEXTS])
@pytest.mark.parametrize("value", [f"a{chr(n)}b" for n in (*range(32), 127)], ids=ascii)
def test_a_text_that_names_something_holds_no_control_characters(name: str, value: str) -> None:
    with pytest.raises(InvalidMessage, match=f"^{name} must not hold control characters"):
        parse(**{name: value})


@pytest.mark.parametrize("value", ["text/\tplain", "größe", "\x7f", "a" * 2000, " "], ids=ascii)
def test_a_content_type_may_have_any_form_because_it_is_only_compared(value: str) -> None:
    assert parse(ContentType=value).content_type == value


@pytest.mark.parametrize("key", [*ODD_KEYS.values(), *REFUSED_KEYS.values()], ids=ascii)
def test_a_key_may_hold_any_character(key: str) -> None:
    assert parse(ObjectKey=key, PresignedUrl=url(path=f"/{quote(key)}")).key == key
    with pytest.raises(UrlRefused, match="another key"):
        parse(ObjectKey=key, PresignedUrl=url(path=f"/{quote(key + ' ')}"))


@pytest.mark.parametrize("name", ["ContentLength", "PartSize"])
@pytest.mark.parametrize("value", ["1", "", 1.0, True, False, -1, 2**53 + 1, [], {}], ids=repr)
def test_a_number_must_be_a_whole_number_of_bytes(name: str, value: object) -> None:
    with pytest.raises(InvalidMessage, match=f"^{name} must be a whole number"):
        parse(**{name: value})


def test_an_object_may_be_empty_but_a_part_may_not() -> None:
    assert parse(ContentLength=0).size == 0
    assert parse(ContentLength=2**53).size == 2**53
    assert parse(PartSize=1).part_size == 1
    with pytest.raises(InvalidMessage):
        parse(PartSize=0)


@pytest.mark.parametrize("bucket", ["ab", "a" * 256, "he ron", "heron/meadow", "héron", "..;"])
def test_a_bucket_must_have_the_name_of_one(bucket: str) -> None:
    with pytest.raises(InvalidMessage, match=r"^Bucket "):
        parse(Bucket=bucket)


@pytest.mark.parametrize("bucket", ["b3n", "Old_Bucket.example", "a" * 255])
def test_old_bucket_names_are_taken(bucket: str) -> None:
    text = url(LISTED, f"/{bucket}/k")

    message = parse_message({"Bucket": bucket, "ObjectKey": "k", "PresignedUrl": text}, {LISTED})

    assert message.bucket == bucket


def test_a_key_has_at_most_1024_bytes_not_characters() -> None:
    longest = url(path="/" + 512 * "%C3%A9")

    assert parse(ObjectKey=512 * "é", PresignedUrl=longest).key == 512 * "é"
    for key in (512 * "é" + "k", 1025 * "k"):
        with pytest.raises(InvalidMessage, match=r"^ObjectKey .*1024"):
            parse(ObjectKey=key)


def test_a_key_keeps_its_spaces() -> None:
    assert parse(ObjectKey=" k ", PresignedUrl=url(path="/%20k%20")).key == " k "


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-08-11T09:30:15Z", datetime(2026, 8, 11, 9, 30, 15, tzinfo=UTC)),
        ("2026-08-11T09:30:15.2Z", datetime(2026, 8, 11, 9, 30, 15, 200000, tzinfo=UTC)),
        ("2026-08-11T09:30:15.204000000Z", datetime(2026, 8, 11, 9, 30, 15, 204000, tzinfo=UTC)),
        (
            "2026-08-11T09:30:15+02:00",
            datetime(2026, 8, 11, 9, 30, 15, tzinfo=timezone(timedelta(hours=2))),
        ),
    ],
)
def test_times_are_rfc_3339(text: str, time: datetime) -> None:
    assert parse(EventTime=text).event_time == time
    assert parse(LastModified=text).last_modified == time


@pytest.mark.parametrize("name", ["LastModified", "EventTime"])
@pytest.mark.parametrize(
    "text",
    [
        "now",
        "2026-08-11",
        "2026-08-11T09:30:15",
        "2026-08-11 09:30:15Z",
        "2026-02-30T09:30:15Z",
        "2026-08-11T25:30:15Z",
        "Tue, 11 Aug 2026 09:30:15 GMT",
        "1786440615",
        "2026-08-11T09:30:15Z" + 64 * " ",
    ],
)
def test_another_notation_of_time_is_refused(name: str, text: str) -> None:
    with pytest.raises(InvalidMessage, match=f"^{name} must be a "):
        parse(**{name: text})


@pytest.mark.parametrize(("text", "whole"), [("FULL_OBJECT", True), ("COMPOSITE", False)])
def test_the_checksum_type_tells_what_the_checksums_are_over(text: str, *, whole: bool) -> None:
    assert parse(ChecksumType=text).full_object is whole


@pytest.mark.parametrize("text", ["full_object", "PARTIAL", "COMPOSITE "])
def test_another_checksum_type_is_refused(text: str) -> None:
    with pytest.raises(InvalidMessage, match=r"^ChecksumType "):
        parse(ChecksumType=text)


SIZES = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_a_checksum_must_be_base64_of_its_own_length(name: str, size: int) -> None:
    digest = b"\xff" * size

    assert parse(**{f"Checksum{name}": base64(digest)}).checksums == {name.lower(): digest}
    for text in (
        base64(digest + b"\xff"),
        base64(digest[1:]),
        digest.hex(),
        base64(digest) + "=",
        base64(digest).replace("/", "_"),
        f" {base64(digest)}",
        "é" * size,
        "!",
    ):
        with pytest.raises(InvalidMessage, match=f"^Checksum{name} must be {size} bytes"):
            parse(**{f"Checksum{name}": text})


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_a_checksum_of_checksums_is_left_out(name: str, size: int) -> None:
    for parts in ("-3", "-12", "-10000"):
        assert parse(**{f"Checksum{name}": base64(b"\xff" * size) + parts}).checksums == {}
    with pytest.raises(InvalidMessage):
        parse(**{f"Checksum{name}": "-3"})


def test_the_url_is_bound_to_bucket_key_and_version() -> None:
    for changed in (
        {"Bucket": "other-bucket"},
        {"ObjectKey": "other"},
        {"PresignedUrl": url(text=query(versionId="v1"))},
        {"PresignedUrl": url(text=query(versionId="v1")), "VersionId": "v2"},
        {"PresignedUrl": url(LISTED, f"/{BUCKET}/field%20notes/1.png")},
        {"PresignedUrl": "https://evil.example/?" + SIGNATURE},
    ):
        with pytest.raises(UrlRefused) as refusal:
            parse(**changed)
        assert SIGNATURE not in str(refusal.value)


def test_a_message_does_not_show_its_signature() -> None:
    assert SIGNATURE not in repr(parse())
