"""What a presigned GetObject may hold besides its signature, and why that is harmless.

Collected from what Amazon's SDKs and other signers write; the tests hold a URL of each.
"""

PLAIN = {
    # GetObject's VersionId, which must be the message's own.
    "versionId": r"[!-~]{1,1024}",
    # The operation's name, which S3 ignores. Go, JavaScript, Rust.
    "x-id": r"GetObject",
}

# Headers in small letters, as boto3 and JavaScript write them; Go and PHP: X-Amz-Checksum-Mode.
HOISTED_V2 = {
    # S3 adds its checksums to the answer. Go and JavaScript ask for them by default.
    # https://github.com/aws/aws-sdk-go-v2/pull/3530
    "x-amz-checksum-mode": r"ENABLED",
    # The account that signed pays for the request and the transfer; the bytes are the same.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html
    "x-amz-request-payer": r"requester",
    # S3 refuses if another account owns the bucket, and does nothing else.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    "x-amz-expected-bucket-owner": r"\d{12}",
    # For statistics. JavaScript before 3.19: https://github.com/aws/aws-sdk-js-v3/pull/2493
    "x-amz-user-agent": r"[!-~](?:[ -~]{0,1022}[!-~])?",
}
HOISTED_V4 = {
    **HOISTED_V2,
    # The request has no body: not signed, or the SHA-256 of nothing. JavaScript, PHP, Go.
    # https://github.com/aws/aws-sdk-go/pull/1469
    "x-amz-content-sha256": (
        r"UNSIGNED-PAYLOAD|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    ),
    # The CRC32 of no body. JavaScript with responseChecksumValidation WHEN_REQUIRED.
    "x-amz-checksum-crc32": r"AAAAAA==",
}
ONLY_VALUES = {"x-amz-checksum-mode": "ENABLED", "x-amz-request-payer": "requester"}
"""Signed headers of which the URL need not say the value, since S3 knows one only."""

_OVERRIDES = (
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
)
_CUSTOMER_KEY = (
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
)
_CONDITIONS = (
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
)
# Java and Go sign the first two into some GETs: https://github.com/aws/aws-sdk-go-v2/issues/2531
_UNKNOWN_VALUES = (
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "accept-encoding",
    "content-type",
    "x-amz-checksum-crc32",
    "x-amz-content-sha256",
    "x-amz-expected-bucket-owner",
    "x-amz-user-agent",
)
_ADVICE = {
    **dict.fromkeys(_OVERRIDES, "it changes the headers of S3's answer: sign without it"),
    **dict.fromkeys(
        _CUSTOMER_KEY,
        "Landfall has no key of the customer's (SSE-C): encrypt the object with SSE-S3 or SSE-KMS",
    ),
    **dict.fromkeys(_CONDITIONS, "Landfall sends its own If-Match and Range: sign without it"),
    **dict.fromkeys(
        _UNKNOWN_VALUES, "the URL does not hold its value, so it cannot be sent: sign without it"
    ),
    "partNumber": "it gets one part of the object: sign without it",
    "X-Amz-S3session-Token": "it is for directory buckets: copy the object to another bucket",
    "X-Amz-Region-Set": "it is for multi-Region access points: sign for the bucket's own host",
    # Java: https://github.com/aws/aws-sdk-java-v2/issues/2154
    "x-amz-te": "S3 adds an MD5 to the bytes: sign with checksumValidationEnabled(false)",
}
_BY_LOWER_CASE = {name.lower(): name for name in _ADVICE}


def hoisted_name(name: str) -> str | None:
    """Return the header that a query parameter stands for, if it is spelt as signers do."""
    lower = name.lower()
    return lower if name in (lower, lower.title()) else None


def why_refused(name: str, kind: str) -> str:
    """Return words about a `kind`, parameter or header, that is not taken.

    Only names that are known are shown: another may hold anything.
    """
    known = _BY_LOWER_CASE.get(name.lower())
    if known is None:
        return f"a {kind} that Landfall does not know: sign a plain GetObject."
    return f"the {kind} {known}: {_ADVICE[known]}."
