"""What a name at Amazon means if it is no general-purpose bucket of S3: the words of a refusal.

Nothing is accepted by these patterns. So a host that they take for another kind, or for none,
costs only the right words.
"""

import re
from collections.abc import Iterable

_DOMAIN = (
    r"(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk"
    r"|csp\.hci\.ic\.gov)"
)
_BY_NAME = "Sign with the bucket's own name"
_OWN_HOST = "Sign for the bucket's own host, https://BUCKET.s3.REGION.amazonaws.com"
_OR_LISTED = "if Landfall reaches the endpoint, list its origin in S3_ENDPOINTS, sign path-style"
_TO_BUCKET = "Copy the object to a general-purpose bucket and sign for that"

# https://docs.aws.amazon.com/general/latest/gr/s3.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
_HOSTS = (
    (
        rf".+\.vpce\.{_DOMAIN}",
        "an interface VPC endpoint, which the internet does not reach",
        f"{_OWN_HOST}; or, {_OR_LISTED}",
    ),
    (
        rf".+\.accesspoint\.s3-global\.{_DOMAIN}",
        "a multi-Region access point, which does not name its bucket",
        f"{_OWN_HOST}, with Signature Version 4",
    ),
    (
        rf".+\.s3-accesspoint(?:-fips)?\..+\.{_DOMAIN}",
        "an S3 access point, which does not name its bucket",
        _OWN_HOST,
    ),
    (
        rf".+\.s3-object-lambda(?:-fips)?\..+\.{_DOMAIN}",
        "an S3 Object Lambda access point, whose bytes are not the object's",
        _OWN_HOST,
    ),
    (rf".+\.s3-outposts(?:-fips)?\..+\.{_DOMAIN}", "a bucket of S3 on Outposts", _TO_BUCKET),
    (
        rf"(?:.+\.)?s3express-.+\.{_DOMAIN}",
        "a directory bucket (S3 Express One Zone)",
        _TO_BUCKET,
    ),
    (
        rf"(?:.+\.)?s3-website[.-].+\.{_DOMAIN}",
        "an S3 website endpoint, which takes no signature",
        _OWN_HOST,
    ),
    (rf"(?:.+\.)?s3-control(?:-fips)?\..+\.{_DOMAIN}", "the S3 Control API", _OWN_HOST),
    (r".+\.cloudfront\.net", "a CloudFront distribution", _OWN_HOST),
)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# Not `-an`: it ends the buckets of an account's own regional namespace, which are general-purpose.
_BUCKETS = (
    (r".*-s3alias", "the alias of an S3 access point", _BY_NAME),
    (r".*--ol-s3", "the alias of an S3 Object Lambda access point", _BY_NAME),
    (r".*\.mrap", "the alias of a multi-Region access point", _BY_NAME),
    (r".*--x-s3", "a directory bucket (S3 Express One Zone)", _TO_BUCKET),
    (r".*--table-s3", "a table bucket (S3 Tables)", _TO_BUCKET),
    (r"(?:xn--|sthree-|amzn-s3-demo-).*", "a name that S3 reserves", _BY_NAME),
)


def host_kind(name: str) -> str | None:
    """Return what this host is and what to sign instead, if it is a kind that is known."""
    return _words(name, _HOSTS)


def reserved_kind(bucket: str) -> str | None:
    """Return the same of a bucket's name, if S3 reserves it for something else."""
    return _words(bucket, _BUCKETS)


def _words(name: str, kinds: Iterable[tuple[str, str, str]]) -> str | None:
    for pattern, kind, remedy in kinds:
        if re.fullmatch(pattern, name):
            return f"{kind}. {remedy}."
    return None
