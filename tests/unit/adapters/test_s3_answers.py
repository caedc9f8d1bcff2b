"""What each error answer of S3 means to us."""

import pytest

from adapters.s3_answers import error_of
from transfer.errors import (
    SourceBusy,
    SourceChanged,
    SourceCorrupt,
    SourceGone,
    SourceRefused,
    SourceUnavailable,
    UrlExpired,
)


def xml(code: str, text: str = "words") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{text}</Message>"
        "<RequestId>4442587FB7D0A2F9</RequestId><HostId>canary-host</HostId></Error>"
    ).encode()


@pytest.mark.parametrize(
    ("status", "code", "text", "condition"),
    [
        (404, "NoSuchKey", "The specified key does not exist.", SourceGone),
        (404, "NoSuchVersion", "words", SourceGone),
        (404, "NoSuchBucket", "words", SourceGone),
        (404, "NoSuchUpload", "words", SourceUnavailable),
        (404, "AccessDenied", "words", SourceUnavailable),
        (403, "NoSuchKey", "words", SourceRefused),
        (412, "PreconditionFailed", "words", SourceChanged),
        (403, "AccessDenied", "Request has expired", UrlExpired),
        (400, "AccessDenied", "Request has expired", UrlExpired),
        (400, "AccessDenied", "The difference between the request time and ours is", UrlExpired),
        (403, "AccessDenied", "Request is not valid yet", UrlExpired),
        (403, "AccessDenied", "Request is not yet valid", UrlExpired),
        (400, "ExpiredToken", "The provided token has expired.", UrlExpired),
        (400, "TokenRefreshRequired", "words", UrlExpired),
        (403, "RequestTimeTooSkewed", "words", UrlExpired),
        (403, "AccessDenied", "Access Denied", SourceRefused),
        (403, "SignatureDoesNotMatch", "words", SourceRefused),
        (403, "InvalidAccessKeyId", "words", SourceRefused),
        (403, "AllAccessDisabled", "words", SourceRefused),
        (403, "InvalidObjectState", "words", SourceRefused),
        (400, "AuthorizationQueryParametersError", "words", SourceRefused),
        (400, "InvalidRequest", "words", SourceRefused),
        (400, "InvalidArgument", "words", SourceRefused),
        (400, "IllegalLocationConstraintException", "words", SourceRefused),
        (405, "MethodNotAllowed", "words", SourceRefused),
        (416, "InvalidRange", "words", SourceCorrupt),
        (401, "Unauthorized", "words", SourceRefused),
        (400, "RequestTimeout", "words", SourceBusy),
        (400, "SlowDown", "words", SourceBusy),
        (429, "TooManyRequests", "words", SourceBusy),
        (500, "InternalError", "words", SourceBusy),
        (502, "BadGateway", "words", SourceBusy),
        (503, "SlowDown", "words", SourceBusy),
        (503, "ServiceUnavailable", "words", SourceBusy),
        (504, "GatewayTimeout", "words", SourceBusy),
        (103, "", "", SourceUnavailable),
        (301, "PermanentRedirect", "words", SourceUnavailable),
        (307, "TemporaryRedirect", "words", SourceUnavailable),
    ],
)
def test_status_and_code_make_a_condition(
    status: int, code: str, text: str, condition: type[Exception]
) -> None:
    assert type(error_of(status, xml(code, text), None)) is condition


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\x00", b"<Code>", b"<Code></Code>"])
@pytest.mark.parametrize(
    ("status", "condition"),
    [
        (400, SourceRefused),
        (403, SourceRefused),
        (404, SourceUnavailable),
        (412, SourceChanged),
        (199, SourceUnavailable),
        (300, SourceUnavailable),
        (302, SourceUnavailable),
        (399, SourceUnavailable),
        (429, SourceBusy),
        (500, SourceBusy),
        (599, SourceBusy),
    ],
)
def test_without_a_code_the_status_decides(
    status: int, body: bytes, condition: type[Exception]
) -> None:
    assert type(error_of(status, body, None)) is condition


def test_an_expired_word_elsewhere_means_nothing() -> None:
    body = xml("AccessDenied").replace(b"canary-host", b"expired")

    assert type(error_of(403, body, None)) is SourceRefused


def test_an_archived_object_is_told_apart_with_the_remedy() -> None:
    assert "restore" in str(error_of(403, xml("InvalidObjectState"), None))


def test_an_object_under_its_owners_key_is_told_apart_with_the_remedy() -> None:
    text = (
        "The object was stored using a form of Server Side Encryption. The correct parameters "
        "must be provided to retrieve the object."
    )

    assert "SSE-C" in str(error_of(400, xml("InvalidRequest", text), None))


@pytest.mark.parametrize("status", [301, 400, 403, 404, 500])
def test_the_code_is_told_but_nothing_else_of_the_body(status: int) -> None:
    told = str(error_of(status, xml("SomeCode", "canary-text https://x?X-Amz-Signature=c"), None))

    assert "canary" not in told
    assert "X-Amz" not in told


@pytest.mark.parametrize("code", ["a b", "<b>", "x" * 65, "é", "a&b", "X-Amz-Signature=c"])
def test_a_code_of_another_form_is_not_told(code: str) -> None:
    assert code not in str(error_of(400, xml(code), None))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 5),
        ("0", 0),
        ("7", 7),
        ("30", 30),
        ("31", 30),
        ("999999", 30),
        ("9999999", 5),
        ("-1", 5),
        ("1.5", 5),
        ("Tue, 11 Aug 2026 09:30:14 GMT", 5),
        ("", 5),
    ],
)
def test_a_wish_to_wait_is_heard_within_reason(header: str | None, seconds: int) -> None:
    error = error_of(503, xml("SlowDown"), header)

    assert isinstance(error, SourceUnavailable)
    assert error.retry_after == seconds
