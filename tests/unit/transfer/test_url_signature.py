"""What a presigned URL's query must, may and must not hold."""

import pytest

from tests.unit.transfer.urls import ACCESS_KEY, SIGNATURE, V2, V4, query
from transfer.errors import UrlRefused
from transfer.url_signature import MAX_EXPIRES_SECONDS, check_signature

REGION = "eu-west-2"


def assert_refused(text: str, region: str | None = REGION) -> None:
    with pytest.raises(UrlRefused) as refusal:
        check_signature(text, region)

    told = str(refusal.value)
    assert not any(secret in told for secret in (SIGNATURE, ACCESS_KEY, V2["Signature"], "evil"))


@pytest.mark.parametrize(
    "text",
    [
        query(),
        query(V2),
        query(X_Amz_Security_Token="canary%2Btoken"),
        query(V2, x_amz_security_token="canary%2Btoken"),
        query(x_id="GetObject"),
        query(V2, x_id="GetObject"),
        query(X_Amz_Expires="1"),
        query(X_Amz_Expires=str(MAX_EXPIRES_SECONDS)),
        query(X_Amz_Credential=V4["X-Amz-Credential"].replace("%2F", "/")),
        "&".join(reversed(query().split("&"))),
    ],
)
def test_a_whole_signature_of_either_version_is_taken(text: str) -> None:
    signature = check_signature(text, REGION)

    assert (signature.version_id, signature.headers) == (None, {})


@pytest.mark.parametrize("base", [V4, V2], ids=["SigV4", "SigV2"])
def test_the_pinned_version_is_told_decoded(base: dict[str, str]) -> None:
    assert check_signature(query(base, versionId="a%2Bb%2Fc"), REGION).version_id == "a+b/c"
    assert check_signature(query(base, versionId="null"), REGION).version_id == "null"


def test_the_checksum_header_may_be_signed_and_is_then_told() -> None:
    text = query(X_Amz_SignedHeaders="host%3Bx-amz-checksum-mode")

    assert check_signature(text, REGION).headers == {"x-amz-checksum-mode": "ENABLED"}


def test_what_the_javascript_sdk_adds_is_taken_from_version_4_only() -> None:
    added = "&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&x-amz-checksum-mode=ENABLED&x-id=GetObject"

    assert check_signature(query(V4) + added, REGION).headers == {}
    assert_refused(query(V2) + added)


@pytest.mark.parametrize("region", [None, REGION])
def test_a_host_without_a_region_takes_any(region: str | None) -> None:
    assert check_signature(query(), region).version_id is None


@pytest.mark.parametrize("name", V4)
def test_version_4_needs_each_of_its_parts(name: str) -> None:
    assert_refused(query(without=name))


@pytest.mark.parametrize("name", V2)
def test_version_2_needs_each_of_its_parts(name: str) -> None:
    assert_refused(query(V2, without=name))


BAD_VALUES = {
    "X-Amz-Algorithm": ["", "AWS4-HMAC-SHA1", "AWS4-ECDSA-P256-SHA256", "aws4-hmac-sha256"],
    "X-Amz-Credential": [
        "",
        "evil",
        f"{ACCESS_KEY}%2F20260811%2Feu-west-1%2Fs3%2Faws4_request",
        f"{ACCESS_KEY}%2F20260811%2F%2Fs3%2Faws4_request",
        f"{ACCESS_KEY}%2F20260811%2Feu-west-2%2Fs3express%2Faws4_request",
        f"{ACCESS_KEY}%2F20260811%2Feu-west-2%2Fsts%2Faws4_request",
        f"{ACCESS_KEY}%2F20260811%2Feu-west-2%2Fs3%2Faws4_request%2Fevil",
        f"{ACCESS_KEY}%2F20260811%2Feu-west-2%2Fs3%2Fevil",
        f"{ACCESS_KEY}%2F2026-08-11%2Feu-west-2%2Fs3%2Faws4_request",
        "%2F20260811%2Feu-west-2%2Fs3%2Faws4_request",
        f"{ACCESS_KEY}%252F20260811%252Feu-west-2%252Fs3%252Faws4_request",
    ],
    "X-Amz-Date": ["", "20260811", "2026-08-11T09:30:15Z", "20260811T093015", "20260811T0930155Z"],
    "X-Amz-Expires": ["", "0", "-1", "604801", "1000000", "3600.0", "0x10", "03600", "٣٦٠٠", "1e3"],
    "X-Amz-SignedHeaders": [
        "",
        "x-amz-checksum-mode",
        "host%3Brange",
        "host%3Bx-amz-expected-bucket-owner",
        "host%3Bx-amz-checksum-mode%3Bx-evil",
        "Host",
        "host%3B",
    ],
    "X-Amz-Signature": ["", SIGNATURE[:-1], SIGNATURE + "0", SIGNATURE.upper(), 64 * "g"],
    "X-Amz-Security-Token": ["", "%20", "%0D%0AX-Evil: 1", "%C3%A9", "%FF"],
    "versionId": ["", "%20", "a%0Ab", "%C3%A9", "%FF"],
    "x-id": ["", "PutObject", "getobject"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_VALUES.items() for value in values]
)
def test_a_value_of_version_4_must_be_one_that_s3_gives(name: str, value: str) -> None:
    assert_refused(query(**{name: value}))


