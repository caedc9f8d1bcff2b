"""What S3's error codes mean for an object, and what to do about each. Pure: no network.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import re
from typing import NamedTuple

CREDENTIALS = "CREDENTIALS"
REFUSED = "SOURCE_REFUSED"
UNAVAILABLE = "SOURCE_UNAVAILABLE"

RENEW = "the AWS credentials are wrong or have expired: renew them"
OPT_IN = (
    f"{RENEW}. In a Region that an account must enable first: enable it, and get session tokens "
    "of version 2 (AWS_STS_REGIONAL_ENDPOINTS=regional). In China, GovCloud or the European "
    "Sovereign Cloud: use credentials of that partition and set AWS_DEFAULT_REGION to one of its "
    "Regions"
)
WRONG_REGION = (
    "the bucket is in another Region, and S3's redirect did not lead there: name the bucket's "
    "Region in the event or in AWS_DEFAULT_REGION; enable it for your account if it is one that "
    "must be enabled"
)
KEY_POLICY = (
    "S3 may not use the KMS key of the object for you: allow kms:Decrypt and kms:GenerateDataKey "
    "in your role (KmsKeyArns of the stack) and in the key's own policy"
)
SSE_C = (
    "the object is encrypted with a key of its owner's own (SSE-C), which cannot be part of a "
    "presigned URL: copy it within S3 to SSE-S3 or SSE-KMS"
)
SIGNATURE_VERSION = (
    "S3 takes only AWS Signature Version 4 here: remove s3.signature_version and "
    "s3 = signature_version from your AWS config file, and update boto3"
)
DENIED = (
    "give these AWS credentials {right}; without s3:ListBucket a deleted object is refused too. "
    "If that is given: a bucket policy, an organisation's policy or a VPC endpoint's policy may "
    "deny it, the object may belong to another account, or the bucket may be Requester Pays: then "
    "use a role of the bucket owner's account"
)
EXPLICIT_DENY = (
    "a policy denies it explicitly (of the bucket, the role, the organisation or a VPC endpoint): "
    "change that policy"
)
LATER = "try again later (the function and forwarder.sync do so by themselves)"
NOT_S3 = (
    "the answer has no error of S3 in it, so it came from a proxy, a firewall or another server: "
    "check AWS_ENDPOINT_URL_S3, and what is between here and S3"
)

_ABOUT_CREDENTIALS = {
    "AuthFailure": RENEW,
    "ExpiredToken": RENEW,
    "ExpiredTokenException": RENEW,
    "InvalidAccessKeyId": OPT_IN,
    "InvalidClientTokenId": OPT_IN,
    "InvalidSecurity": RENEW,
    "InvalidToken": OPT_IN,
    "RequestExpired": "set the clock of this machine right",
    "RequestTimeTooSkewed": "set the clock of this machine right: it differs from S3's by over "
    "15 minutes",
    "TokenRefreshRequired": RENEW,
    "UnrecognizedClientException": OPT_IN,
}
"""They cannot depend on the object, so every other object meets them too."""

_PASSING = frozenset(
    {
        "BandwidthLimitExceeded", "Busy", "InternalError", "InternalFailure",
        "KMS.ThrottlingException", "OperationAborted", "RequestLimitExceeded", "RequestThrottled",
        "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable", "SlowDown",
        "Throttling", "ThrottlingException", "TooManyRequests", "XMinioServerNotInitialized",
    }
)  # fmt: skip

_ABOUT_THE_OBJECT = {
    "AccessDenied": DENIED,
    "AccountProblem": "AWS has restricted the account: look at its billing, or ask AWS Support",
    "AllAccessDisabled": "AWS has closed the bucket to everybody: ask AWS Support",
    "AuthorizationHeaderMalformed": WRONG_REGION,
    "IllegalLocationConstraint": WRONG_REGION,
    "IllegalLocationConstraintException": WRONG_REGION,
    "InvalidArgument": "S3 does not take the key or the version: send the event as S3 made it",
    "InvalidBucketName": "no bucket can have this name: send the event as S3 made it",
    "InvalidObjectState": "the object is archived: restore it in S3, then send it again",
    "InvalidRequest": "S3 does not take such a request for this object or bucket",
    "KMS.DisabledException": "the KMS key of the object is disabled: enable it",
    "KMS.InvalidStateException": "the KMS key of the object is disabled or about to be deleted: "
    "enable it, or cancel its deletion",
    "KMS.KMSInvalidStateException": "the KMS key of the object is disabled or about to be "
    "deleted: enable it, or cancel its deletion",
    "KMS.NotFoundException": "the KMS key of the object does not exist in this Region any more: "
    "without it nobody can read the object",
    "KeyTooLongError": "no key can be so long: send the event as S3 made it",
    "MethodNotAllowed": "the version is a delete marker, or the server is not S3: check "
    "AWS_ENDPOINT_URL_S3",
    "NoSuchBucket": "there is no such bucket: check its name, and AWS_ENDPOINT_URL_S3 if set",
    "NoSuchKey": "there is no such object: check its name",
    "NoSuchVersion": "there is no such version of the object",
    "NotSignedUp": "the account is not signed up for S3: finish that, or use another account",
    "PermanentRedirect": WRONG_REGION,
    "Redirect": WRONG_REGION,
    "SignatureDoesNotMatch": "the AWS secret access key is wrong: renew the credentials; or, if "
    "only this object is refused, something between here and S3 changes the spelling of its key",
    "TemporaryRedirect": "S3 redirects to a bucket that is new: try again in some minutes, and "
    "name its Region in the event or in AWS_DEFAULT_REGION",
}
_BY_WORDS = (
    ("form of server side encryption", SSE_C),
    ("aws4-hmac-sha256", SIGNATURE_VERSION),
    ("signature version 4", SIGNATURE_VERSION),
    ("explicit deny", EXPLICIT_DENY),
    ("kms", KEY_POLICY),
    ("requester pays", "the bucket is Requester Pays: use a role of the bucket owner's account"),
)  # fmt: skip
"""Of one code with several meanings, S3's message says which; it is never shown itself."""
_MANY_MEANINGS = frozenset({"AccessDenied", "InvalidArgument", "InvalidRequest"})

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{1,60}")


