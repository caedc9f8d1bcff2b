"""What a bucket's name is unique within, however the way to it is spelled."""

import pytest

from tests.unit.transfer.test_host_alphabets import HOSTS
from tests.unit.transfer.urls import BUCKET, KEY, PATH, url
from transfer.origins import origin_of_endpoint, parse_endpoints, parse_origin
from transfer.presigned_url import parse_presigned_url
from transfer.s3_hosts import ALL_PARTITIONS, parse_host

AWS = "amazonaws.com"
BY_PATH = f"/{BUCKET}{PATH}"
SPELLINGS = {
    "http://minio.example": ["http://minio.example:80", "http://minio.example:00080"],
    "https://minio.example": ["https://minio.example:443"],
    "http://127.0.0.1:9000": ["http://127.0.0.1:09000"],
    "https://[2001:db8::af9]": ["https://[2001:db8:0:0::af9]:443"],
    "http://[::1]:9000": ["http://[0:0:0:0:0:0:0:1]:9000", "http://[0::1]:9000"],
    "aws": [f"https://s3.{AWS}", f"https://s3.eu-west-2.{AWS}:443", f"https://s3-eu-west-2.{AWS}"],
    "aws-cn": [f"https://s3.cn-north-1.{AWS}.cn"],
}
OTHERS = [
    "https://minio.example:80",
    "http://minio.example:443",
    "http://127.0.0.1:9001",
    "http://localhost:9000",
    f"http://s3.eu-west-2.{AWS}",  # anybody on the way could answer
    f"https://s3.eu-west-2.{AWS}:8443",
    f"https://heron.s3.eu-west-2.{AWS}",  # its path begins with no bucket
    f"https://bucket.vpce-0a1b-2c3d.s3.eu-west-2.vpce.{AWS}",
    f"https://s3.eu-west-2.{AWS}.example",
    "https://aws",
]


@pytest.mark.parametrize("origin", SPELLINGS)
def test_an_origin_is_one_however_it_is_spelled(origin: str) -> None:
    for spelling in SPELLINGS[origin]:
        assert origin_of_endpoint(spelling) == parse_origin(spelling) == origin
    assert parse_origin(origin) == origin


def test_different_servers_are_different_origins() -> None:
    origins = [*map(origin_of_endpoint, OTHERS), *SPELLINGS, *ALL_PARTITIONS - {"aws", "aws-cn"}]

    assert len(set(origins)) == len(origins)


@pytest.mark.parametrize("port", [1, 8, 65535])
def test_a_port_is_kept(port: int) -> None:
    assert parse_origin(f"https://m:{port}") == f"https://m:{port}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AWS",
        "aws ",
        "amazon",
        "minio.example",
        "http://Minio",
        "http://m/",
        "http://m.",
        "http://.m",
        "http://",
        "http://m..m",
        "http://m:",
        "http://m:0",
        "http://m:65536",
        "http://m:000080",
        "http://m:x",
        "http://m:\u0668\u0660",
        "http://[g]",
        "http://[]",
        "http://[::1",
        "http://::1]",
        "http://[::1]x",
        "http://[1:2:3]",
    ],
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_origin(text)
    if text.strip() == text != "":
        with pytest.raises(ValueError, match=r"^it must be origins in lower case"):
            parse_endpoints(f"http://127.0.0.1:9000,{text}")


@pytest.mark.parametrize("spelling", [s for each in SPELLINGS.values() for s in each] + OTHERS)
def test_a_url_of_a_listed_endpoint_has_the_endpoints_origin(spelling: str) -> None:
    taken = parse_presigned_url(
        url(spelling, BY_PATH), BUCKET, KEY, None, parse_endpoints(spelling), set()
    )

    assert (taken.origin, taken.listed) == (origin_of_endpoint(spelling), True)


@pytest.mark.parametrize("partition", sorted(ALL_PARTITIONS))
def test_each_host_of_a_partition_is_of_this_one_alone(partition: str) -> None:
    for host in HOSTS[partition]:
        assert parse_host(f"{BUCKET}.{host}", ALL_PARTITIONS).origin == partition
        if "accelerate" not in host:
            assert parse_host(host, ALL_PARTITIONS).origin == partition
