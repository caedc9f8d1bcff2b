"""What S3's error answers mean.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import re

from transfer.errors import (
    LandfallError,
    SourceBusy,
    SourceChanged,
    SourceCorrupt,
    SourceGone,
    SourceRefused,
    SourceUnavailable,
    UrlExpired,
)

MAX_RETRY_AFTER_SECONDS = 30
_CODE = re.compile(rb"<Code>([A-Za-z0-9]{1,64})</Code>")
_OUT_OF_TIME = re.compile(  # as S3 says it, and as S3-compatible servers do
    rb"<Message>[^<]*(expired|not valid yet|not yet valid|difference between the request time)",
    re.IGNORECASE,
)
_CUSTOMER_KEY = re.compile(rb"<Message>[^<]*form of Server Side Encryption")
_SIGN_AGAIN = frozenset({"ExpiredToken", "TokenRefreshRequired", "RequestTimeTooSkewed"})
_TRY_AGAIN = frozenset({"RequestTimeout", "SlowDown", "ServiceUnavailable", "InternalError"})


def error_of(status: int, body: bytes, retry_after: str | None) -> LandfallError | SourceChanged:
    """Return our condition for an answer other than success; `body` is its XML, maybe cut."""
    found = _CODE.search(body)
    code = found[1].decode() if found else ""
    if status == 412:
        return SourceChanged()
    if code in _SIGN_AGAIN or (status in (400, 403) and _OUT_OF_TIME.search(body)):
        return UrlExpired("The presigned URL is past its life. Sign a fresh one and send again.")
    if status == 429 or status >= 500 or code in _TRY_AGAIN:
        return SourceBusy(f"S3 answered {status} {code}.", _seconds(retry_after))
    if status < 200:
        return SourceUnavailable(
            f"S3 announced another answer ({status}), which is not waited for."
        )
    if 300 <= status < 400:
        return SourceUnavailable(
            f"S3 redirects ({status}), which is not followed: sign for the bucket's own Region."
        )
    if status == 404:
        return SourceGone(f"S3 no longer has this object ({code or status}).")
    if status == 416:
        return SourceCorrupt("S3 says that the object ends before the bytes that are missing.")
    if _CUSTOMER_KEY.search(body):
        return SourceRefused(
            "The object is encrypted with a key of its owner (SSE-C), which no message carries: "
            "copy it to one that S3 can read by itself."
        )
    if code == "InvalidObjectState":
        return SourceRefused("The object is archived: restore it in S3, then send again.")
    return SourceRefused(
        f"S3 refused the presigned URL ({status} {code}): check the signer's credentials, its "
        "rights to s3:GetObject and to the KMS key, and that the URL is sent as it was signed."
    )


def _seconds(retry_after: str | None) -> int:
    if retry_after is None or not re.fullmatch(r"\d{1,6}", retry_after):
        return 5
    return min(int(retry_after), MAX_RETRY_AFTER_SECONDS)
