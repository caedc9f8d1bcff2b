"""What S3's error answers mean.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import re

from adapters.s3_refusals import BUSY, GONE, WRONG_REGION, meaning_of
from transfer.errors import (
    LandfallError,
    SourceBusy,
    SourceChanged,
    SourceCorrupt,
    SourceGone,
    SourceUnavailable,
)

MAX_RETRY_AFTER_SECONDS = 30
# Of a foreign text only what has one of these forms is repeated; all else could be a secret.
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]{1,1000})")
_REGION = r"[a-z]{2,5}(?:-[a-z]{2,10}){1,2}-\d{1,2}"
_REGIONS = tuple(
    re.compile(pattern.encode(), re.ASCII)
    for pattern in (
        rf"<Region>({_REGION})</Region>",
        rf"<Message>\s{{0,9}}The ({_REGION}) location constraint",
        rf"is wrong; expecting (?:'|&apos;|&#39;)({_REGION})(?:'|&)",
        rf"[>.]s3[.-](?:dualstack\.)?({_REGION})\.amazonaws\.[a-z.]{{2,12}}</Endpoint>",
    )
)


def error_of(
    status: int, body: bytes, retry_after: str | None, region: str | None = None
) -> LandfallError | SourceChanged:
    """Return our condition for an answer other than success; `body` is its XML, maybe cut.

    `region` is what the answer's header `x-amz-bucket-region` says.
    """
    code, message = _said(body)
    if status == 412:
        return SourceChanged()
    if status == 429 or status >= 500 or code in BUSY:
        return SourceBusy(f"S3 answered {_named(status, code)}.", _seconds(retry_after))
    if status < 200:
        return SourceUnavailable(
            f"S3 announced another answer ({status}), which is not waited for."
        )
    if 300 <= status < 400:
        return SourceUnavailable(
            f"S3 redirects ({_named(status, code)}), which is not followed{_remedy(body, region)}"
        )
    if status == 404:
        return _missing(code, retry_after)
    if status == 416:
        return SourceCorrupt("S3 says that the object ends before the bytes that are missing.")
    meaning = meaning_of(code, message)
    text = meaning.text + (_remedy(body, region) if meaning is WRONG_REGION else "")
    return meaning.error(f"{text} The answer was {_named(status, code)}.")


def _said(body: bytes) -> tuple[str, str]:
    """Return code and message, if it is an error of S3's form."""
    if b"<Error" not in body:
        return "", ""
    code, message = _CODE.search(body), _MESSAGE.search(body)
    return code[1].decode() if code else "", message[1].decode(
        "utf-8", "replace"
    ) if message else ""


def _missing(code: str, retry_after: str | None) -> LandfallError:
    if code in GONE:
        return SourceGone(f"S3 no longer has this object ({code}).")
    return SourceUnavailable(
        f"The answer was {_named(404, code)}, which does not prove that the object is gone: a "
        "proxy between, or a server in S3_ENDPOINTS that is not S3, may have given it.",
        _seconds(retry_after),
    )


def _named(status: int, code: str) -> str:
    return f"{status} {code or 'without an error code of S3'}"


def _remedy(body: bytes, region: str | None) -> str:
    """What to do about a wrong Region, by its name if S3 gave one of proper form."""
    named = region if region and re.fullmatch(_REGION, region, re.ASCII) else None
    for pattern in _REGIONS:
        found = pattern.search(body)
        if named is None and found is not None:
            named = found[1].decode()
    if named is None:
        return ": sign for the bucket's own Region, at that Region's endpoint."
    return f": the bucket is in {named}, so sign for {named}, at that Region's endpoint."


def _seconds(retry_after: str | None) -> int:
    if retry_after is None or not re.fullmatch(r"\d{1,6}", retry_after):
        return 5
    return min(int(retry_after), MAX_RETRY_AFTER_SECONDS)
