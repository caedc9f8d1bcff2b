"""Which presigned URLs are taken: those that boto3 signs, for every host form and odd key."""

import string
from typing import Any

import pytest

from tests.unit.transfer.urls import BUCKET, KEY, TOKEN, presign, query, url
from transfer.errors import UrlRefused
from transfer.presigned_url import PresignedUrl, parse_presigned_url

VERSION = "3sl4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY/WX.VMOY"
VIRTUAL = {"addressing_style": "virtual"}
PATH = {"addressing_style": "path"}
REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "ca-west-1",
    "mx-central-1",
    "sa-east-1",
    "eu-west-2",
    "eu-central-1",
    "il-central-1",
    "me-central-1",
    "af-south-1",
    "ap-northeast-1",
    "ap-southeast-5",
    "us-gov-west-1",
    "us-gov-east-1",
    "cn-north-1",
    "cn-northwest-1",
    "eusc-de-east-1",
)


def parse(text: str, key: str = KEY, version_id: str | None = None) -> PresignedUrl:
    return parse_presigned_url(text, BUCKET, key, version_id, set())


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["SigV4", "SigV2"])
@pytest.mark.parametrize("style", [VIRTUAL, PATH], ids=["virtual", "path"])
def test_every_region_signature_and_style_is_taken(
    region: str, version: str, style: dict[str, str]
) -> None:
    signed = presign(region, version=version, s3=style)

    taken = parse(signed)

    assert taken.reveal() == signed
    assert (taken.bucket, taken.key, taken.version_id) == (BUCKET, KEY, None)
    assert not taken.listed


OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "the defaults": ("us-east-1", {}),
    "the defaults elsewhere": ("eu-west-2", {}),
    "us-east-1 under its own name": (
        "us-east-1",
        {"s3": {"us_east_1_regional_endpoint": "regional"} | VIRTUAL},
    ),
    "dualstack": ("eu-west-2", {"s3": {"use_dualstack_endpoint": True}}),
    "dualstack by path": ("eu-west-2", {"s3": {"use_dualstack_endpoint": True} | PATH}),
    "dualstack in China": ("cn-north-1", {"s3": {"use_dualstack_endpoint": True}}),
    "dualstack in the Sovereign Cloud": (
        "eusc-de-east-1",
        {"s3": {"use_dualstack_endpoint": True}},
    ),
    "FIPS": ("us-east-2", {"use_fips_endpoint": True, "s3": VIRTUAL}),
    "FIPS by path": ("us-gov-east-1", {"use_fips_endpoint": True, "s3": PATH}),
    "FIPS and dualstack": (
        "us-gov-west-1",
        {"use_fips_endpoint": True, "use_dualstack_endpoint": True},
    ),
    "accelerate": ("eu-west-2", {"s3": {"use_accelerate_endpoint": True}}),
    "accelerate and dualstack": (
        "eu-west-2",
        {"s3": {"use_accelerate_endpoint": True, "use_dualstack_endpoint": True}},
    ),
}


@pytest.mark.parametrize(("region", "options"), OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["SigV4", "SigV2"])
def test_every_kind_of_endpoint_is_taken(
    region: str, options: dict[str, Any], version: str
) -> None:
    signed = presign(region, version=version, **options)

    assert parse(signed).reveal() == signed


@pytest.mark.parametrize("bucket", ["s3-heron-scans", "vpce-flow-logs-heron", "s3-accelerate-x"])
@pytest.mark.parametrize(("region", "options"), OPTIONS.values(), ids=OPTIONS)
def test_a_bucket_named_like_a_host_of_amazon_is_taken_everywhere(
    region: str, options: dict[str, Any], bucket: str
) -> None:
    signed = presign(region, bucket=bucket, **options)

    assert parse_presigned_url(signed, bucket, KEY, None, set()).bucket == bucket


