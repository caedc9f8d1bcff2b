"""Host names of Amazon S3, general-purpose buckets, by partition.

Matched whole, never by suffix: strangers have hosts under Amazon's domains too.
https://docs.aws.amazon.com/general/latest/gr/s3.html
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from transfer.errors import UrlRefused
from transfer.s3_kinds import check_not_reserved, host_kind

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


def _compiled(before: str) -> dict[str, tuple[re.Pattern[str], ...]]:
    return {
        partition: tuple(re.compile(before + pattern, re.ASCII) for pattern in patterns)
        for partition, patterns in _BY_PARTITION.items()
    }


_PATTERNS = _compiled(_BUCKET)
_DOTTED = _compiled(r"[a-z0-9-]+\.[a-z0-9.-]+\.")
ALL_PARTITIONS = frozenset(_PATTERNS)
PUBLIC_PARTITIONS = frozenset({"aws", "aws-us-gov", "aws-cn", "aws-eusc"})
"""The isolated ones are not on the internet."""
DEFAULT_PARTITIONS = frozenset({"aws"})
"""A bucket of the same name in another one may be a stranger's, so an operator must name it."""

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


@dataclass(frozen=True)
class Host:
    """What a host name says. Without a bucket, the path begins with it."""

    origin: str
    """Within which the bucket's name is unique: a partition, or a listed server."""
    bucket: str | None
    region: str | None
    listed: bool = False
    """It is on the operator's own list, not Amazon's."""


def first_host(partition: str) -> str:
    """Return the host of the partition's oldest Region."""
    return _REGIONAL_HOSTS[partition]


def host_of(region: str, partitions: Set[str] = PUBLIC_PARTITIONS) -> str:
    """Return the host of this Region.

    Raises:
        UrlRefused: None of these partitions has such a Region.
    """
    for partition in sorted(partitions):
        name = f"s3.{region}.{_domain(partition)}"
        if any(pattern.fullmatch(name) for pattern in _PATTERNS[partition]):
            return name
    for other in sorted(ALL_PARTITIONS - partitions):
        if partition_of(f"s3.{region}.{_domain(other)}") == other:
            raise UrlRefused(f"The Region {region} is of {_not_taken(other, partitions)}")
    raise UrlRefused(f"No partition of AWS has a Region {region}: correct its name.")


def partition_of(host: str) -> str | None:
    """Return the partition that has this host, if it is one of S3 and names no bucket."""
    found = _match(_PATTERNS, host, ALL_PARTITIONS)
    return found[0] if found and found[1]["bucket"] is None else None


def parse_host(name: str, partitions: Set[str] = PUBLIC_PARTITIONS) -> Host:
    """Return what an S3 host name says.

    Raises:
        UrlRefused: It is not one that serves general-purpose buckets in these partitions.
    """
    found = _match(_PATTERNS, name, partitions)
    if found is None:
        raise UrlRefused(f"PresignedUrl's host {_why_refused(name, partitions)}")
    partition, match = found
    if match["bucket"] is not None:
        check_not_reserved(match["bucket"])
    return Host(partition, match["bucket"], match.groupdict().get("region"))


def _match(
    patterns: Mapping[str, tuple[re.Pattern[str], ...]], name: str, partitions: Set[str]
) -> tuple[str, re.Match[str]] | None:
    """Return the partition besides: none has a host of another one's."""
    for partition in sorted(partitions):
        for pattern in patterns[partition]:
            match = pattern.fullmatch(name)
            if match is not None:
                return partition, match
    return None


def _domain(partition: str) -> str:
    return _REGIONAL_HOSTS[partition].split(".", 2)[2]


def _not_taken(partition: str, partitions: Set[str]) -> str:
    """Return the end of a refusal: which partition it is, and what to set."""
    wanted = ",".join(sorted({*partitions, partition}))
    return (
        f"the partition {partition}, which S3_PARTITIONS lacks: if its buckets are yours, set "
        f"S3_PARTITIONS={wanted}."
    )


def _why_refused(name: str, partitions: Set[str]) -> str:
    """Return the end of the refusal. The name itself is a caller's text and stays out of it."""
    if _match(_DOTTED, name, partitions):
        return (
            "begins with a bucket that has a dot in its name, which no certificate of S3 covers: "
            "sign path-style, https://s3.REGION.amazonaws.com/BUCKET/KEY."
        )
    for other in sorted(ALL_PARTITIONS - partitions):
        if _match(_PATTERNS, name, {other}):
            return f"is of {_not_taken(other, partitions)}"
    kind = host_kind(name)
    if kind is not None:
        return f"is {kind}."
    return (
        "does not serve buckets of Amazon S3. Sign for the bucket's own host; a server of your "
        "own, or of another vendor, must be listed in S3_ENDPOINTS."
    )
