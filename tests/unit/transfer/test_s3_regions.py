"""Our hosts of Regions, beside those that Amazon's own library knows."""

import boto3
import pytest
from botocore.config import Config

from transfer.errors import UrlRefused
from transfer.s3_hosts import ALL_PARTITIONS, PUBLIC_PARTITIONS, first_host, host_of, parse_host

SESSION = boto3.Session("nobody", "nothing")
REGIONAL = Config(s3={"us_east_1_regional_endpoint": "regional"})


def host_in(region: str) -> str:
    url: str = SESSION.client("s3", region, config=REGIONAL).meta.endpoint_url
    return url.removeprefix("https://")


KNOWN = {
    partition: {
        region: host_in(region) for region in SESSION.get_available_regions("s3", partition)
    }
    for partition in sorted(ALL_PARTITIONS)
}


@pytest.mark.parametrize("partition", KNOWN)
def test_a_region_has_the_host_that_amazons_library_takes(partition: str) -> None:
    assert KNOWN[partition]
    for region, host in KNOWN[partition].items():
        assert host_of(region, {partition}) == host
        assert parse_host(host, {partition}).region == region


@pytest.mark.parametrize("partition", KNOWN)
def test_the_first_host_of_a_partition_is_one_of_them(partition: str) -> None:
    assert first_host(partition) in KNOWN[partition].values()


@pytest.mark.parametrize("partition", KNOWN)
def test_a_region_of_another_partition_is_refused_with_what_to_set(partition: str) -> None:
    for other in KNOWN.keys() - {partition}:
        wanted = f"partition {other}, .* set S3_PARTITIONS={','.join(sorted((partition, other)))}"
        for region in KNOWN[other]:
            with pytest.raises(UrlRefused, match=f"Region {region} is of the {wanted}"):
                host_of(region, {partition})


@pytest.mark.parametrize("region", ["middle-earth", "", "x.s3.cn-north-1"])
def test_a_region_that_nobody_has_is_refused(region: str) -> None:
    with pytest.raises(UrlRefused, match=f"Region {region}: correct its name"):
        host_of(region, ALL_PARTITIONS)


def test_isolated_regions_are_none_unless_their_partition_is_named() -> None:
    for partition in ALL_PARTITIONS - PUBLIC_PARTITIONS:
        for region in KNOWN[partition]:
            with pytest.raises(UrlRefused):
                host_of(region)
