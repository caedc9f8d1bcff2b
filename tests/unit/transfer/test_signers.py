"""URLs as each signer writes them: what it puts into a query, and in which order.

The signers of JavaScript (also MinIO's, aws4, aws4fetch) printed these shapes themselves; the
others are those of the signers' sources and of their users' reports. Keys and signatures are ours.
"""

import pytest

from tests.unit.transfer.urls import ACCESS_KEY, BUCKET, KEY, SIGNATURE, presign, url
from transfer.errors import UrlRefused
from transfer.presigned_url import PresignedUrl, parse_presigned_url

REGION = "eu-west-2"
ALGORITHM = "X-Amz-Algorithm=AWS4-HMAC-SHA256"
CREDENTIAL = f"X-Amz-Credential={ACCESS_KEY}%2F20260811%2F{REGION}%2Fs3%2Faws4_request"
DATE, EXPIRES = "X-Amz-Date=20260811T093015Z", "X-Amz-Expires=900"
SIGNED, HOST_ONLY = f"X-Amz-Signature={SIGNATURE}", "X-Amz-SignedHeaders=host"
TOKEN = "X-Amz-Security-Token=canary%2Btoken%2F90bc%3D%3D"
NO_BODY = "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"
NOTHING = "X-Amz-Content-Sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
V2 = f"AWSAccessKeyId={ACCESS_KEY}&Expires=1786440615&Signature=c2VjcmV0c2VjcmV0c2VjcmV0c2U%3D"
JAVASCRIPT = (ALGORITHM, NO_BODY, CREDENTIAL, DATE, EXPIRES)
AGENT = "aws-sdk-js%2F3.17.0%20os%2Flinux%20lang%2Fjs"


def with_headers(*names: str) -> str:
    return "X-Amz-SignedHeaders=" + "%3B".join(("host", *names))


PLAIN = {
    "Go 2": (ALGORITHM, CREDENTIAL, DATE, EXPIRES, TOKEN, HOST_ONLY, "x-id=GetObject", SIGNED),
    "Go 2, its default since 2025": (
        *(ALGORITHM, "X-Amz-Checksum-Mode=ENABLED", CREDENTIAL, DATE, EXPIRES),
        *(HOST_ONLY, "x-id=GetObject", SIGNED),
    ),
    "Go 2, requester pays": (
        *(DATE, EXPIRES, "X-Amz-Request-Payer=requester", HOST_ONLY, "x-id=GetObject"),
        *(SIGNED, ALGORITHM, CREDENTIAL),
    ),
    "Go 2, bucket owner": (
        *(ALGORITHM, CREDENTIAL, DATE, "X-Amz-Expected-Bucket-Owner=111122223333", EXPIRES),
        *(HOST_ONLY, "x-id=GetObject", SIGNED),
    ),
    "Go 1": (ALGORITHM, CREDENTIAL, DATE, EXPIRES, HOST_ONLY, SIGNED),
    "Go 1, of 2017": (ALGORITHM, NOTHING, CREDENTIAL, DATE, EXPIRES, HOST_ONLY, SIGNED),
    "JavaScript 3": (
        *(*JAVASCRIPT, SIGNED, HOST_ONLY, "x-amz-checksum-mode=ENABLED", "x-id=GetObject"),
    ),
    "JavaScript 3, no checksum asked for": (
        *(*JAVASCRIPT, SIGNED, HOST_ONLY, "x-amz-checksum-crc32=AAAAAA%3D%3D", "x-id=GetObject"),
    ),
    "JavaScript 3, requester pays": (
        *(*JAVASCRIPT, SIGNED, HOST_ONLY, "x-amz-checksum-mode=ENABLED"),
        *("x-amz-request-payer=requester", "x-id=GetObject"),
    ),
    "JavaScript 3, bucket owner": (
        *(*JAVASCRIPT, SIGNED, HOST_ONLY, "x-amz-checksum-mode=ENABLED"),
        *("x-amz-expected-bucket-owner=111122223333", "x-id=GetObject"),
    ),
    "JavaScript 3.17": (
        *(*JAVASCRIPT, SIGNED, HOST_ONLY, f"x-amz-user-agent={AGENT}", "x-id=GetObject"),
    ),
    "JavaScript 2": (ALGORITHM, CREDENTIAL, DATE, EXPIRES, TOKEN, SIGNED, HOST_ONLY),
    "PHP": (*(NO_BODY, TOKEN, ALGORITHM, CREDENTIAL, DATE, HOST_ONLY, EXPIRES, SIGNED),),
    "Java 1 and 2, Kotlin": (ALGORITHM, DATE, HOST_ONLY, EXPIRES, CREDENTIAL, SIGNED),
    "Java 1 and 2, requester pays as a parameter": (
        *("x-amz-request-payer=requester", ALGORITHM, DATE, HOST_ONLY, EXPIRES, CREDENTIAL),
        *(SIGNED,),
    ),
    "Rust": (*("x-id=GetObject", ALGORITHM, CREDENTIAL, DATE, EXPIRES, HOST_ONLY, SIGNED, TOKEN),),
    "Ruby": (ALGORITHM, CREDENTIAL, DATE, EXPIRES, TOKEN, HOST_ONLY, SIGNED),
    "C++": (ALGORITHM, DATE, HOST_ONLY, EXPIRES, CREDENTIAL, SIGNED),
    ".NET": (EXPIRES, TOKEN, ALGORITHM, CREDENTIAL, DATE, HOST_ONLY, SIGNED),
    "MinIO, aws4, rclone": (ALGORITHM, CREDENTIAL, DATE, EXPIRES, HOST_ONLY, SIGNED),
    "aws4fetch": (EXPIRES, DATE, ALGORITHM, CREDENTIAL, HOST_ONLY, SIGNED),
    "JavaScript 2, SigV2": (V2, "x-amz-security-token=canary%2Btoken"),
    "JavaScript 2, SigV2, checksums": (V2, "x-amz-checksum-mode=ENABLED"),
    "JavaScript 2, SigV2, requester pays": (V2, "x-amz-request-payer=requester"),
    "JavaScript 2, SigV2, bucket owner": (V2, "x-amz-expected-bucket-owner=111122223333"),
    "s3cmd, SigV2": (V2,),
}


