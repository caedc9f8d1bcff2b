"""The query of a presigned URL: a Signature Version 4 or 2, and nothing that changes the answer.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from urllib.parse import unquote

from transfer.errors import UrlRefused
from transfer.signed_parameters import (
    HOISTED_V2,
    HOISTED_V4,
    ONLY_VALUES,
    PLAIN,
    hoisted_name,
    why_refused,
)

MAX_EXPIRES_SECONDS = 604_800

_V4_PATTERNS = {
    "X-Amz-Algorithm": r"AWS4-HMAC-SHA256",
    "X-Amz-Credential": r"[^/]{1,128}/\d{8}/(?P<region>[a-z0-9-]{1,64})/s3/aws4_request",
    "X-Amz-Date": r"\d{8}T\d{6}Z",
    "X-Amz-Expires": r"[1-9]\d{0,5}",
    "X-Amz-SignedHeaders": r"[a-z0-9;-]+",
    "X-Amz-Signature": r"[0-9a-f]{64}",
}
_V2_PATTERNS = {
    # Of other servers too, such as account:user of OpenStack Swift.
    "AWSAccessKeyId": r"[!-.0-~]{3,128}",
    "Expires": r"\d{10}",
    "Signature": r"[A-Za-z0-9+/]{27}=",
}
_V4_OPTIONAL = {**PLAIN, "X-Amz-Security-Token": r"[!-~]{1,8192}"}
_V2_OPTIONAL = {**PLAIN, "x-amz-security-token": r"[!-~]{1,8192}"}


@dataclass(frozen=True)
class UrlSignature:
    """What the query says about the request that was signed."""

    version_id: str | None
    headers: Mapping[str, str]
    """Signed headers besides Host, with the value that was signed."""


def check_signature(query: str, host_region: str | None) -> UrlSignature:
    """Return what was signed, if the query holds a signature and nothing unknown.

    Whether it is the right signature, and not too old, only S3 can tell.

    Raises:
        UrlRefused
    """
    values = _split(query)
    if values.get("X-Amz-Algorithm") == "AWS4-ECDSA-P256-SHA256":
        raise UrlRefused(
            "PresignedUrl has a Signature Version 4A (AWS4-ECDSA-P256-SHA256), as multi-Region "
            "access points need it: sign for the bucket's own host with Signature Version 4."
        )
    headers: Mapping[str, str] = {}
    if "X-Amz-Signature" in values:
        matches = _match(values, _V4_PATTERNS.keys(), _V4_PATTERNS | _V4_OPTIONAL, HOISTED_V4)
        _check_scope(matches, host_region)
        headers = _signed_headers(values)
    elif "Signature" in values:
        _match(values, _V2_PATTERNS.keys(), _V2_PATTERNS | _V2_OPTIONAL, HOISTED_V2)
    else:
        raise UrlRefused("PresignedUrl has no signature in its query.")
    return UrlSignature(values.get("versionId"), headers)


def _signed_headers(values: Mapping[str, str]) -> dict[str, str]:
    """Return the headers to send: the signature covers them, and their values are known."""
    signed = values["X-Amz-SignedHeaders"].split(";")
    if "host" not in signed or len(set(signed)) < len(signed):
        raise UrlRefused("PresignedUrl's X-Amz-SignedHeaders must hold host, and no name twice.")
    said = {name.lower(): value for name, value in values.items()}
    headers = {}
    for name in signed:
        if name != "host":
            value = said.get(name, ONLY_VALUES.get(name)) if name in HOISTED_V4 else None
            if value is None:
                raise UrlRefused(f"PresignedUrl signs {why_refused(name, 'header')}")
            headers[name] = value
    return headers


def _split(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    seen = set()
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        if not equals or name.lower() in seen:
            raise UrlRefused("PresignedUrl's query must hold name=value pairs, each name once.")
        seen.add(name.lower())
        try:
            values[name] = unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise UrlRefused("PresignedUrl's query is not UTF-8.") from None
    return values


def _match(
    values: Mapping[str, str],
    required: Set[str],
    patterns: Mapping[str, str],
    hoisted: Mapping[str, str],
) -> dict[str, re.Match[str]]:
    for name in required:
        if name not in values:
            raise UrlRefused(f"PresignedUrl's signature lacks {name}.")
    matches = {}
    for name, value in values.items():
        pattern = patterns.get(name) or hoisted.get(hoisted_name(name) or "")
        if pattern is None:
            raise UrlRefused(f"PresignedUrl's query holds {why_refused(name, 'parameter')}")
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
