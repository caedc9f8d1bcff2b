"""Every exception of botocore has a place: tried again, credentials, configuration or object."""

import http.client
import inspect
import ssl
from typing import Any

import pytest
import urllib3.exceptions
from botocore import exceptions
from botocore.parsers import ResponseParserError

from forwarder.aws_failures import (
    AWS_ERRORS,
    code_of,
    explained,
    is_unreadable,
    response_of,
    status_of,
    word_for,
)

SECRET = "https://heron.example/?X-Amz-Signature=canary"
ALL = [
    kind
    for _, kind in sorted(vars(exceptions).items())
    if inspect.isclass(kind)
    and issubclass(kind, Exception)
    and not issubclass(kind, Warning)
    and kind.__module__ == exceptions.__name__
]
CREDENTIALS = [
    "CredentialRetrievalError", "LoginAuthorizationCodeError", "LoginError",
    "LoginInsufficientPermissions", "LoginRefreshRequired", "LoginTokenLoadError",
    "NoAuthTokenError", "NoCredentialsError", "PartialCredentialsError",
    "RefreshWithMFAUnsupportedError", "SSOError", "SSOTokenLoadError", "TokenRetrievalError",
    "UnauthorizedSSOTokenError", "UnknownCredentialError", "UnknownTokenProviderError",
]  # fmt: skip
PASSING = [
    "AwsChunkedWrapperError", "CapacityNotAvailableError", "ChecksumError", "ConnectTimeoutError",
    "ConnectionClosedError", "ConnectionError", "EndpointConnectionError",
    "FlexibleChecksumError", "HTTPClientError", "IncompleteReadError", "MetadataRetrievalError",
    "ProxyConnectionError", "ReadTimeoutError", "ResponseStreamingError", "SSLError",
]  # fmt: skip
ABOUT_THE_OBJECT = [
    "ParamValidationError", "UnsupportedOutpostResourceError",
    "UnsupportedS3AccesspointConfigurationError", "UnsupportedS3ArnError",
    "UnsupportedS3ControlArnError",
]  # fmt: skip
BY_ANSWER = ["ClientError", "EventStreamError"]
OUTSIDE = [
    http.client.BadStatusLine("x"),
    http.client.HTTPException("got more than 100 headers"),
    http.client.IncompleteRead(b""),
    urllib3.exceptions.HTTPError("x"),
    urllib3.exceptions.ProtocolError("x"),
    ssl.SSLError("x"),
    TimeoutError("x"),
    ConnectionResetError("x"),
    OSError("x"),
]
UNREADABLE = [ValueError(SECRET), ResponseParserError(SECRET), RuntimeError(SECRET)]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_exception_of_botocore_has_its_place_and_keeps_its_text(
    kind: type[Exception],
) -> None:
    error = kind.__new__(kind, SECRET)
    Exception.__init__(error, SECRET)
    name = kind.__name__
    assert isinstance(error, AWS_ERRORS)

    failure = explained(error)

    expected = "AWS_CONFIGURATION"
    if name in CREDENTIALS:
        expected = "CREDENTIALS"
    elif name in PASSING:
        expected = "SOURCE_UNAVAILABLE"
    elif name in [*ABOUT_THE_OBJECT, *BY_ANSWER]:
        expected = "SOURCE_REFUSED"
    assert failure.reason == expected
    assert name in str(failure) or name in BY_ANSWER or name.startswith("No")
    assert "canary" not in str(failure)
    assert failure.__cause__ is failure.__context__ is None


def test_the_lists_of_this_test_are_of_botocores_exceptions() -> None:
    names = {kind.__name__ for kind in ALL}
    assert {*CREDENTIALS, *PASSING, *ABOUT_THE_OBJECT, *BY_ANSWER} <= names


@pytest.mark.parametrize("name", ["ConnectionClosedError", "ReadTimeoutError", "HTTPClientError"])
def test_errors_without_an_answer_have_neither_status_nor_code(name: str) -> None:
    error = getattr(exceptions, name)(endpoint_url=SECRET, error=SECRET)
    assert error.response is None

    assert (response_of(error), status_of(error), code_of(error)) == ({}, None, None)
    assert word_for(error) == name


@pytest.mark.parametrize("error", OUTSIDE, ids=lambda error: type(error).__name__)
def test_what_sockets_tls_and_http_let_through_is_tried_again(error: Exception) -> None:
    assert isinstance(error, AWS_ERRORS)

    failure = explained(error)

    assert failure.reason == "SOURCE_UNAVAILABLE"
    assert f"could not be asked ({type(error).__name__}): check the network" in str(failure)


