"""The source over real S3 servers: the bytes and headers of an object, or the reason why not.

rclone checks signatures and expiry; moto checks If-Match and answers ranges.
"""

import gzip
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.s3_source import S3Source
from tests.contract.source_side import parsed, signed_by
from tests.fakes import FakeSource, message_for
from tests.servers.s3 import S3Server, moto_server, rclone_server
from transfer.errors import SourceChanged, SourceGone, SourceRefused, UrlExpired
from transfer.source import Source, SourceObject

BUCKET = "heron-source"
BODY = bytes(range(256)) * 3000
ETAG = hashlib.md5(BODY).hexdigest()
NO_ETAG = 32 * "0"


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    directory: Path = tmp_path_factory.mktemp("s3")
    (directory / BUCKET).mkdir()
    with rclone_server(directory) as server:
        yield server


@pytest.fixture(scope="module")
def moto() -> Iterator[S3Server]:
    with moto_server() as server:
        server.client.create_bucket(Bucket=BUCKET)
        yield server


@pytest.fixture(params=["rclone", "moto"])
def s3(request: pytest.FixtureRequest) -> S3Server:
    server: S3Server = request.getfixturevalue(request.param)
    return server


def soon() -> float:
    return time.monotonic() + 10


def put(s3: S3Server, body: bytes = BODY, key: str = "a/b.bin", **fields: object) -> str:
    """Store an object and return its ETag."""
    etag: str = s3.client.put_object(Bucket=BUCKET, Key=key, Body=body, **fields)["ETag"]
    return etag.strip('"')


def open_url(
    s3: S3Server, key: str = "a/b.bin", etag: str | None = None, start: int = 0
) -> SourceObject:
    return S3Source().open(signed_by(s3, key, BUCKET), etag, start, soon())


@pytest.mark.parametrize("body", [b"", b"x", BODY], ids=["empty", "one byte", "768000 bytes"])
def test_an_object_comes_whole(s3: S3Server, body: bytes) -> None:
    etag = put(s3, body)

    with open_url(s3) as opened:
        assert (opened.etag, opened.size) == (etag, len(body))
        assert opened.read(len(body) + 1) == body
        assert opened.read(1) == b""


def test_reading_gives_as_much_as_was_asked_for(s3: S3Server) -> None:
    put(s3)

    with open_url(s3) as opened:
        blocks = [opened.read(100_000) for _ in range(9)]

    assert [len(block) for block in blocks] == 7 * [100_000] + [68_000, 0]
    assert b"".join(blocks) == BODY


def test_headers_come_by_lower_case_name_and_gzip_stays_gzip(s3: S3Server) -> None:
    packed = gzip.compress(100_000 * b"x", mtime=0)
    put(
        s3,
        packed,
        ContentType="text/plain; charset=utf-8",
        ContentEncoding="gzip",
        CacheControl="no-transform",
        Metadata={"Camera": "M11"},
    )

    with open_url(s3) as opened:
        assert opened.size == len(packed)
        assert opened.read(len(packed)) == packed
        assert opened.headers.get("content-type") == "text/plain; charset=utf-8"
        assert opened.headers.get("content-encoding") == "gzip"
        assert opened.headers.get("cache-control") == "no-transform"
        assert opened.headers.get("x-amz-meta-camera") == "M11"
        assert opened.headers.get("last-modified") is not None
        assert opened.headers.get("x-amz-meta-none") is None


@pytest.mark.parametrize(
    "key", ["a b+c.png", "größe/雪🪶", "u\u0308", "100%25.txt", "a&b=c;d?e#f", "~(x)!'*$@:,"]
)
def test_odd_keys_are_found(s3: S3Server, key: str) -> None:
    put(s3, key.encode(), key)

    with open_url(s3, key) as opened:
        assert opened.read(1000) == key.encode()


def test_a_key_with_dot_segments_is_not_resolved(moto: S3Server) -> None:
    put(moto, b"up", "x/../y")
    put(moto, b"down", "y")

    with open_url(moto, "x/../y") as opened:
        assert opened.read(10) == b"up"


def test_a_missing_key_is_gone(s3: S3Server) -> None:
    with pytest.raises(SourceGone):
        open_url(s3, "never/was")


def test_a_missing_bucket_is_gone(s3: S3Server) -> None:
    with pytest.raises(SourceGone):
        S3Source().open(signed_by(s3, "k", "never-was"), None, 0, soon())