BAD_V2_VALUES = {
    "AWSAccessKeyId": ["", "ab", "evil key", "evil%2Fkey", 129 * "A"],
    "Expires": ["", "178644061", "17864406150", "-786440615", "2026-08-11", "١٧٨٦٤٤٠٦١٥"],
    "Signature": ["", V2["Signature"][1:], "A" + V2["Signature"], SIGNATURE, 28 * "A"],
    "x-amz-security-token": ["", "%0A"],
    "x-id": ["DeleteObject"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_V2_VALUES.items() for value in values]
)
def test_a_value_of_version_2_must_be_one_that_s3_gives(name: str, value: str) -> None:
    assert_refused(query(V2, **{name: value}))


@pytest.mark.parametrize("base", [V4, V2], ids=["SigV4", "SigV2"])
@pytest.mark.parametrize(
    "parameter",
    [
        "response-content-type=text%2Fhtml",
        "response-content-disposition=attachment",
        "response-content-encoding=gzip",
        "response-cache-control=no-store",
        "response-content-language=de",
        "response-expires=0",
        "partNumber=1",
        "acl=",
        "torrent=",
        "tagging=",
        "attributes=",
        "uploads=",
        "uploadId=evil",
        "list-type=2",
        "select=",
        "X-Amz-Content-Sha256=e3b0c442",
        "x-amz-checksum-mode=DISABLED",
        "x-amz-request-payer=evil",
        "versionid=evil",
        "versionId%00=evil",
        "evil=1",
        "=evil",
    ],
)
def test_any_other_parameter_is_refused(base: dict[str, str], parameter: str) -> None:
    assert_refused(f"{query(base)}&{parameter}")
    assert_refused(f"{parameter}&{query(base)}")


@pytest.mark.parametrize("base", [V4, V2], ids=["SigV4", "SigV2"])
@pytest.mark.parametrize("rest", ["&", "&&", "&acl", "&versionId", ";evil=1", "&evil"])
def test_every_parameter_has_a_name_and_a_value(base: dict[str, str], rest: str) -> None:
    assert_refused(query(base) + rest)
    assert_refused(rest + query(base))


@pytest.mark.parametrize(
    ("base", "name"), [(V4, name) for name in V4] + [(V2, name) for name in V2]
)
def test_no_parameter_may_come_twice(base: dict[str, str], name: str) -> None:
    assert_refused(f"{query(base)}&{name}={base[name]}")


@pytest.mark.parametrize("name", V4)
def test_a_name_is_written_plainly_and_in_its_own_case(name: str) -> None:
    value = V4[name]

    assert_refused(query(without=name) + f"&{name.lower()}={value}")
    assert_refused(query(without=name) + f"&{name.replace('-', '%2D')}={value}")
    assert_refused(query(without=name) + f"&+{name}={value}")


def test_the_two_versions_do_not_mix() -> None:
    assert_refused(f"{query()}&{query(V2)}")
    assert_refused(query(V2, X_Amz_Security_Token="t"))
    assert_refused(query(x_amz_security_token="t"))


@pytest.mark.parametrize("text", ["", "versionId=v", "x-id=GetObject", "&", "evil"])
def test_a_query_without_a_signature_is_refused(text: str) -> None:
    assert_refused(text)
