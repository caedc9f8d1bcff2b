"""What is stored beside the bytes: S3's headers, the user's metadata, and our record."""

from typing import Any

import pytest

from tests.fakes import message_for
from transfer import object_headers as names
from transfer.object_headers import object_headers
from transfer.source import SourceHeaders
from transfer.store import ABSENT, ObjectHeaders, Token

ETAG = "8e13ffc9fd9d6a6761231a764bdf106b"
OURS = {
    "s3-origin",
    "s3-bucket",
    "s3-key",
    "s3-etag",
    "s3-version-id",
    "s3-last-modified",
    "landfall-verified",
    "landfall-overwrote",
    "landfall-crc32c",
    "landfall-notified",
    "landfall-notified-time",
    "landfall-touched",
}


def headers_for(
    source: dict[str, str] | None = None, replaced: Token = ABSENT, **fields: Any
) -> ObjectHeaders:
    message = message_for(b"", **fields)
    return object_headers(message, SourceHeaders(source or {}), ETAG, ("size", "md5"), replaced)


def test_an_answer_without_headers_leaves_the_record_only() -> None:
    assert headers_for() == ObjectHeaders(
        metadata={
            "s3-origin": "http://127.0.0.1:9000",
            "s3-bucket": "source",
            "s3-key": "a/b.bin",
            "s3-etag": ETAG,
            "landfall-verified": "size,md5",
        }
    )


def test_the_headers_of_the_object_keep_their_meaning() -> None:
    stored = headers_for(
        {
            "content-type": "text/plain; charset=utf-8",
            "cache-control": "max-age=60",
            "content-disposition": 'attachment; filename="a.txt"',
            "content-language": "de",
            "content-encoding": "gzip",
            "content-length": "5",
            "x-amz-request-id": "not of the object",
        }
    )

    assert stored == ObjectHeaders(
        content_type="text/plain; charset=utf-8",
        cache_control="max-age=60",
        content_disposition='attachment; filename="a.txt"',
        content_language="de",
        content_encoding="gzip",
        metadata=headers_for().metadata,
    )


def test_the_record_tells_the_version_and_its_time_where_s3_does() -> None:
    metadata = headers_for(
        {"x-amz-version-id": "v1", "last-modified": "Tue, 11 Aug 2026 09:30:14 GMT"}
    ).metadata

    assert metadata["s3-version-id"] == "v1"
    assert metadata["s3-last-modified"] == "Tue, 11 Aug 2026 09:30:14 GMT"


def test_the_record_tells_which_generation_is_replaced() -> None:
    assert headers_for(replaced=Token(17, 3)).metadata["landfall-overwrote"] == "17"
    assert "landfall-overwrote" not in headers_for().metadata


def test_the_record_says_nothing_of_notifications_yet() -> None:
    assert not {"landfall-notified", "landfall-touched"} & set(headers_for().metadata)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("aws-chunked", None),
        ("AWS-Chunked", None),
        ("aws-chunked,gzip", "gzip"),
        ("aws-chunked, gzip", "gzip"),
        ("gzip, aws-chunked", "gzip"),
        ("gzip, br", "gzip, br"),
        ("identity", "identity"),
        ("", None),
        (" , ", None),
    ],
)
def test_the_encoding_of_the_upload_to_s3_is_left_out(sent: str, stored: str | None) -> None:
    assert headers_for({"content-encoding": sent}).content_encoding == stored


def test_user_metadata_keeps_its_own_names() -> None:
    metadata = headers_for({"x-amz-meta-camera": "M11", "x-amz-meta-x-amz-meta-y": "z"}).metadata

    assert metadata["camera"] == "M11"
    assert metadata["x-amz-meta-y"] == "z"