@pytest.mark.parametrize(
    ("part", "instead"),
    [("X-Amz-Expires=3600", "X-Amz-Expires=3601"), ("/a/b.bin", "/a/c.bin")],
)
def test_a_url_that_was_changed_is_refused(rclone: S3Server, part: str, instead: str) -> None:
    put(rclone)
    put(rclone, key="a/c.bin")
    text = rclone.sign(BUCKET, "a/b.bin").replace(part, instead)
    url = parsed(rclone, text, BUCKET, "a/c.bin" if "c.bin" in instead else "a/b.bin")

    with pytest.raises(SourceRefused, match="403 SignatureDoesNotMatch"):
        S3Source().open(url, None, 0, soon())


def test_a_signature_that_was_changed_is_refused(rclone: S3Server) -> None:
    put(rclone)
    text = rclone.sign(BUCKET, "a/b.bin")
    text = text[:-1] + ("1" if text.endswith("0") else "0")

    with pytest.raises(SourceRefused):
        S3Source().open(parsed(rclone, text, BUCKET, "a/b.bin"), None, 0, soon())


def test_a_url_past_its_life_is_expired(rclone: S3Server) -> None:
    put(rclone)
    url = signed_by(rclone, "a/b.bin", BUCKET, seconds=1)
    time.sleep(2)

    with pytest.raises(UrlExpired):
        S3Source().open(url, None, 0, soon())


@pytest.mark.parametrize(
    ("params", "header"),
    [
        ({"ChecksumMode": "ENABLED"}, {"x-amz-checksum-mode": "ENABLED"}),
        ({"RequestPayer": "requester"}, {"x-amz-request-payer": "requester"}),
    ],
)
def test_a_signed_header_is_sent_along(
    rclone: S3Server, params: dict[str, str], header: dict[str, str]
) -> None:
    put(rclone)
    url = signed_by(rclone, "a/b.bin", BUCKET, **params)

    with S3Source().open(url, None, 0, soon()) as opened:
        assert url.signed_headers == header
        assert opened.read(len(BODY)) == BODY


def test_a_pinned_version_is_still_given_when_it_is_replaced(moto: S3Server) -> None:
    moto.client.create_bucket(Bucket="heron-versions")
    moto.client.put_bucket_versioning(
        Bucket="heron-versions", VersioningConfiguration={"Status": "Enabled"}
    )
    first = moto.client.put_object(Bucket="heron-versions", Key="k", Body=b"first")["VersionId"]
    moto.client.put_object(Bucket="heron-versions", Key="k", Body=b"second")
    url = signed_by(moto, "k", "heron-versions", VersionId=first)

    with S3Source().open(url, None, 0, soon()) as opened:
        assert opened.headers.get("x-amz-version-id") == first
        assert opened.read(10) == b"first"


@pytest.fixture(params=["moto", "fake"])
def source(request: pytest.FixtureRequest) -> tuple[Source, S3Server | None]:
    """A source that holds BODY, over a server or in memory."""
    if request.param == "fake":
        return FakeSource(BODY), None
    moto: S3Server = request.getfixturevalue("moto")
    put(moto)
    return S3Source(), moto


def ask(
    source: tuple[Source, S3Server | None], etag: str | None = None, start: int = 0
) -> SourceObject:
    asked, moto = source
    url = signed_by(moto, "a/b.bin", BUCKET) if moto else message_for(BODY).url
    return asked.open(url, etag, start, soon())


def test_the_etag_that_is_asked_for_is_given(source: tuple[Source, S3Server | None]) -> None:
    with ask(source, ETAG) as opened:
        assert opened.etag == ETAG
        assert opened.read(len(BODY)) == BODY


@pytest.mark.parametrize("start", [0, 1000])
def test_another_etag_means_that_the_source_changed(
    source: tuple[Source, S3Server | None], start: int
) -> None:
    with pytest.raises(SourceChanged):
        ask(source, NO_ETAG, start)


@pytest.mark.parametrize("start", [1, 255 * 1024, len(BODY) - 1])
def test_reading_may_begin_anywhere_and_the_size_is_that_of_the_whole(
    source: tuple[Source, S3Server | None], start: int
) -> None:
    with ask(source, ETAG, start) as opened:
        assert (opened.etag, opened.size) == (ETAG, len(BODY))
        assert opened.read(len(BODY)) == BODY[start:]
        assert opened.read(1) == b""
