"""Lists of a bucket: from a real server page by page, and what a server may refuse."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from forwarder.sync.listing import CannotWork, listed_objects
from tests.servers.raw import RawServer
from tests.servers.s3 import S3Server, moto_server

ENTRY = "<Contents><Key>a</Key><Size>1</Size></Contents>"
TRUNCATED = "<IsTruncated>true</IsTruncated>"
TOKEN = "<NextContinuationToken>t</NextContinuationToken>"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with moto_server() as server:
        server.client.create_bucket(Bucket="heron-lists")
        for key in ("a b+c%20", "b/", "b/ä &<?", "c", "d"):
            server.client.put_object(Bucket="heron-lists", Key=key, Body=key.encode())
        yield server


def keys(client: Any, prefix: str = "", start_after: str = "") -> list[str]:
    found = listed_objects(client, "heron-lists", prefix, start_after)
    return [listed.object.key for listed in found]


def test_keys_come_as_they_are_and_with_size_etag_and_region(s3: S3Server) -> None:
    first, *rest = listed_objects(s3.client, "heron-lists", "")

    assert [first.object.key, *(one.object.key for one in rest)] == [
        "a b+c%20", "b/", "b/ä &<?", "c", "d",
    ]  # fmt: skip
    head = s3.client.head_object(Bucket="heron-lists", Key="a b+c%20")
    assert (first.object.bucket, first.object.region) == ("heron-lists", "us-east-1")
    assert f'"{first.object.etag}"' == head["ETag"]
    assert first.size == head["ContentLength"]


def test_a_prefix_and_a_start_leave_out_the_others(s3: S3Server) -> None:
    assert keys(s3.client, "b/") == ["b/", "b/ä &<?"]
    assert keys(s3.client, "", "b/ä &<?") == ["c", "d"]
    assert keys(s3.client, "b/", "b/") == ["b/ä &<?"]
    assert keys(s3.client, "nothing") == []


def test_a_list_goes_on_over_pages() -> None:
    """A page that says that there is more, and a last one."""
    entry = "<Contents><Key>{}</Key><Size>1</Size><ETag>&quot;e&quot;</ETag></Contents>"
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    pages = [more + entry.format("a"), entry.format("b")]
    answers = [
        answer(200, f"<ListBucketResult>{page}</ListBucketResult>".encode()) for page in pages
    ]
    with RawServer(*answers) as server:
        assert keys(client_of(server)) == ["a", "b"]


def test_an_entry_is_of_no_use_for_comparing_without_an_etag_that_names_bytes_and_a_size() -> None:
    size, etag = "<Size>7</Size>", "<ETag>&quot;e&quot;</ETag>"
    weak, empty = "<ETag>W/&quot;e&quot;</ETag>", "<ETag>&quot;&quot;</ETag>"
    odd = "<ETag>&quot;We&quot;</ETag>"
    fields = [size + etag, size, etag, "", size + weak, size + empty, size + odd]
    entries = "".join(f"<Contents><Key>{n}</Key>{each}</Contents>" for n, each in enumerate(fields))
    page = f"<ListBucketResult>{entries}</ListBucketResult>".encode()
    with RawServer(answer(200, page)) as server:
        found = list(listed_objects(client_of(server), "heron-lists", ""))

    assert [listed.object.etag for listed in found] == ["e", None, None, None, None, None, "We"]
    assert [listed.size for listed in found] == [7, 7, 0, 0, 7, 7, 7]


@pytest.mark.parametrize(
    "script",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<List"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<html"],
        [b""],
        [b"nonsense\r\n\r\n"],
    ],
)
def test_a_list_that_breaks_off_or_is_none_ends_the_run_with_words(script: list[bytes]) -> None:
    with (
        RawServer(script) as server,
        pytest.raises(CannotWork, match=r"^cannot list s3://heron-lists: S3"),
    ):
        keys(client_of(server))


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<html><body>Sign in</body></html>",
        "<ListBucketResult/>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        f"<ListBucketResult>{TRUNCATED}{ENTRY}</ListBucketResult>",
        f"<ListBucketResult>{TRUNCATED}<NextMarker>a</NextMarker>{ENTRY}</ListBucketResult>",
        f"<ListBucketResult>{TRUNCATED}<NextContinuationToken/>{ENTRY}</ListBucketResult>",
        f"<ListBucketResult>{TRUNCATED}{TOKEN}{ENTRY}</ListBucketResult>",
    ],
    ids=["nothing", "portal", "bare", "no key", "no token", "marker", "empty token", "same token"],
)
def test_what_is_no_whole_list_does_not_pass_for_one(page: str) -> None:
    """Portals answer anything with 200; old servers ignore list-type=2, and page by markers."""
    with (
        RawServer(answer(200, page.encode())) as server,
        pytest.raises(CannotWork, match=r"no page of ListObjectsV2 .*: check AWS_ENDPOINT_URL_S3"),
    ):
        keys(client_of(server))


@pytest.mark.parametrize(
    "fields",
    ["<IsTruncated>false</IsTruncated>", "<KeyCount>0</KeyCount>", "<Name>heron-lists</Name>",
     "<MaxKeys>1000</MaxKeys>"],
)  # fmt: skip
def test_a_list_without_objects_is_a_list(fields: str) -> None:
    page = f"<ListBucketResult>{fields}</ListBucketResult>".encode()
    with RawServer(answer(200, page)) as server:
        assert keys(client_of(server)) == []


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (404, "NoSuchBucket", "there is no such bucket: check its name"),
        (403, "AccessDenied", "give these AWS credentials s3:ListBucket on it"),
        (400, "ExpiredToken", "the AWS credentials are wrong or have expired: renew them"),
        (403, "InvalidAccessKeyId", "the AWS credentials are wrong or have expired: renew them"),
        (403, "RequestTimeTooSkewed", "set the clock of this machine right"),
        (500, "InternalError", "try again later"),
    ],
)
def test_what_s3_refuses_is_told_by_its_code(status: int, code: str, told: str) -> None:
    body = f"<Error><Code>{code}</Code><Message>canary</Message></Error>".encode()

    with (
        RawServer(answer(status, body)) as server,
        pytest.raises(
            CannotWork, match=f"^cannot list s3://heron-lists: S3 answered {code}: "
        ) as e,
    ):
        keys(client_of(server))

    assert told in str(e.value)
    assert "canary" not in str(e.value)


def test_an_s3_that_cannot_be_reached_is_told() -> None:
    with RawServer([]) as server:
        client = client_of(server)

    with pytest.raises(CannotWork, match=r"S3 could not be asked .*: check the network"):
        keys(client)


def test_credentials_that_ended_while_a_list_goes_on_are_told() -> None:
    with RawServer([]) as server:
        client = client_of(server)
    client.meta.events.register("before-call.s3", ended)

    with pytest.raises(CannotWork, match="have expired: renew them") as error:
        keys(client)

    assert "canary" not in str(error.value)


def ended(**_: object) -> None:
    """What botocore does when it cannot renew temporary credentials."""
    raise RuntimeError("canary: refreshed credentials are still expired")


def client_of(server: RawServer) -> Any:
    return boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=server.origin,
        aws_access_key_id="AKIAHERONEXAMPLE",
        aws_secret_access_key="invented",
        config=Config(retries={"total_max_attempts": 1}),
    )


def answer(status: int, body: bytes) -> list[bytes]:
    head = f"HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    return [head.encode() + body]
