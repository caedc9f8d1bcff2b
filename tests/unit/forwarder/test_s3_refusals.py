"""Every error code that S3 is known to answer with has its reason, and words that help."""

import re

import pytest

from forwarder.s3_refusals import as_code, refusal

RIGHT = "s3:GetObject"
ABOUT_CREDENTIALS = {
    "AuthFailure": "renew",
    "ExpiredToken": "renew",
    "ExpiredTokenException": "renew",
    "InvalidAccessKeyId": "enable it.*version 2.*GovCloud.*AWS_DEFAULT_REGION",
    "InvalidClientTokenId": "enable it.*version 2.*GovCloud.*AWS_DEFAULT_REGION",
    "InvalidSecurity": "renew",
    "InvalidToken": "enable it.*version 2.*GovCloud.*AWS_DEFAULT_REGION",
    "RequestExpired": "set the clock",
    "RequestTimeTooSkewed": "set the clock of this machine right.*15 minutes",
    "TokenRefreshRequired": "renew",
    "UnrecognizedClientException": "enable it.*version 2.*GovCloud.*AWS_DEFAULT_REGION",
}
ABOUT_THE_OBJECT = {
    "AccessDenied": "give these AWS credentials s3:GetObject; .*Requester Pays",
    "AccountProblem": "restricted the account",
    "AllAccessDisabled": "closed the bucket",
    "AuthorizationHeaderMalformed": "another Region.*AWS_DEFAULT_REGION.*enable it",
    "IllegalLocationConstraint": "another Region",
    "IllegalLocationConstraintException": "another Region.*enable it",
    "InvalidArgument": "the key or the version",
    "InvalidBucketName": "no bucket can have this name",
    "InvalidObjectState": "archived: restore it",
    "InvalidRequest": "does not take such a request",
    "KMS.DisabledException": "disabled: enable it",
    "KMS.InvalidKeyUsageException": "KMS key of the object",
    "KMS.InvalidStateException": "cancel its deletion",
    "KMS.KMSInvalidStateException": "cancel its deletion",
    "KMS.NotFoundException": "does not exist in this Region",
    "KeyTooLongError": "so long",
    "MethodNotAllowed": "delete marker.*AWS_ENDPOINT_URL_S3",
    "NoSuchBucket": "no such bucket.*AWS_ENDPOINT_URL_S3",
    "NoSuchKey": "no such object",
    "NoSuchVersion": "no such version",
    "NotSignedUp": "not signed up",
    "PermanentRedirect": "another Region",
    "Redirect": "another Region",
    "SignatureDoesNotMatch": "renew the credentials; or.*spelling of its key",
    "SomethingNew": "documentation of S3",
    "TemporaryRedirect": "new: try again",
}
PASSING = [
    "BandwidthLimitExceeded", "Busy", "InternalError", "InternalFailure", "KMS.ThrottlingException",
    "OperationAborted", "RequestLimitExceeded", "RequestThrottled", "RequestTimeout",
    "RequestTimeoutException", "ServiceUnavailable", "SlowDown", "Throttling",
    "ThrottlingException", "TooManyRequests", "XMinioServerNotInitialized",
]  # fmt: skip
MEANINGS = [
    (
        "InvalidRequest",
        "The object was stored using a form of Server Side Encryption. The correct parameters",
        r"SSE-C\).*copy it",
    ),
    (
        "InvalidRequest",
        "The authorization mechanism is not supported. Please use AWS4-HMAC-SHA256.",
        "only AWS Signature Version 4",
    ),
    (
        "InvalidArgument",
        "Requests with AWS KMS managed keys require AWS Signature Version 4.",
        "only AWS Signature Version 4",
    ),
    (
        "AccessDenied",
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: kms:Decrypt",
        "allow kms:Decrypt and kms:GenerateDataKey",
    ),
    (
        "AccessDenied",
        "User: arn:aws:iam::1:user/u is not authorized with an explicit deny in a policy",
        "denies it explicitly",
    ),
    ("AccessDenied", "This bucket is Requester Pays", "is Requester Pays: use a role of"),
    ("AccessDenied", "Access Denied", "give these AWS credentials s3:GetObject"),
]


def told(code: str | None, status: int = 400, message: str = "") -> tuple[str, str]:
    return refusal(status, code, message, RIGHT)


@pytest.mark.parametrize(("code", "words"), ABOUT_CREDENTIALS.items())
def test_what_cannot_depend_on_the_object_is_about_the_credentials(code: str, words: str) -> None:
    reason, advice = told(code, 503)

    assert reason == "CREDENTIALS"
    assert_matches(words, advice)


@pytest.mark.parametrize("code", PASSING)
def test_what_passes_is_tried_again_whatever_its_status(code: str) -> None:
    reason, advice = told(code)

    assert reason == "SOURCE_UNAVAILABLE"
    assert "try again later" in advice


@pytest.mark.parametrize("status", [408, 429, 500, 503, 599])
@pytest.mark.parametrize("code", ["SomethingNew", "AccessDenied", None])
def test_a_status_that_passes_is_tried_again_whatever_its_code(
    code: str | None, status: int
) -> None:
    assert told(code, status)[0] == "SOURCE_UNAVAILABLE"


@pytest.mark.parametrize(("code", "words"), ABOUT_THE_OBJECT.items())
def test_all_else_is_refused_for_this_object(code: str, words: str) -> None:
    for status in (301, 400, 403, 404, 499):
        reason, advice = told(code, status)

        assert reason == "SOURCE_REFUSED"
        assert_matches(words, advice)
        assert "{" not in advice


@pytest.mark.parametrize("status", [301, 400, 403, 404, 418])
def test_an_answer_without_s3s_error_came_from_elsewhere(status: int) -> None:
    reason, advice = told(None, status)

    assert reason == "SOURCE_REFUSED"
    assert "proxy, a firewall or another server: check AWS_ENDPOINT_URL_S3" in advice


@pytest.mark.parametrize(("code", "message", "words"), MEANINGS)
def test_a_code_of_several_meanings_is_told_by_its_message(
    code: str, message: str, words: str
) -> None:
    reason, advice = told(code, 403, message)

    assert reason == "SOURCE_REFUSED"
    assert_matches(words, advice)
    assert "arn:" not in advice


def test_the_message_of_other_codes_does_not_matter() -> None:
    assert told("NoSuchBucket", 404, "kms")[1] == told("NoSuchBucket", 404)[1]


@pytest.mark.parametrize(
    "code", [None, 404, "404", "", "a", "two words", "https://x/?s=1", "A" * 62, ["NoSuchKey"]]
)
def test_what_is_no_code_is_not_taken_for_one(code: object) -> None:
    assert as_code(code) is None


@pytest.mark.parametrize("code", ["NoSuchKey", "KMS.DisabledException", "A" * 61, "XMinioX1"])
def test_a_code_is_taken_as_it_is(code: str) -> None:
    assert as_code(code) == code


def assert_matches(words: str, text: str) -> None:
    assert re.search(words, text), text