@pytest.mark.parametrize("error", UNREADABLE, ids=lambda error: type(error).__name__)
def test_an_answer_that_cannot_be_read_is_tried_again(error: Exception) -> None:
    assert is_unreadable(error)

    failure = explained(error)

    assert failure.reason == "SOURCE_UNAVAILABLE"
    assert "could not be read" in str(failure)
    assert "canary" not in str(failure)


def test_what_is_unreadable_is_told_from_what_is_not_there() -> None:
    closed = exceptions.ConnectionClosedError(endpoint_url=SECRET)
    assert is_unreadable(closed)
    assert is_unreadable(http.client.HTTPException())
    for error in (
        exceptions.EndpointConnectionError(endpoint_url=SECRET, error=""),
        exceptions.InvalidRegionError(region_name="x"),  # a ValueError, too
        exceptions.ClientError({}, "HeadObject"),
        OSError(),
        RuntimeError("refreshed credentials are still expired"),
    ):
        assert not is_unreadable(error)


def test_credentials_that_ended_are_told_from_other_runtime_errors() -> None:
    failure = explained(RuntimeError(f"{SECRET} the refreshed credentials are still expired."))

    assert (failure.reason, str(failure)) == (
        "CREDENTIALS",
        "the AWS credentials have expired: renew them",
    )


def test_missing_credentials_are_told_from_wrong_ones() -> None:
    assert "no AWS credentials" in str(explained(exceptions.NoCredentialsError()))
    partial = exceptions.PartialCredentialsError(provider="env", cred_var="x")
    assert "wrong or have expired: renew them (PartialCred" in str(explained(partial))


def test_regions_and_the_rest_of_the_configuration_have_words_of_their_own() -> None:
    assert "set AWS_DEFAULT_REGION" in str(explained(exceptions.NoRegionError()))
    profile = explained(exceptions.ProfileNotFound(profile="heron"))
    assert "(ProfileNotFound): check the AWS_ variables" in str(profile)


@pytest.mark.parametrize(
    ("answer", "word", "reason"),
    [
        ({"Error": {"Code": "SlowDown"}}, "SlowDown", "SOURCE_UNAVAILABLE"),
        ({"Error": {"Code": "ExpiredToken", "Message": SECRET}}, "ExpiredToken", "CREDENTIALS"),
        ({"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, "HTTP 404", ""),
        ({"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}},
         "NoSuchKey", ""),
        ({"ResponseMetadata": {"HTTPStatusCode": 503}}, "HTTP 503", "SOURCE_UNAVAILABLE"),
        ({"Error": {"Code": SECRET}}, "ClientError", ""),
        ({"Error": {}}, "ClientError", ""),
        ({}, "ClientError", ""),
    ],
)  # fmt: skip
def test_an_answer_is_told_by_its_code_or_its_status(
    answer: dict[str, Any], word: str, reason: str
) -> None:
    error = exceptions.ClientError(answer, "HeadObject")

    failure = explained(error, "the:right")

    assert word_for(error) == word
    assert failure.reason == (reason or "SOURCE_REFUSED")
    assert str(failure).startswith(f"S3 answered {word}: ")
    assert "canary" not in str(failure)


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [
        ("AccessDenied", "CREDENTIALS", "check the ARN of the role and its trust policy"),
        ("InvalidIdentityToken", "CREDENTIALS", "renew the token or the login"),
        ("ExpiredTokenException", "CREDENTIALS", "renew the token or the login"),
        ("Throttling", "SOURCE_UNAVAILABLE", "try again later"),
    ],
)
@pytest.mark.parametrize(
    "operation",
    [
        "AssumeRole", "AssumeRoleWithWebIdentity", "CreateOAuth2Token", "CreateToken",
        "GetRoleCredentials",
    ],
)  # fmt: skip
def test_a_refused_role_or_login_is_no_refusal_of_s3(
    operation: str, code: str, reason: str, told: str
) -> None:
    failure = explained(exceptions.ClientError({"Error": {"Code": code}}, operation))

    assert failure.reason == reason
    assert f"AWS refused {operation} with {code}, so there are no credentials: " in str(failure)
    assert told in str(failure)


def test_the_message_decides_and_the_right_is_named() -> None:
    denied = {"Error": {"Code": "AccessDenied"}}
    assert "give these AWS credentials the:right;" in str(
        explained(exceptions.ClientError(denied, "X"), "the:right")
    )
    assert "s3:GetObject;" in str(explained(exceptions.ClientError(denied, "X")))
    by_kms = {"Error": {"Code": "AccessDenied", "Message": "kms:Decrypt"}}
    assert "KMS key" in str(explained(exceptions.ClientError(by_kms, "X")))