def parse(text: str) -> PresignedUrl:
    return parse_presigned_url(text, BUCKET, KEY, None, set())


@pytest.mark.parametrize("parts", PLAIN.values(), ids=PLAIN)
def test_what_a_signer_writes_is_taken_and_needs_no_header(parts: tuple[str, ...]) -> None:
    signed = url(text="&".join(parts))

    assert parse(signed).reveal() == signed
    assert parse(signed).signed_headers == {}


CHECKSUM, PAYER = {"x-amz-checksum-mode": "ENABLED"}, {"x-amz-request-payer": "requester"}
OWNER = {"x-amz-expected-bucket-owner": "111122223333"}
TO_SEND = {
    "Java 2, checksums": ((with_headers(*CHECKSUM),), CHECKSUM),
    "Java 2, requester pays": ((with_headers(*PAYER),), PAYER),
    "aws4fetch, requester pays": ((with_headers(*PAYER),), PAYER),
    "JavaScript 3, not hoisted": ((with_headers(*CHECKSUM, *PAYER),), CHECKSUM | PAYER),
    "JavaScript 2, checksums": (
        (with_headers(*CHECKSUM), "x-amz-checksum-mode=ENABLED"),
        CHECKSUM,
    ),
    "JavaScript 2, requester pays": (
        (with_headers(*PAYER), "x-amz-request-payer=requester"),
        PAYER,
    ),
    "JavaScript 2, bucket owner": (
        (with_headers(*OWNER), "x-amz-expected-bucket-owner=111122223333"),
        OWNER,
    ),
    "a query in capitals": (
        (with_headers(*OWNER), "X-Amz-Expected-Bucket-Owner=111122223333"),
        OWNER,
    ),
}


@pytest.mark.parametrize(("parts", "headers"), TO_SEND.values(), ids=TO_SEND)
def test_a_signed_header_is_to_be_sent_with_the_value_that_was_signed(
    parts: tuple[str, ...], headers: dict[str, str]
) -> None:
    query = "&".join((ALGORITHM, CREDENTIAL, DATE, EXPIRES, *parts, SIGNED))

    assert parse(url(text=query)).signed_headers == headers


@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["SigV4", "SigV2"])
@pytest.mark.parametrize(
    ("option", "value", "header"),
    [
        ("ChecksumMode", "ENABLED", "x-amz-checksum-mode"),
        ("RequestPayer", "requester", "x-amz-request-payer"),
    ],
)
def test_what_boto3_signs_is_taken(version: str, option: str, value: str, header: str) -> None:
    signed = presign(REGION, version=version, params={option: value})

    # SigV4 signs a header, SigV2 puts it into the query.
    assert parse(signed).signed_headers == ({header: value} if version == "s3v4" else {})


def test_a_bucket_owner_of_boto3_is_taken_where_the_query_holds_it() -> None:
    params = {"ExpectedBucketOwner": "111122223333"}

    assert parse(presign(REGION, version="s3", params=params)).key == KEY
    with pytest.raises(UrlRefused, match="header x-amz-expected-bucket-owner: the URL does not"):
        parse(presign(REGION, params=params))


@pytest.mark.parametrize("version_id", ["v", "!", "~", 1024 * "v"], ids=len)
def test_a_version_has_up_to_1024_characters(version_id: str) -> None:
    text = "&".join((*PLAIN["Go 1"], f"versionId={version_id}"))

    taken = parse_presigned_url(url(text=text), BUCKET, KEY, version_id, set())

    assert taken.version_id == version_id
