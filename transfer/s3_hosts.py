"""Host names of Amazon S3, general-purpose buckets, by partition.

Matched whole, never by suffix: strangers have hosts under Amazon's domains too.
https://docs.aws.amazon.com/general/latest/gr/s3.html
"""

import re
from collections.abc import Set
from dataclasses import dataclass

from transfer.errors import UrlRefused

_BUCKET = r"(?:(?P<bucket>[a-z0-9][a-z0-9-]{1,61}[a-z0-9])\.)?"


def _regional(region: str, domain: str, fips: str = "") -> str:
    return rf"s3{fips}(?:\.dualstack)?\.(?P<region>{region})\.{re.escape(domain)}"


def _dashed(region: str) -> str:
    return rf"s3-(?P<region>{region})\.amazonaws\.com"


_FIPS = "(?:-fips)?"
_COMMERCIAL = r"(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+"
_US_GOV = r"us-gov-[a-z]+-\d+"
_BY_PARTITION = {
    "aws": (
        _regional(_COMMERCIAL, "amazonaws.com", _FIPS),
        _dashed(_COMMERCIAL),
        r"s3(?:-external-1)?\.amazonaws\.com",
        r"(?<=.)s3-accelerate(?:\.dualstack)?\.amazonaws\.com",
    ),
    "aws-us-gov": (_regional(_US_GOV, "amazonaws.com", _FIPS), _dashed(_US_GOV)),
    "aws-cn": (_regional(r"cn-[a-z]+-\d+", "amazonaws.com.cn"),),
    "aws-eusc": (_regional(r"eusc-de-[a-z]+-\d+", "amazonaws.eu"),),
    "aws-iso": (_regional(r"us-iso-[a-z]+-\d+", "c2s.ic.gov", _FIPS),),
    "aws-iso-b": (_regional(r"us-isob-[a-z]+-\d+", "sc2s.sgov.gov", _FIPS),),
    "aws-iso-e": (_regional(r"eu-isoe-[a-z]+-\d+", "cloud.adc-e.uk", _FIPS),),
    "aws-iso-f": (_regional(r"us-isof-[a-z]+-\d+", "csp.hci.ic.gov", _FIPS),),
}
_PATTERNS = {
    partition: tuple(re.compile(_BUCKET + pattern, re.ASCII) for pattern in patterns)
    for partition, patterns in _BY_PARTITION.items()
}
ALL_PARTITIONS = frozenset(_PATTERNS)
PUBLIC_PARTITIONS = frozenset({"aws", "aws-us-gov", "aws-cn", "aws-eusc"})
"""The isolated ones are not on the internet, and only taken if an operator names them."""

_REGIONAL_HOSTS = {
    "aws": "s3.us-east-1.amazonaws.com",
    "aws-us-gov": "s3.us-gov-west-1.amazonaws.com",
    "aws-cn": "s3.cn-north-1.amazonaws.com.cn",
    "aws-eusc": "s3.eusc-de-east-1.amazonaws.eu",
    "aws-iso": "s3.us-iso-east-1.c2s.ic.gov",
    "aws-iso-b": "s3.us-isob-east-1.sc2s.sgov.gov",
    "aws-iso-e": "s3.eu-isoe-west-1.cloud.adc-e.uk",
    "aws-iso-f": "s3.us-isof-south-1.csp.hci.ic.gov",
}

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


def first_host(partition: str) -> str:
    """Return the host of the partition's oldest Region."""
    return _REGIONAL_HOSTS[partition]


def host_of(region: str, partitions: Set[str] = PUBLIC_PARTITIONS) -> str:
    """Return the host of this Region.

    Raises:
        UrlRefused: None of these partitions has such a Region.
    """
    for partition in sorted(partitions):
        domain = _REGIONAL_HOSTS[partition].split(".", 2)[2]
        name = f"s3.{region}.{domain}"
        if any(pattern.fullmatch(name) for pattern in _PATTERNS[partition]):
            return name
    raise UrlRefused(
        f"No partition of S3_PARTITIONS has a Region {region}: correct its name, or add the "
        "partition."
    )


def parse_host(name: str, partitions: Set[str] = PUBLIC_PARTITIONS) -> Host:
    """Return what an S3 host name says.

    Raises:
        UrlRefused: It is not one that serves general-purpose buckets in these partitions.
    """
    for pattern in (p for partition in sorted(partitions) for p in _PATTERNS[partition]):
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
