"""What a presigned URL may be: a GET of exactly the S3 object that the message names.

No URL parser decides here: parsers disagree with each other, and the gap between two
is where a request is led astray. The whole string is matched against patterns written
out by hand, and the very same string is sent.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from transfer.errors import UrlRefused
from transfer.s3_hosts import PUBLIC_PARTITIONS, Host, parse_host
from transfer.s3_kinds import check_not_reserved
from transfer.url_signature import check_signature

MAX_LENGTH = 8192
_CHARACTERS = r"[A-Za-z0-9\-._~!$&()*+,;=:@/]|%[0-9A-F]{2}"
_TARGET = re.compile(rf"(?P<path>/(?:{_CHARACTERS})*)\?(?P<query>(?:{_CHARACTERS}|\?)+)")
_ORIGIN = re.compile(r"https://(?P<host>[a-z0-9.\-]{1,253})(?::443)?(?=/)")


@dataclass(frozen=True, repr=False)
class PresignedUrl:
    """A URL that passed every rule. Its text is a secret: only `reveal` gives it."""

    bucket: str
    key: str
    version_id: str | None
    """The version that the URL pins, if any."""
    signed_headers: Mapping[str, str]
    """Headers that are part of the signature and must be sent with these values."""
    listed: bool
    """Its origin is on the operator's list; else it is Amazon's own."""
    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the URL itself, for the adapter that sends it and nobody else."""
        return self._text

    def __repr__(self) -> str:
        return f"PresignedUrl(bucket={self.bucket!r}, key={self.key!r})"


def parse_presigned_url(
    text: str,
    bucket: str,
    key: str,
    version_id: str | None,
    endpoints: Set[str],
    partitions: Set[str] = PUBLIC_PARTITIONS,
) -> PresignedUrl:
    """Return the URL if it gets `key` from `bucket` and nothing else, from Amazon S3.

    `endpoints` are further origins (`http://127.0.0.1:9000`) that are taken as they
    are written, path style. No name is looked up here.

    Raises:
        UrlRefused: It names the rule that was broken, never the URL.
    """
    if len(text) > MAX_LENGTH:
        raise UrlRefused(f"PresignedUrl is longer than {MAX_LENGTH} characters.")
    host, target = _split_origin(text, endpoints, partitions)
    match = _TARGET.fullmatch(target)
    if match is None:
        raise UrlRefused(
            "PresignedUrl must be an origin, a path and a query, in URL characters with "
            "escapes in capitals (%2F), without user name, fragment or white space."
        )
    if "+" in match["path"]:
        # Amazon S3 takes it for a space, others for itself. No SDK of Amazon writes it.
        # https://github.com/aws/aws-sdk-cpp/issues/110
        raise UrlRefused(
            "PresignedUrl has a + in its path, which some servers read as a space: sign again, "
            "with %2B for a plus or %20 for a space."
        )
    url_bucket, url_key = _split_path(host, match["path"])
    if url_bucket != bucket:
        raise UrlRefused("PresignedUrl is for another bucket than Bucket says.")
    if url_key != key:
        raise UrlRefused("PresignedUrl is for another key than ObjectKey says.")
    signature = check_signature(match["query"], host.region)
    if signature.version_id is not None and signature.version_id != version_id:
        raise UrlRefused("PresignedUrl pins another version than VersionId says.")
    return PresignedUrl(bucket, key, signature.version_id, signature.headers, host.listed, text)


def _split_origin(text: str, endpoints: Set[str], partitions: Set[str]) -> tuple[Host, str]:
    for origin in endpoints:
        if text.startswith(f"{origin}/"):
            return Host(bucket=None, region=None, listed=True), text[len(origin) :]
    match = _ORIGIN.match(text)
    if match is None:
        raise UrlRefused(
            "PresignedUrl must begin with https:// and a lower-case host name, on port 443, "
            "or with an origin of S3_ENDPOINTS."
        )
    return parse_host(match["host"], partitions), text[match.end() :]


def _split_path(host: Host, path: str) -> tuple[str, str]:
    if host.bucket is None:
        bucket, slash, raw_key = path[1:].partition("/")
        if not slash:
            raise UrlRefused("PresignedUrl has no key in its path.")
        if not host.listed:
            check_not_reserved(bucket)
    else:
        bucket, raw_key = host.bucket, path[1:]
    try:
        return bucket, unquote_to_bytes(raw_key).decode("utf-8")
    except UnicodeDecodeError:
        raise UrlRefused("PresignedUrl's key is not UTF-8.") from None
