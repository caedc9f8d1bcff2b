"""Whatever boto3 may raise, and what it means: try again, renew the credentials, or configure.

Texts of foreign exceptions are never passed on, because they may hold a URL or a token.
"""

from http.client import HTTPException
from typing import Any

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from forwarder.failures import NotForwarded
from forwarder.s3_refusals import CREDENTIALS, LATER, REFUSED, RENEW, UNAVAILABLE, as_code, refusal

CONFIGURATION = "AWS_CONFIGURATION"
EXPIRED = "the AWS credentials have expired: renew them"

AWS_ERRORS = (
    aws.ClientError,
    aws.BotoCoreError,
    aws.UndefinedModelAttributeError,
    ResponseParserError,
    RuntimeError,  # credentials that ended, and timestamps that cannot be read
    ValueError,  # headers that cannot be read, such as a Content-Length that is no number
    OSError,  # of sockets and of TLS
    HTTPException,
    HTTPError,
)
"""What a call of a client may raise."""
UNREADABLE = (
    aws.ConnectionClosedError,  # http.client gives up at 100 headers, and it looks like this
    ResponseParserError,
    HTTPException,
    RuntimeError,
    ValueError,
)
"""What says that there was an answer, perhaps, but not one that can be read."""

_NO_CREDENTIALS = (aws.NoCredentialsError, aws.NoAuthTokenError)
_CREDENTIALS = (
    aws.CredentialRetrievalError,
    aws.LoginError,
    aws.PartialCredentialsError,
    aws.RefreshWithMFAUnsupportedError,
    aws.SSOError,
    aws.TokenRetrievalError,
    aws.UnknownCredentialError,
    aws.UnknownTokenProviderError,
)
_REGION = (aws.InvalidRegionError, aws.NoRegionError, aws.UnknownRegionError)
_ABOUT_THE_OBJECT = (
    aws.ParamValidationError,
    aws.UnsupportedOutpostResourceError,
    aws.UnsupportedS3AccesspointConfigurationError,
    aws.UnsupportedS3ArnError,
    aws.UnsupportedS3ControlArnError,
)
_PASSING = (
    aws.AwsChunkedWrapperError,
    aws.CapacityNotAvailableError,
    aws.ChecksumError,
    aws.ConnectionError,
    aws.FlexibleChecksumError,
    aws.HTTPClientError,
    aws.IncompleteReadError,
    aws.MetadataRetrievalError,
)
_ROLE_OPERATIONS = frozenset(
    {
        "AssumeRole", "AssumeRoleWithWebIdentity", "CreateOAuth2Token", "CreateToken",
        "GetRoleCredentials",
    }
)  # fmt: skip
"""What botocore asks other services than S3 within a call to S3, to get credentials."""
_CREDENTIALS_ENDED = "refreshed credentials"
"""Words of the RuntimeError for which botocore has no class of its own."""


def response_of(error: Exception) -> dict[str, Any]:
    """Return the answer that the error is about, empty if there was none."""
    found = getattr(error, "response", None)
    return found if isinstance(found, dict) else {}


def status_of(error: Exception) -> int | None:
    status = response_of(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status if isinstance(status, int) else None


def code_of(error: Exception) -> str | None:
    """Return the service's own word for the error; None if the answer had none."""
    return as_code(response_of(error).get("Error", {}).get("Code"))


def word_for(error: Exception) -> str:
    """Return the error in one word, for people: the service's or the exception's."""
    status = status_of(error)
    return code_of(error) or (f"HTTP {status}" if status else type(error).__name__)


def is_unreadable(error: Exception) -> bool:
    """Whether there was an answer of success, perhaps, that could not be read."""
    if isinstance(error, aws.BotoCoreError):
        return isinstance(error, aws.ConnectionClosedError)
    return isinstance(error, UNREADABLE) and not _ended(error)


def explained(error: Exception, right: str = "s3:GetObject") -> NotForwarded:
    """Return the failure, with what to do about it.

    `error` is one of `AWS_ERRORS`; `right` are the IAM actions that were needed.
    """
    if isinstance(error, aws.ClientError):
        return _refused(error, right)
    kind = type(error).__name__
    if isinstance(error, _NO_CREDENTIALS):
        text = "there are no AWS credentials: set them, or give the function a role"
        return NotForwarded(CREDENTIALS, text)
    if _ended(error):
        return NotForwarded(CREDENTIALS, EXPIRED)
    if isinstance(error, _CREDENTIALS):
        return NotForwarded(CREDENTIALS, f"{RENEW} ({kind})")
    if isinstance(error, _ABOUT_THE_OBJECT):
        text = f"S3 has no objects of such a bucket and key ({kind}): send the event as S3 made it"
        return NotForwarded(REFUSED, text)
    if isinstance(error, _REGION):
        return NotForwarded(
            CONFIGURATION,
            f"there is no Region, or none of that name ({kind}): set AWS_DEFAULT_REGION, and send "
            "the event as S3 made it",
        )
    if isinstance(error, _PASSING):
        return _unreachable(kind)
    if isinstance(error, (aws.BotoCoreError, aws.UndefinedModelAttributeError)):
        return NotForwarded(
            CONFIGURATION,
            f"boto3 cannot work as it is configured ({kind}): check the AWS_ variables of the "
            "environment, such as AWS_PROFILE and AWS_ENDPOINT_URL_S3, and the AWS config file; "
            "else update boto3",
        )
    if isinstance(error, (OSError, HTTPException, HTTPError)):
        return _unreachable(kind)
    return NotForwarded(
        UNAVAILABLE,
        f"S3's answer could not be read ({kind}): {LATER}; if that goes on, look at its headers "
        "and at what is between here and S3",
    )


def _refused(error: aws.ClientError, right: str) -> NotForwarded:
    message = str(response_of(error).get("Error", {}).get("Message") or "")
    reason, advice = refusal(status_of(error) or 0, code_of(error), message, right)
    operation = getattr(error, "operation_name", None)
    if operation not in _ROLE_OPERATIONS:
        return NotForwarded(reason, f"S3 answered {word_for(error)}: {advice}")
    told = f"AWS refused {operation} with {word_for(error)}, so there are no credentials"
    if reason == UNAVAILABLE:
        return NotForwarded(UNAVAILABLE, f"{told}: {LATER}")
    return NotForwarded(
        CREDENTIALS,
        f"{told}: check the ARN of the role and its trust policy, and renew the token or the login "
        "with which it is assumed",
    )


def _unreachable(kind: str) -> NotForwarded:
    return NotForwarded(
        UNAVAILABLE,
        f"S3 could not be asked ({kind}): check the network from here to S3, proxies, "
        f"certificates and the Region, or {LATER}",
    )


def _ended(error: Exception) -> bool:
    return isinstance(error, RuntimeError) and _CREDENTIALS_ENDED in str(error)
