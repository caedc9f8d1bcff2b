"""What each refusal of S3 means, and what helps: one line of a table for each.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import re
from typing import NamedTuple

from transfer.errors import LandfallError, SourceRefused, UrlExpired

BUSY = frozenset(
    {
        *("RequestTimeout", "SlowDown", "SlowDownRead", "ServiceUnavailable", "InternalError"),
        *("Throttling", "ThrottlingException", "RequestThrottled", "RequestLimitExceeded"),
        *("TooManyRequests", "TooManyRequestsException", "BandwidthLimitExceeded", "Busy"),
        *("OperationAborted", "XMinioServerNotInitialized", "KMS.ThrottlingException"),
        *("KMS.KeyUnavailableException", "KMS.KMSInternalException"),
        *("KMS.DependencyTimeoutException", "KMS.InternalFailureException"),
    }
)
"""Codes that say "try again later", whatever the status beside them."""

GONE = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchBucket"})
"""Only these, with a 404, prove that there is nothing to land any more."""


class Meaning(NamedTuple):
    """Which failure it is for us, and its text: what happened, and what to do."""

    error: type[LandfallError]
    text: str


EXPIRED = Meaning(UrlExpired, "The presigned URL has expired: sign a fresh one and send again.")
TOKEN_EXPIRED = Meaning(
    UrlExpired,
    "The session token in the presigned URL has expired: sign a fresh URL with fresh credentials.",
)
CLOCK = Meaning(
    UrlExpired,
    "The signer's clock and S3's differ too much, S3 allows 15 minutes: set the signer's clock "
    "(NTP), then sign a fresh URL.",
)
WRONG_REGION = Meaning(
    SourceRefused, "The presigned URL is signed for another Region than the bucket's"
)
SIGV2 = Meaning(
    SourceRefused,
    "The URL is signed with Signature Version 2, which S3 takes neither for objects under a KMS "
    "key nor in newer Regions: sign with Signature Version 4 (boto3: signature_version='s3v4').",
)
SSE_C = Meaning(
    SourceRefused,
    "The object is encrypted with a key of its owner (SSE-C), which no message carries: "
    "copy it to one that S3 can read by itself.",
)
KMS_DENIED = Meaning(
    SourceRefused,
    "The signer may not use the KMS key of the object: allow kms:Decrypt to it in its own policy "
    "and in the key's policy.",
)
REQUESTER_PAYS = Meaning(
    SourceRefused,
    "The bucket is Requester Pays: sign the URL with x-amz-request-payer=requester.",
)
UNSIGNED_HEADERS = Meaning(
    SourceRefused,
    "A header that S3 needs is not covered by the URL's signature: sign again, naming each x-amz "
    "header in X-Amz-SignedHeaders.",
)
SIGNATURE_FORM = Meaning(
    SourceRefused,
    "S3 cannot read the signature parameters of the URL: sign it with an AWS SDK, and send it "
    "unchanged.",
)
DENIED = Meaning(
    SourceRefused,
    "Access is denied: allow s3:GetObject to the signer (s3:GetObjectVersion if the URL names a "
    "version), and kms:Decrypt if the object is under a KMS key. Look for a Deny in the bucket "
    "policy, such as one by address or VPC endpoint, since Landfall fetches from Google Cloud; "
    "and for Requester Pays, which needs x-amz-request-payer in the signed URL.",
)
ARCHIVED = Meaning(SourceRefused, "The object is archived: restore it in S3, then send again.")
ACCOUNT = Meaning(
    SourceRefused,
    "The AWS account of the signer or of the bucket is closed, suspended or not signed up for S3: "
    "ask its owner or AWS Support.",
)
KMS_OTHER = Meaning(
    SourceRefused, "KMS did not decrypt the object: look at its KMS key, then send again."
)
KMS_STATE = Meaning(
    SourceRefused,
    "The KMS key of the object is pending deletion or unavailable: cancel the deletion, enable "
    "the key, then send again.",
)
OTHER = Meaning(
    SourceRefused,
    "S3 refused the presigned URL: check the signer's credentials, its rights to s3:GetObject "
    "and to the KMS key, and that the URL is sent as it was signed.",
)
NOT_S3 = Meaning(
    SourceRefused,
    "The presigned URL was refused without an error of S3's form: a proxy or firewall between, or "
    "a server in S3_ENDPOINTS that is not S3, may have done so.",
)

BY_CODE = {
    "ExpiredToken": TOKEN_EXPIRED,
    "TokenRefreshRequired": TOKEN_EXPIRED,
    "RequestTimeTooSkewed": CLOCK,
    "RequestExpired": EXPIRED,
    "InvalidToken": Meaning(
        SourceRefused,
        "S3 does not take the session token in the URL. In a Region that is off by default "
        "(opt-in), get it from a Regional STS endpoint, not from the global one; else it was cut "
        "or changed on its way.",
    ),
    "InvalidAccessKeyId": Meaning(
        SourceRefused,
        "S3 does not know the access key that signed the URL: it was deleted or disabled, belongs "
        "to another partition or server, or the bucket's Region (opt-in) is not enabled in the "
        "signer's account.",
    ),
    "SignatureDoesNotMatch": Meaning(
        SourceRefused,
        "The signature does not match: the URL was changed on its way (decoded, encoded again, "
        "reordered, cut), or the signer's secret key is wrong.",
    ),
    "AccessDenied": DENIED,
    "IllegalLocationConstraintException": WRONG_REGION,
    "AuthorizationHeaderMalformed": SIGNATURE_FORM,
    "AuthorizationQueryParametersError": SIGNATURE_FORM,
    "InvalidObjectState": ARCHIVED,
    "ObjectNotInActiveTierError": ARCHIVED,
    "AllAccessDisabled": Meaning(
        SourceRefused, "AWS has disabled all access to this bucket or object: ask AWS Support."
    ),
    "AccountProblem": ACCOUNT,
    "NotSignedUp": ACCOUNT,
    "OptInRequired": ACCOUNT,
    "UserSuspended": ACCOUNT,
    "MethodNotAllowed": Meaning(
        SourceRefused,
        "The version in the URL is a delete marker, which has no content: send the message of "
        "another version.",
    ),
    "KMS.AccessDeniedException": KMS_DENIED,
    "KMS.DisabledException": Meaning(
        SourceRefused, "The KMS key of the object is disabled: enable it, then send again."
    ),
    "KMS.NotFoundException": Meaning(
        SourceRefused,
        "The KMS key of the object does not exist, or not in the bucket's Region and account: "
        "without it nobody can read the object.",
    ),
    "KMS.KMSInvalidStateException": KMS_STATE,
    "KMS.InvalidStateException": KMS_STATE,
    "KMSNotConfigured": KMS_OTHER,
    "XMinioKMSNotConfigured": KMS_OTHER,
    "XMinioInvalidObjectName": Meaning(
        SourceRefused, "MinIO does not take this object's name: it can only have been another's."
    ),
}

BY_MESSAGE = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        ("not valid yet|not yet valid|difference between the request time", CLOCK),
        ("token has expired", TOKEN_EXPIRED),
        ("expired", EXPIRED),
        ("the region .{1,60} is wrong|location constraint is incompatible", WRONG_REGION),
        ("AWS4-HMAC-SHA256|Signature Version 4", SIGV2),
        ("form of Server Side Encryption|Customer provided keys", SSE_C),
        ("customer master key|KMS key", KMS_DENIED),
        ("requester.?pays|x-amz-request-payer", REQUESTER_PAYS),
        ("headers present in the request which were not signed", UNSIGNED_HEADERS),
    )
)
"""For codes that stand for several things; the first that is found counts."""


_NOT_AUTHORIZED = re.compile(r"is not authorized to perform: ([a-z0-9-]{1,32}):")


def meaning_of(code: str, message: str) -> Meaning:
    """Return what a 4xx means by its code and message; both are empty if it was not S3's."""
    if not code and not message:
        return NOT_S3
    if code.startswith("KMS."):  # they are exact, and their messages name "KMS key" for all of them
        return BY_CODE.get(code, KMS_OTHER)
    # Behind it the message names the object: a key may hold any of the words looked for below.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    action = _NOT_AUTHORIZED.search(message)
    if action is not None:
        return KMS_DENIED if action[1] == "kms" else DENIED
    for pattern, meaning in BY_MESSAGE:
        if pattern.search(message):
            return meaning
    return BY_CODE.get(code, OTHER)
