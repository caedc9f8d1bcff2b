"""Each refusal of S3, as servers word it, has its own remedy."""

import pytest

from adapters.s3_answers import error_of
from transfer.errors import (
    LandfallError,
    SourceBusy,
    SourceGone,
    SourceRefused,
    SourceUnavailable,
    UrlExpired,
)


def told(
    status: int, code: str, text: str = "", more: str = "", region: str | None = None
) -> LandfallError:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{text}</Message>{more}"
        "<RequestId>4442587FB7D0A2F9</RequestId><HostId>canary</HostId></Error>"
    )
    error = error_of(status, body.encode(), None, region)
    assert isinstance(error, LandfallError)
    assert f"{status} {code}" in str(error)
    return error


DENIED_BY = "because no identity-based policy allows the {} action"
USER = "User: arn:aws:sts::111122223333:assumed-role/forwarder/x is not authorized to perform: "
REFUSED = {
    "a changed URL": (
        (403, "SignatureDoesNotMatch", "The request signature we calculated does not match the "),
        "changed on its way",
    ),
    "an access key that is gone": ((403, "InvalidAccessKeyId"), "deleted or disabled"),
    "a token for another Region": (
        (400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
        "Regional STS endpoint",
    ),
    "no right": ((403, "AccessDenied", "Access Denied"), "allow s3:GetObject"),
    "no right, with its reason": (
        (403, "AccessDenied", USER + 's3:GetObject on resource: "x" with an explicit deny'),
        "allow s3:GetObject",
    ),
    "Requester Pays, as S3 words it": ((403, "AccessDenied", "Access Denied"), "Requester Pays"),
    "Requester Pays, by a server that says so": (
        (403, "AccessDenied", "Bucket is a requester pays bucket"),
        "x-amz-request-payer=requester",
    ),
    "a header that is not signed": (
        (403, "AccessDenied", "There were headers present in the request which were not signed"),
        "X-Amz-SignedHeaders",
    ),
    "no right to the KMS key": (
        (403, "AccessDenied", USER + "kms:Decrypt on the resource associated with this ciphertext"),
        "kms:Decrypt",
    ),
    "no right to the KMS key, as S3 worded it before": (
        (403, "AccessDenied", "The ciphertext refers to a customer master key that does not exist"),
        "kms:Decrypt",
    ),
    "no right to the KMS key, by KMS": ((400, "KMS.AccessDeniedException"), "kms:Decrypt"),
    "a disabled KMS key": ((400, "KMS.DisabledException"), "is disabled: enable it"),
    "a KMS key that is gone": ((400, "KMS.NotFoundException"), "does not exist"),
    "a KMS key about to go": ((400, "KMS.KMSInvalidStateException"), "pending deletion"),
    "a disabled KMS key, in words of KMS": (
        (400, "KMS.DisabledException", "The KMS key arn:aws:kms:eu-west-2:1:key/2 is disabled."),
        "is disabled: enable it",
    ),
    "a KMS key that is gone, in words of KMS": (
        (400, "KMS.NotFoundException", "The customer master key does not exist in this region"),
        "does not exist",
    ),
    "a KMS key about to go, in words of KMS": (
        (400, "KMS.KMSInvalidStateException", "The KMS key is pending deletion, has expired"),
        "pending deletion",
    ),
    "something else about KMS": ((400, "KMS.SomethingException"), "look at its KMS key"),
    "Signature Version 2 and KMS": (
        (
            *(400, "InvalidArgument"),
            (
                "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS "
                "Signature Version 4."
            ),
        ),
        "signature_version='s3v4'",
    ),
    "Signature Version 2 in a newer Region": (
        (
            *(400, "InvalidRequest"),
            (
                "The authorization mechanism you have provided is not supported. Please use "
                "AWS4-HMAC-SHA256."
            ),
        ),
        "sign with Signature Version 4",
    ),
    "parameters that are malformed": (
        (
            400,
            "AuthorizationQueryParametersError",
            "Query-string authentication version 4 requires",
        ),
        "sign it with an AWS SDK",
    ),
    "a key of the owner": (
        (400, "InvalidRequest", "The object was stored using a form of Server Side Encryption."),
        "SSE-C",
    ),
    "an archived object": ((403, "InvalidObjectState"), "restore it in S3"),
    "a closed bucket": ((403, "AllAccessDisabled"), "AWS Support"),
    "an account with a problem": ((403, "AccountProblem"), "account"),
    "an account without S3": ((403, "NotSignedUp"), "account"),
    "a suspended user of Ceph": ((403, "UserSuspended"), "suspended"),
    "a delete marker": ((405, "MethodNotAllowed"), "delete marker"),
    "a name that MinIO does not take": ((400, "XMinioInvalidObjectName"), "MinIO"),
    "MinIO without KMS": ((400, "XMinioKMSNotConfigured"), "KMS"),
    "another code": ((409, "SomethingElse"), "credentials"),
}


@pytest.mark.parametrize(("answer", "remedy"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_says_what_helps(answer: tuple[int, str, str], remedy: str) -> None:
    error = told(*answer)

    assert type(error) is SourceRefused
    assert remedy in str(error)
    assert "canary" not in str(error)


OUT_OF_TIME = {
    "expired": ((403, "AccessDenied", "Request has expired"), "expired: sign a fresh one"),
    "an expired token": ((400, "ExpiredToken", "The provided token has expired."), "session token"),
    "a token to refresh": ((400, "TokenRefreshRequired"), "session token"),
    "a wrong clock": (
        (
            *(403, "RequestTimeTooSkewed"),
            "The difference between the request time and the current time is too large.",
        ),
        "clock",
    ),
    "a clock ahead": ((403, "AccessDenied", "Request is not valid yet"), "clock"),
    "a clock ahead, MinIO": ((403, "AccessDenied", "Request is not yet valid"), "clock"),
}


@pytest.mark.parametrize(("answer", "remedy"), OUT_OF_TIME.values(), ids=OUT_OF_TIME)
def test_what_is_out_of_time_says_whether_it_is_the_clock(
    answer: tuple[int, str, str], remedy: str
) -> None:
    error = told(*answer)

    assert type(error) is UrlExpired
    assert remedy in str(error)
    assert ("clock" in str(error)) == (remedy == "clock")


def test_a_message_that_is_no_utf_8_is_understood_all_the_same() -> None:
    body = b"<Error><Code>AccessDenied</Code><Message>\xff Request has expired</Message></Error>"

    assert type(error_of(403, body, None)) is UrlExpired


WORDS = [
    *("expired", "not valid yet", "Signature Version 4", "requester pays", "customer master key"),
    *("kms:Decrypt", "is not authorized to perform: kms:Decrypt", "location constraint is"),
]


@pytest.mark.parametrize("word", WORDS)
def test_words_in_the_name_of_the_object_decide_nothing(word: str) -> None:
    """S3 names it in its message, so a key could make a refusal look like another."""
    resource = f'on resource: "arn:aws:s3:::pictures/{word}" '
    error = told(403, "AccessDenied", f"{USER}s3:GetObject {resource}{DENIED_BY}")

    assert type(error) is SourceRefused
    assert "allow s3:GetObject" in str(error)


@pytest.mark.parametrize(
    "code",
    [
        *("SlowDown", "SlowDownRead", "ThrottlingException", "TooManyRequests", "Busy"),
        *("KMS.ThrottlingException", "KMS.KeyUnavailableException", "OperationAborted"),
        *("XMinioServerNotInitialized", "RequestTimeout", "InternalError"),
    ],
)
@pytest.mark.parametrize("status", [400, 403, 409, 500, 503])
def test_a_code_for_later_is_for_later_whatever_the_status(status: int, code: str) -> None:
    assert type(told(status, code)) is SourceBusy


PAGE = b"<html><head><title>403</title></head><body>Code: <Code>NoSuchKey</Code></body></html>"


@pytest.mark.parametrize("body", [b"", b"Forbidden", PAGE, b'{"code": "AccessDenied"}'])
def test_a_refusal_that_is_not_of_s3_says_so(body: bytes) -> None:
    error = error_of(403, body, None)

    assert type(error) is SourceRefused
    assert "proxy or firewall" in str(error)
    assert "S3_ENDPOINTS" in str(error)


@pytest.mark.parametrize("body", [b"", b"404 page not found", PAGE, b"<Error><Code>x/y</Code>"])
def test_a_404_that_is_not_of_s3_does_not_prove_that_the_object_is_gone(body: bytes) -> None:
    error = error_of(404, body, None)

    assert type(error) is SourceUnavailable
    assert "was 404 without an error code of S3, which does not prove" in str(error)


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion", "NoSuchBucket"])
def test_a_404_of_s3_proves_it(code: str) -> None:
    body = f"<Error xmlns='x'><Code>{code}</Code></Error>".encode()

    error = error_of(404, body, None)

    assert type(error) is SourceGone
    assert str(error) == f"S3 no longer has this object ({code})."


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece",
    [
        b"<Error>",
        b"<Code>",
        b"<Code>a",
        b"<Message>",
        b"<Message>The a-",
        b" ",
        b"<Region>eu-west-",
    ],
)
@pytest.mark.parametrize("status", [301, 400, 403, 404])
def test_a_long_error_is_understood_at_once(status: int, piece: bytes) -> None:
    body = b"<Error><Message>" + (65536 // len(piece)) * piece

    assert isinstance(error_of(status, body, None), LandfallError)
