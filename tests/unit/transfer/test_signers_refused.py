"""What signers may add to a URL and is refused: it says which parameter, and what to change."""

import pytest

from tests.unit.transfer.test_signers import (
    ALGORITHM,
    CREDENTIAL,
    DATE,
    EXPIRES,
    PLAIN,
    REGION,
    SIGNED,
    V2,
    parse,
    with_headers,
)
from tests.unit.transfer.urls import KEY, PATH, presign, url
from transfer.errors import UrlRefused
from transfer.url_signature import check_signature

REFUSED = {
    "SSECustomerAlgorithm": "header x-amz-server-side-encryption-customer-algorithm: .*SSE-C",
    "PartNumber": "parameter partNumber: it gets one part",
    "Range": "header range: Landfall sends its own",
    "IfMatch": "header if-match: Landfall sends its own",
    "IfNoneMatch": "header if-none-match: Landfall sends its own",
    "IfModifiedSince": "header if-modified-since: Landfall sends its own",
    "IfUnmodifiedSince": "header if-unmodified-since: Landfall sends its own",
    "ResponseCacheControl": "parameter response-cache-control: it changes the headers",
    "ResponseContentDisposition": "parameter response-content-disposition: it changes",
    "ResponseContentEncoding": "parameter response-content-encoding: it changes the headers",
    "ResponseContentLanguage": "parameter response-content-language: it changes the headers",
    "ResponseContentType": "parameter response-content-type: it changes the headers",
    "ResponseExpires": "parameter response-expires: it changes the headers",
}
VALUES = {"PartNumber": 1, "IfModifiedSince": 1, "IfUnmodifiedSince": 1, "ResponseExpires": 1}


@pytest.mark.parametrize("option", REFUSED)
def test_an_option_of_boto3_that_is_not_taken_is_named(option: str) -> None:
    params: dict[str, object] = {option: VALUES.get(option, "AES256")}
    if option.startswith("SSE"):
        params["SSECustomerKey"] = 32 * "k"

    with pytest.raises(UrlRefused, match=f"the {REFUSED[option]}"):
        parse(presign(REGION, params=params))