def latin_1(text: str) -> str:
    """UTF-8 on the wire, as http.client hands it on."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize("sent", ["=?UTF-8?Q?Z=C3=BCrich?=", latin_1("Zürich"), "Z\xfcrich"])
def test_user_metadata_is_decoded(sent: str) -> None:
    assert headers_for({"x-amz-meta-place": sent}).metadata["place"] == "Zürich"


@pytest.mark.parametrize("name", sorted(OURS))
def test_user_metadata_cannot_fake_the_record(name: str) -> None:
    metadata = headers_for({f"x-amz-meta-{name}": "fake"}).metadata

    assert metadata.get(name) == headers_for().metadata.get(name)
    assert metadata[f"x-amz-meta-{name}"] == "fake"


def test_these_are_all_names_of_ours() -> None:
    assert {
        value
        for name, value in vars(names).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    } == OURS


def test_a_key_is_recorded_unescaped() -> None:
    assert headers_for(key="größe/☃ %20").metadata["s3-key"] == "größe/☃ %20"


FIELDS = [
    "content_type",
    "cache_control",
    "content_disposition",
    "content_language",
    "content_encoding",
]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (latin_1('a; b="Zürich.csv"'), 'a; b="Zürich.csv"'),
        ("a; b=Z\xfcrich", "a; b=Zürich"),
        ("=?UTF-8?Q?a;_b=3DZ=C3=BCrich?=", "a; b=Zürich"),
        ("a;\tb=c", "a; b=c"),
        ("\ta ", "a"),
        ("", None),
        (" \t", None),
        (8192 * "x", 8192 * "x"),
    ],
)
def test_a_header_of_the_object_is_text(field: str, sent: str, stored: str | None) -> None:
    assert getattr(headers_for({field.replace("_", "-"): sent}), field) == stored


UNFIT = ["a\x00b", "a\x01b", "a\x1fb", "a\x7fb", 8193 * "x", 4097 * "\xfc"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("sent", UNFIT)
def test_a_header_that_cannot_be_kept_is_left_out_and_named(
    field: str, sent: str, caplog: pytest.LogCaptureFixture
) -> None:
    header = field.replace("_", "-")

    assert headers_for({header: sent}) == headers_for()

    (record,) = caplog.records
    assert (record.levelname, record.name) == ("WARNING", "landfall.headers")
    assert f"'{header}'" in record.getMessage()
    assert sent not in record.getMessage()


@pytest.mark.parametrize(
    ("header", "name", "limit"),
    [("x-amz-version-id", "s3-version-id", 1024), ("last-modified", "s3-last-modified", 64)],
)
def test_the_record_holds_nothing_that_cannot_be_kept(
    header: str, name: str, limit: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert headers_for({header: limit * "v"}).metadata[name] == limit * "v"
    assert caplog.records == []

    for sent in ("a\x01b", (limit + 1) * "v"):
        assert headers_for({header: sent}) == headers_for()
        assert f"'{header}'" in caplog.text
        caplog.clear()


def test_no_header_left_out_is_no_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    headers_for({"x-amz-meta-a": "b", "content-type": "", "x-amz-request-id": "\x00"})

    assert caplog.records == []


def test_what_is_left_out_is_named_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    headers_for({"cache-control": "\x00", latin_1("x-amz-meta-größe"): "1", "x-amz-meta-": "2"})

    (record,) = caplog.records
    assert record.getMessage() == (
        "The object 'a/b.bin' of bucket source lands without headers that cannot be kept: "
        r"'cache-control', 'x-amz-meta-', 'x-amz-meta-gr\xf6\xdfe'"
    )


def test_the_line_in_the_log_is_bounded_and_escaped(caplog: pytest.LogCaptureFixture) -> None:
    headers_for(
        {f"x-amz-meta-\r\n{n:04}{5000 * 'x'}": "canary" for n in range(1000)}, key="a\u2028b"
    )

    line = caplog.records[0].getMessage()
    assert len(caplog.records) == 1
    assert len(line) < 3000
    assert line.isprintable()
    assert "980 more" in line
    assert "canary" not in line


def test_metadata_that_s3_does_not_return_is_named(caplog: pytest.LogCaptureFixture) -> None:
    headers_for({"x-amz-missing-meta": "3"})

    assert "x-amz-missing-meta" in caplog.text


def test_two_kilobytes_of_user_metadata_always_fit(caplog: pytest.LogCaptureFixture) -> None:
    """Beside the longest record that there may be."""
    message = message_for(b"", bucket=63 * "b", key=1024 * "k")
    source = {f"x-amz-meta-{n:04}": "" for n in range(512)}
    source |= {"x-amz-version-id": 1024 * "v", "last-modified": 64 * "l"}
    replaced = Token(2**63, 1)

    stored = object_headers(message, SourceHeaders(source), 1024 * "e", ("size",), replaced)

    assert len([name for name in stored.metadata if name.isdigit()]) == 512
    assert caplog.records == []


def test_all_metadata_together_is_no_larger_than_cloud_storage_takes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = {f"x-amz-meta-{n:04}": 60 * "\xfc" for n in range(100)}

    metadata = headers_for(source, key=1024 * "k").metadata

    assert 6500 < sum(len(f"{n}{v}".encode()) for n, v in metadata.items()) <= 8192 - 1024
    assert "'x-amz-meta-0000'" in caplog.text