class Refusal(NamedTuple):
    reason: str
    """One word, as `NotForwarded` has it."""
    advice: str


def as_code(code: object) -> str | None:
    """Return what S3 calls the error; None for anything else, such as an HTTP status."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


def code_in(text: str) -> str | None:
    """Return the first error code of S3 in a foreign text that by itself says what to do."""
    clear = _ABOUT_THE_OBJECT.keys() - _MANY_MEANINGS
    return next((word for each in _CODE.findall(text) if (word := each.rstrip(".")) in clear), None)


def refusal(status: int, code: str | None, message: str, right: str) -> Refusal:
    """Return what an answer of S3 means.

    `code` is one of `as_code`; `right` are the IAM actions that were needed.
    """
    if code in _ABOUT_CREDENTIALS:
        return Refusal(CREDENTIALS, _ABOUT_CREDENTIALS[code])
    if code in _PASSING or status >= 500 or status in (408, 429):
        return Refusal(UNAVAILABLE, LATER)
    if code is None:
        return Refusal(REFUSED, NOT_S3)
    if code in _MANY_MEANINGS:
        for words, advice in _BY_WORDS:
            if words in message.lower():
                return Refusal(REFUSED, advice)
    if code not in _ABOUT_THE_OBJECT and code.startswith("KMS."):
        return Refusal(REFUSED, KEY_POLICY)
    advice = _ABOUT_THE_OBJECT.get(code, "look this error up in the documentation of S3")
    return Refusal(REFUSED, advice.format(right=right))