KEYS = {
    "a space": "a b.png",
    "a plus": "a+b.png",
    "a per cent sign": "100%.png",
    "what looks escaped": "a%20b%2Fc.png",
    "a question mark and a hash": "a?b#c.png",
    "marks of a query": "a&b=c;d.png",
    "marks of an origin": "https://user:pass@host:80/x",
    "quotes": 'it\'s "quoted".png',
    "a backslash": "a\\b.png",
    "brackets": "[a]{b}<c>(d)|^`.png",
    "a tilde": "~user/~.png",
    "all ASCII punctuation": string.punctuation,
    "slashes at both ends": "/a/b/",
    "only a slash": "/",
    "many slashes": "a//b///c",
    "a dot segment": "./a/./b",
    "dot segments that lead up": "../../etc/passwd",
    "only dots": "..",
    "composed Unicode": "\u00fcber.png",
    "decomposed Unicode": "u\u0308ber.png",
    "Chinese": "雪/白鷺.png",
    "right to left": "مالك\u200f.png",
    "an emoji": "🪶/🐦‍⬛.png",
    "the last character there is": "\U0010ffff",
    "one character": "k",
    "1024 bytes": "é" * 512,
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["SigV4", "SigV2"])
@pytest.mark.parametrize("style", [VIRTUAL, PATH], ids=["virtual", "path"])
def test_every_key_is_taken_exactly_as_it_is(key: str, version: str, style: dict[str, str]) -> None:
    signed = presign("eu-west-2", key, version=version, s3=style)

    taken = parse(signed, key)

    assert taken.key == key
    assert taken.reveal() == signed


@pytest.mark.parametrize(
    "bucket", ["b3n", "heron.meadow.example", "Old_Bucket", 63 * "b", "s3.heron", "vpce.s3"]
)
def test_every_bucket_name_is_taken_in_a_path(bucket: str) -> None:
    signed = presign("us-east-1", bucket=bucket, s3=PATH)

    assert parse_presigned_url(signed, bucket, KEY, None, set()).bucket == bucket


def test_a_listed_origin_takes_any_bucket_name() -> None:
    text = url("http://minio:9000", "/x-s3alias/k")

    taken = parse_presigned_url(text, "x-s3alias", "k", None, {"http://minio:9000"})

    assert taken.listed


@pytest.mark.parametrize("origin", ["http://[::1]:9000", "https://s3.internal.example", "http://s"])
def test_a_listed_origin_is_taken_as_it_is_written(origin: str) -> None:
    text = url(origin, f"/{BUCKET}/a/../b")

    taken = parse_presigned_url(text, BUCKET, "a/../b", None, {"http://other", origin})

    assert (taken.reveal(), taken.listed) == (text, True)


def test_one_listed_origin_may_begin_like_another() -> None:
    origins = {"http://minio:9", "http://minio:90", "http://minio:900", "http://minio"}

    for origin in origins:
        text = url(origin, f"/{BUCKET}/k")
        assert parse_presigned_url(text, BUCKET, "k", None, origins).listed


@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["SigV4", "SigV2"])
def test_a_pinned_version_and_a_session_token_are_taken(version: str) -> None:
    signed = presign("eu-west-2", version=version, token=TOKEN, params={"VersionId": VERSION})

    assert parse(signed, version_id=VERSION).version_id == VERSION


def test_a_message_may_know_the_version_without_the_url_pinning_it() -> None:
    assert parse(presign("eu-west-2"), version_id=VERSION).version_id is None


def test_a_signed_checksum_header_is_to_be_sent() -> None:
    signed = presign("eu-west-2", params={"ChecksumMode": "ENABLED"})

    assert parse(signed).signed_headers == {"x-amz-checksum-mode": "ENABLED"}
    assert parse(presign("eu-west-2")).signed_headers == {}


def test_the_operation_that_other_signers_add_is_taken() -> None:
    assert parse(url(text=query(x_id="GetObject"))).key == KEY


def test_a_region_of_another_partition_is_refused_though_boto3_signs_it() -> None:
    signed = presign("us-isob-east-1")

    with pytest.raises(UrlRefused):
        parse(signed)


def test_a_host_that_is_not_of_the_signed_region_is_refused_though_boto3_signs_it() -> None:
    signed = presign("eu-west-2", use_fips_endpoint=True)  # S3 has FIPS in North America only

    with pytest.raises(UrlRefused, match="another Region"):
        parse(signed)


def test_a_url_shows_its_object_and_hides_its_signature() -> None:
    signed = presign("eu-west-2", token=TOKEN)
    taken = parse(signed)

    for shown in (repr(taken), str(taken), f"{taken}"):
        assert shown == f"PresignedUrl(bucket='{BUCKET}', key='{KEY}')"
