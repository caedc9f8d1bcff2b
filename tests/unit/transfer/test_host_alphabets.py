"""Host names of S3, character by character: what may vary in them, and that nothing else may."""

import string

import pytest

from transfer.errors import UrlRefused
from transfer.s3_hosts import ALL_PARTITIONS, parse_host
from transfer.s3_kinds import check_not_reserved

ASCII = [chr(code) for code in range(128)]
EDGE = set(string.ascii_lowercase + string.digits)
HOSTS = {
    "aws": [
        "s3.amazonaws.com",
        "s3-external-1.amazonaws.com",
        "s3.eu-west-2.amazonaws.com",
        "s3-us-east-1.amazonaws.com",
        "s3.dualstack.ap-east-1.amazonaws.com",
        "s3-fips.ca-central-1.amazonaws.com",
        "s3-fips.dualstack.us-east-1.amazonaws.com",
        "s3.sa-east-1.amazonaws.com",
        "s3.me-south-1.amazonaws.com",
        "s3.af-south-1.amazonaws.com",
        "s3.il-central-1.amazonaws.com",
        "s3.mx-central-1.amazonaws.com",
        "s3-accelerate.amazonaws.com",
        "s3-accelerate.dualstack.amazonaws.com",
    ],
    "aws-us-gov": ["s3.us-gov-west-1.amazonaws.com", "s3-us-gov-west-1.amazonaws.com"],
    "aws-cn": ["s3.cn-north-1.amazonaws.com.cn"],
    "aws-eusc": ["s3.eusc-de-east-1.amazonaws.eu"],
    "aws-iso": ["s3.us-iso-east-1.c2s.ic.gov"],
    "aws-iso-b": ["s3.us-isob-east-1.sc2s.sgov.gov"],
    "aws-iso-e": ["s3.eu-isoe-west-1.cloud.adc-e.uk"],
    "aws-iso-f": ["s3.us-isof-south-1.csp.hci.ic.gov"],
}
DIRECTIONS = ("central", "east", "north", "south", "west")
REGIONS = {
    "aws": "s3.eu-{}.amazonaws.com",
    "aws-us-gov": "s3.us-gov-{}.amazonaws.com",
    "aws-cn": "s3.cn-{}.amazonaws.com.cn",
    "aws-eusc": "s3.eusc-de-{}.amazonaws.eu",
    "aws-iso": "s3.us-iso-{}.c2s.ic.gov",
    "aws-iso-b": "s3.us-isob-{}.sc2s.sgov.gov",
    "aws-iso-e": "s3.eu-isoe-{}.cloud.adc-e.uk",
    "aws-iso-f": "s3.us-isof-{}.csp.hci.ic.gov",
}


def is_taken(name: str, partition: str = "aws") -> bool:
    try:
        parse_host(name, {partition})
    except UrlRefused:
        return False
    return True


def is_reserved(name: str) -> bool:
    try:
        check_not_reserved(name)
    except UrlRefused:
        return True
    return False


def fixed_positions(host: str) -> set[int]:
    """Where a host has no choice: all but the Region's direction and its number."""
    free: set[int] = set()
    for direction in DIRECTIONS:
        start = host.find(direction)
        if start >= 0:
            free |= set(range(start, start + len(direction))) | {start + len(direction) + 1}
    return set(range(len(host))) - free


def test_every_partition_has_its_hosts_here() -> None:
    assert set(HOSTS) == set(REGIONS) == ALL_PARTITIONS


@pytest.mark.parametrize(
    ("partition", "host"), [(p, h) for p, hosts in HOSTS.items() for h in hosts]
)
def test_no_other_character_may_stand_where_there_is_no_choice(partition: str, host: str) -> None:
    bent = [f"{host[:at]}q{host[at + 1 :]}" for at in fixed_positions(host)]

    assert is_taken(f"heron.{host}", partition)
    assert [name for name in bent if is_taken(f"heron.{name}", partition)] == []


@pytest.mark.parametrize("partition", REGIONS)
def test_a_region_ends_in_small_letters_and_a_number(partition: str) -> None:
    def taken(end: str) -> bool:
        return is_taken("heron." + REGIONS[partition].format(end), partition)

    assert {c for c in ASCII if taken(f"{c}-1")} == set(string.ascii_lowercase)
    assert {c for c in ASCII if taken(f"east-{c}")} == set(string.digits)
    assert all(taken(end) for end in ("a-1", "azaz-1", "east-1", "east-12", "east-123"))
    assert not any(taken(end) for end in ("-1", "east-", "eastq1", "east", "east-1-", "e1-1", "²"))


@pytest.mark.parametrize(
    "name",
    [
        "s3.dualstack.dualstack.eu-west-2.amazonaws.com",
        "s3-fips-fips.us-east-1.amazonaws.com",
        "s3-external-1-external-1.amazonaws.com",
        "s3-accelerate.dualstack.dualstack.amazonaws.com",
    ],
)
def test_no_part_may_come_twice(name: str) -> None:
    assert not is_taken(f"heron.{name}")


@pytest.mark.parametrize(
    ("template", "allowed"),
    [("{}eron", EDGE), ("her{}n", EDGE | {"-"}), ("hero{}", EDGE)],
    ids=["first", "middle", "last"],
)
def test_a_bucket_in_a_host_is_of_small_letters_digits_and_inner_hyphens(
    template: str, allowed: set[str]
) -> None:
    taken = {c for c in ASCII if is_taken(template.format(c) + ".s3.amazonaws.com")}

    assert taken == allowed


def test_a_reserved_name_is_told_from_one_that_only_looks_like_it() -> None:
    reserved = ["-s3alias", "x-s3alias", "--ol-s3", "x--ol-s3", "--x-s3", "x--table-s3", "x.mrap"]
    other = ["x-s3aliaq", "xqs3alias", "x-ol-s3", "x-x-s3", "x-table-s3", "x--oq-s3", "x--q-s3"]
    other += ["x--tabqe-s3", "x--s3", "xqmrap", "x-mrap"]

    assert [name for name in reserved if not is_reserved(name)] == []
    assert [name for name in other if is_reserved(name)] == []


def test_only_whole_beginnings_are_kept_from_being_buckets() -> None:
    other = ["xn-heron", "s3heron", "sthreeheron", "vpceheron", "xq--heron", "sq-heron"]
    other += ["sthrqe-heron", "heron-s3-x", "heron-xn--x", "amzn-s3-demo", "amzn-s3-demq-heron"]
    other += ["heron-sthree-x", "heron-amzn-s3-demo-x"]

    assert [name for name in other if not is_taken(f"{name}.s3.amazonaws.com")] == []
