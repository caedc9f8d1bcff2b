"""The query of a presigned URL: a Signature Version 4 or 2, and nothing that changes the answer.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from transfer.errors import UrlRefused

MAX_EXPIRES_SECONDS = 604_800

_V4_PATTERNS = {
    "X-Amz-Algorithm": r"AWS4-HMAC-SHA256",
    "X-Amz-Credential": r"[^/]{1,128}/\d{8}/(?P<region>[a-z0-9-]{1,64})/s3/aws4_request",
    "X-Amz-Date": r"\d{8}T\d{6}Z",
    "X-Amz-Expires": r"[1-9]\d{0,5}",
    "X-Amz-SignedHeaders": r"host(?:;x-amz-checksum-mode)?",
    "X-Amz-Signature": r"[0-9a-f]{64}",
}
_V2_PATTERNS = {
    "AWSAccessKeyId": r"[A-Za-z0-9_-]{3,128}",
    "Expires": r"\d{10}",
    "Signature": r"[A-Za-z0-9+/]{27}=",
}
_OPTIONAL_PATTERNS = {"versionId": r"[!-~]{1,1024}", "x-id": r"GetObject"}
_V4_OPTIONAL_PATTERNS = {
    **_OPTIONAL_PATTERNS,
    "X-Amz-Security-Token": r"[!-~]{1,8192}",
    # Amazon's SDK for JavaScript signs these into every GetObject.
    "X-Amz-Content-Sha256": r"UNSIGNED-PAYLOAD",
    "x-amz-checksum-mode": r"ENABLED",
}
_V2_OPTIONAL_PATTERNS = {**_OPTIONAL_PATTERNS, "x-amz-security-token": r"[!-~]{1,8192}"}


@dataclass(frozen=True)
class UrlSignature:
    """What the query says about the request that was signed."""

    version_id: str | None
    headers: Mapping[str, str]
    """Signed headers besides Host, with the only value that they can have here."""


def check_signature(query: str, host_region: str | None) -> UrlSignature:
    """Return what was signed, if the query holds a signature and nothing unknown.

    Whether it is the right signature, and not too old, only S3 can tell.

    Raises:
        UrlRefused
    """
    values = _split(query)
    if "X-Amz-Signature" in values:
        matches = _match(values, _V4_PATTERNS, _V4_OPTIONAL_PATTERNS)
        _check_scope(matches, host_region)
    elif "Signature" in values:
        _match(values, _V2_PATTERNS, _V2_OPTIONAL_PATTERNS)
    else:
        raise UrlRefused("PresignedUrl has no signature in its query.")
    signed = values.get("X-Amz-SignedHeaders", "host").split(";")
    headers = {"x-amz-checksum-mode": "ENABLED"} if len(signed) > 1 else {}
    return UrlSignature(values.get("versionId"), headers)


def _split(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        if not equals or name in values:
            raise UrlRefused("PresignedUrl's query must hold name=value pairs, each name once.")
        try:
            values[name] = unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise UrlRefused("PresignedUrl's query is not UTF-8.") from None
    return values


def _match(
    values: Mapping[str, str], required: Mapping[str, str], optional: Mapping[str, str]
) -> dict[str, re.Match[str]]:
    for name in required:
        if name not in values:
            raise UrlRefused(f"PresignedUrl's signature lacks {name}.")
    matches = {}
    for name, value in values.items():
        pattern = required.get(name) or optional.get(name)
        if pattern is None:
            raise UrlRefused(
                "PresignedUrl's query may only hold its signature, versionId and x-id: "
                "sign a plain GetObject, without response-* overrides."
            )
        match = re.fullmatch(pattern, value, re.ASCII)
        if match is None:
            raise UrlRefused(f"PresignedUrl's {name} is not one that S3 takes here.")
        matches[name] = match
    return matches


def _check_scope(matches: Mapping[str, re.Match[str]], host_region: str | None) -> None:
    if int(matches["X-Amz-Expires"][0]) > MAX_EXPIRES_SECONDS:
        raise UrlRefused(f"PresignedUrl's X-Amz-Expires is over {MAX_EXPIRES_SECONDS} seconds.")
    if host_region is not None and matches["X-Amz-Credential"]["region"] != host_region:
        raise UrlRefused("PresignedUrl is signed for another Region than its host.")