HEADERS = {
    "amz-sdk-request": "does not hold its value",
    "amz-sdk-invocation-id": "does not hold its value",
    "accept-encoding": "does not hold its value",
    "content-type": "does not hold its value",
    "x-amz-content-sha256": "does not hold its value",
    "x-amz-checksum-crc32": "does not hold its value",
    "x-amz-user-agent": "does not hold its value",
    "if-range": "sends its own If-Match",
    "x-amz-te": "checksumValidationEnabled",
    "x-amz-server-side-encryption-customer-key": "SSE-S3",
    "x-amz-server-side-encryption-customer-key-md5": "SSE-S3",
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_signed_header_that_cannot_be_sent_is_named(name: str) -> None:
    query = "&".join((ALGORITHM, CREDENTIAL, DATE, EXPIRES, with_headers(name), SIGNED))

    with pytest.raises(UrlRefused, match=f"signs the header {name}: .*{HEADERS[name]}"):
        parse(url(text=query))


PARAMETERS = {
    "X-Amz-S3session-Token=t": "the parameter X-Amz-S3session-Token: it is for directory buckets",
    "X-Amz-Region-Set=%2A": "the parameter X-Amz-Region-Set: it is for multi-Region access points",
    "PARTNUMBER=1": "the parameter partNumber:",
    "evil=1": "a parameter that Landfall does not know: sign a plain GetObject",
}


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("base", [PLAIN["Go 1"], (V2,)], ids=["SigV4", "SigV2"])
def test_a_parameter_that_is_not_taken_is_named_if_it_is_known(
    base: tuple[str, ...], parameter: str
) -> None:
    with pytest.raises(UrlRefused, match=PARAMETERS[parameter]) as refusal:
        parse(url(text="&".join((*base, parameter))))

    assert "evil" not in str(refusal.value)


def test_a_header_that_is_not_known_is_not_shown() -> None:
    query = "&".join((ALGORITHM, CREDENTIAL, DATE, EXPIRES, with_headers("evil"), SIGNED))

    with pytest.raises(UrlRefused, match="a header that Landfall does not know") as refusal:
        parse(url(text=query))
    assert "evil" not in str(refusal.value)


@pytest.mark.parametrize(
    "name",
    ["x-id", "versionid", "x-amz-date", "x-amz-expires", "x-amz-credential", "x-amz-signature"],
)
def test_a_parameter_that_stands_for_no_header_does_not_become_one(name: str) -> None:
    parameters = (ALGORITHM, CREDENTIAL, DATE, EXPIRES, with_headers(name), SIGNED)

    with pytest.raises(UrlRefused, match="signs a header that Landfall does not know"):
        parse(url(text="&".join((*parameters, "x-id=GetObject", "versionId=v"))))


def test_signature_version_4a_is_named_with_what_to_sign_instead() -> None:
    query = "&".join(PLAIN["Go 1"]).replace("HMAC-SHA256", "ECDSA-P256-SHA256")

    with pytest.raises(UrlRefused, match=r"Version 4A .*multi-Region .*with Signature Version 4\."):
        check_signature(f"{query}&X-Amz-Region-Set=%2A", None)


@pytest.mark.parametrize(
    "names",
    [
        ("x-amz-checksum-mode=ENABLED", "X-Amz-Checksum-Mode=ENABLED"),
        ("x-amz-request-payer=requester", "X-Amz-Request-Payer=requester"),
        ("x-id=GetObject", "X-Id=GetObject"),
        ("versionId=v", "versionid=v"),
        ("versionid=v", "versionId=v"),
    ],
)
@pytest.mark.parametrize("base", [PLAIN["Go 1"], (V2,)], ids=["SigV4", "SigV2"])
def test_a_name_may_not_come_twice_in_two_spellings(
    base: tuple[str, ...], names: tuple[str, ...]
) -> None:
    with pytest.raises(UrlRefused, match="each name once"):
        parse(url(text="&".join((*names, *base))))


@pytest.mark.parametrize(
    "name", ["X-AMZ-CHECKSUM-MODE", "x-amz-Checksum-Mode", "X-amz-checksum-mode"]
)
def test_a_spelling_that_no_signer_has_is_refused(name: str) -> None:
    with pytest.raises(UrlRefused, match="does not know"):
        parse(url(text="&".join((*PLAIN["Go 1"], f"{name}=ENABLED"))))


BAD_VALUES = {
    "x-amz-checksum-mode": ["", "enabled", "DISABLED", "ENABLED%0D%0AX-Evil:1"],
    "X-Amz-Request-Payer": ["", "owner", "Requester"],
    "x-amz-expected-bucket-owner": [
        "",
        "11112222333",
        "1111222233334",
        "11112222333a",
        "١١١١٢٢٢٢٣٣٣٣",
    ],
    "x-amz-user-agent": ["", "%20x", "x%20", "a%0D%0AX-Evil:1", "%C3%A9", 1025 * "a"],
    "X-Amz-Content-Sha256": ["", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", 64 * "0"],
    "x-amz-checksum-crc32": ["", "AAAAAQ%3D%3D"],
    "versionId": ["", "%20", 1025 * "v"],
    "x-id": ["", "GetObjectAcl"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_VALUES.items() for value in values]
)
def test_a_value_that_would_mean_something_else_is_refused(name: str, value: str) -> None:
    with pytest.raises(UrlRefused):
        parse(url(text="&".join((*PLAIN["Go 1"], f"{name}={value}"))))


@pytest.mark.parametrize("value", ["a", "ab", "a b", 1024 * "a"])
def test_a_user_agent_has_up_to_1024_characters_with_blanks_inside(value: str) -> None:
    agent = f"x-amz-user-agent={value.replace(' ', '%20')}"

    assert parse(url(text="&".join((*PLAIN["Go 1"], agent)))).key == KEY


@pytest.mark.parametrize(
    "headers", ["host%3Bhost", "host%3Bx-amz-request-payer%3Bx-amz-request-payer"]
)
def test_no_header_may_be_signed_twice(headers: str) -> None:
    query = "&".join(
        (ALGORITHM, CREDENTIAL, DATE, EXPIRES, f"X-Amz-SignedHeaders={headers}", SIGNED)
    )

    with pytest.raises(UrlRefused, match="no name twice"):
        parse(url(path=PATH, text=query))
