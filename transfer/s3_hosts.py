"""Host names of Amazon S3, general-purpose buckets, in the public partitions.

Matched whole, never by suffix: strangers have hosts under Amazon's domains too.
https://docs.aws.amazon.com/general/latest/gr/s3.html
"""

import re
from dataclasses import dataclass

from transfer.errors import UrlRefused

_BUCKET = r"(?:(?P<bucket>[a-z0-9][a-z0-9-]{1,61}[a-z0-9])\.)?"
_US_GOV = r"us-gov-[a-z]+-\d+"
_COMMERCIAL = r"(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+"
_AWS_REGION = rf"{_US_GOV}|{_COMMERCIAL}"

_PATTERNS = tuple(
    re.compile(_BUCKET + pattern, re.ASCII)
    for pattern in (
        rf"s3(?:-fips)?(?:\.dualstack)?\.(?P<region>{_AWS_REGION})\.amazonaws\.com",
        rf"s3-(?P<region>{_AWS_REGION})\.amazonaws\.com",
        r"s3(?:-external-1)?\.amazonaws\.com",
        r"(?<=.)s3-accelerate(?:\.dualstack)?\.amazonaws\.com",
        r"s3(?:\.dualstack)?\.(?P<region>cn-[a-z]+-\d+)\.amazonaws\.com\.cn",
        r"s3(?:\.dualstack)?\.(?P<region>eusc-de-[a-z]+-\d+)\.amazonaws\.eu",
    )
)
# Labels in a bucket's place that name something else: punycode, S3's own hosts, VPC endpoints.
_NO_BUCKET = re.compile(r"(?:xn--|s3-|sthree-|vpce-).*")
# And names that do, in a host as in a path: access-point aliases, Object Lambda, directory
# buckets, tables. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_ALIAS = re.compile(r".*(?:-s3alias|--ol-s3|--x-s3|--table-s3)")


@dataclass(frozen=True)
class Host:
    """What a host name says. Without a bucket, the path begins with it."""

    bucket: str | None
    region: str | None
    listed: bool = False
    """It is on the operator's own list, not Amazon's."""


def is_alias(bucket: str) -> bool:
    """Whether Amazon S3 reserves this name for something other than a bucket."""
    return _ALIAS.fullmatch(bucket) is not None


def parse_host(name: str) -> Host:
    """Return what an S3 host name says.

    Raises:
        UrlRefused: It is not one that serves general-purpose buckets.
    """
    for pattern in _PATTERNS:
        match = pattern.fullmatch(name)
        if match is not None:
            bucket = match["bucket"]
            if bucket is not None and (_NO_BUCKET.fullmatch(bucket) or is_alias(bucket)):
                break
            return Host(bucket, match.groupdict().get("region"))
    raise UrlRefused(
        "PresignedUrl's host does not serve buckets of Amazon S3. A bucket with a dot in its "
        "name needs a path-style URL; a server of your own must be listed in S3_ENDPOINTS."
    )
