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


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("plain", "plain"),
        ("", ""),
        ("=?UTF-8?B?WsO8cmljaA==?=", "Zürich"),
        ("=?UTF-8?Q?Z=C3=BCrich?=", "Zürich"),
        ("=?utf-8?q?Z=C3=BCrich_See?=", "Zürich See"),
        ("=?UTF-8?B?6Zuq?= =?UTF-8?B?6aCt?=", "雪頭"),
        ("=?iso-8859-1?q?Z=FCrich?=", "Zürich"),
        (latin_1("Zürich 雪 🪶"), "Zürich 雪 🪶"),
        ("Z\xfcrich", "Zürich"),
        ("1 =? 2", "1 =? 2"),
    ],
)
def test_user_metadata_is_decoded(sent: str, meant: str) -> None:
    assert headers_for({"x-amz-meta-place": sent}).metadata["place"] == meant


@pytest.mark.parametrize(
    "sent",
    [
        "=?no-such-charset?q?x?=",
        "=?hex?q?ff?=",
        "=?utf-8?q?=FF?=",
        "=?utf-8?b?a?=",
        "=?utf-16?q?abc?=",
        "=?utf-7?q?+2AA-?=",  # half of a surrogate pair: no JSON could hold it
        "=?unicode_escape?q?=5Cud800?=",
        "=?utf-8?q?a=0D=0AX-Evil:_1?=",
        "=?utf-8?q?a=00?=",
    ],
)
def test_user_metadata_that_cannot_be_decoded_is_kept_as_sent(sent: str) -> None:
    assert headers_for({"x-amz-meta-place": sent}).metadata["place"] == sent


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


def test_a_file_name_in_the_disposition_is_read_as_utf_8() -> None:
    sent = latin_1('attachment; filename="Zürich.csv"')

    stored = headers_for({"content-disposition": sent})

    assert stored.content_disposition == 'attachment; filename="Zürich.csv"'
