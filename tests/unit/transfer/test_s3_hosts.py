"""Which host names serve buckets of Amazon S3, and what they say."""

import pytest

from transfer.errors import UrlRefused
from transfer.s3_hosts import Host, parse_host

AWS, CHINA, EUROPE = "amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"
BUCKETS = [
    "b3n",
    "heron-meadow",
    "0" * 63,
    "dualstack",
    "accesspoint",
    "s3-heron-scans",
    "s3-accelerate-x",
    "s3-website",
    "vpce-flow-logs-heron",
    "vpce-0a1b2c3d",
    "heron-123456789012-eu-west-2-an",
]


@pytest.mark.parametrize(
    ("host", "partition", "region"),
    [
        (f"s3.{AWS}", "aws", None),
        (f"s3-external-1.{AWS}", "aws", None),
        (f"s3.eu-west-2.{AWS}", "aws", "eu-west-2"),
        (f"s3-eu-west-2.{AWS}", "aws", "eu-west-2"),
        (f"s3.dualstack.eu-west-2.{AWS}", "aws", "eu-west-2"),
        (f"s3-fips.us-east-1.{AWS}", "aws", "us-east-1"),
        (f"s3-fips.dualstack.us-east-1.{AWS}", "aws", "us-east-1"),
        (f"s3.us-gov-west-1.{AWS}", "aws-us-gov", "us-gov-west-1"),
        (f"s3-us-gov-west-1.{AWS}", "aws-us-gov", "us-gov-west-1"),
        (f"s3-fips.dualstack.us-gov-east-1.{AWS}", "aws-us-gov", "us-gov-east-1"),
        (f"s3.cn-north-1.{CHINA}", "aws-cn", "cn-north-1"),
        (f"s3.dualstack.cn-northwest-1.{CHINA}", "aws-cn", "cn-northwest-1"),
        (f"s3.eusc-de-east-1.{EUROPE}", "aws-eusc", "eusc-de-east-1"),
        (f"s3.dualstack.eusc-de-east-1.{EUROPE}", "aws-eusc", "eusc-de-east-1"),
    ],
)
@pytest.mark.parametrize("bucket", [None, *BUCKETS])
def test_a_host_says_its_partition_its_region_and_its_bucket_if_there_is_one(
    host: str, partition: str, region: str | None, bucket: str | None
) -> None:
    name = host if bucket is None else f"{bucket}.{host}"

    assert parse_host(name) == Host(partition, bucket, region)


@pytest.mark.parametrize("host", [f"s3-accelerate.{AWS}", f"s3-accelerate.dualstack.{AWS}"])
def test_accelerate_has_its_bucket_in_the_host_only(host: str) -> None:
    for bucket in BUCKETS:
        assert parse_host(f"{bucket}.{host}") == Host("aws", bucket, None)
    with pytest.raises(UrlRefused):
        parse_host(host)


OTHER_SERVICES = [
    f"heron.s3-website.eu-west-2.{AWS}",
    f"heron.s3-website-eu-west-2.{AWS}",
    f"s3-website-us-east-1.{AWS}",
    f"heron.bucket.vpce-0a1b2c3d.s3.eu-west-2.vpce.{AWS}",
    f"heron-123456789012.s3-accesspoint.eu-west-2.{AWS}",
    f"heron-123456789012.s3-accesspoint-fips.us-east-1.{AWS}",
    f"heron-123456789012.s3-accesspoint.dualstack.eu-west-2.{AWS}",
    f"heron-123456789012.op-01ac5d28a6a232904.s3-outposts.eu-west-2.{AWS}",
    f"heron-123456789012.s3-object-lambda.eu-west-2.{AWS}",
    f"heron--use1-az4--x-s3.s3express-use1-az4.us-east-1.{AWS}",
    f"heron--use1-az4--x-s3.s3.us-east-1.{AWS}",
    f"alias.mrap.accesspoint.s3-global.{AWS}",
    f"123456789012.s3-control.eu-west-2.{AWS}",
    f"s3-control.eu-west-2.{AWS}",
    f"s3tables.eu-west-2.{AWS}",
    f"heron-7bq-s3alias.s3.eu-west-2.{AWS}",
    f"heron-7bq--ol-s3.s3.eu-west-2.{AWS}",
    f"heron--table-s3.s3.eu-west-2.{AWS}",
    f"xn--heron.s3.eu-west-2.{AWS}",
    f"sthree-heron.s3.eu-west-2.{AWS}",
    f"amzn-s3-demo-bucket.s3.eu-west-2.{AWS}",
    f"ec2-203-0-113-7.eu-west-2.compute.{AWS}",
    f"heron-1234.eu-west-2.elb.{AWS}",
    f"a1b2.execute-api.eu-west-2.{AWS}",
    f"sqs.eu-west-2.{AWS}",
    f"eu-west-2.{AWS}",
    AWS,
]

NO_HOSTS = [
    "",
    "s3",
    f".s3.{AWS}",
    f"s3.{AWS}.",
    f"s3..eu-west-2.{AWS}",
    f"S3.{AWS}",
    f"Heron.s3.{AWS}",
    f"a.b.s3.{AWS}",
    f"ab.s3.{AWS}",
    f"{64 * 'b'}.s3.{AWS}",
    f"-heron.s3.{AWS}",
    f"heron-.s3.{AWS}",
    f"heron_meadow.s3.{AWS}",
    f"herons3.{AWS}",
    f"heron-s3.eu-west-2.{AWS}",
    f"s3.{AWS}.evil.example",
    f"s3.{AWS}evil",
    f"s3.evil{AWS}",
    f"s3.{AWS}\n",
    f"s3xeu-west-2.{AWS}",
    f"s3.eu-west-2.{AWS}.cn",
    f"s3.eu-west-2x{AWS}",
    f"s3.cn-north-1.{AWS}",
    f"s3.eu-west-2.{EUROPE}",
    f"s3.eusc-de-east-1.{AWS}",
    f"s3.evil-west-2.{AWS}",
    f"s3.eu-west.{AWS}",
    f"s3.eu-west-2a.{AWS}",
    f"s3.eu-west-٢.{AWS}",
    f"s3.dualstack.{AWS}",
    f"dualstack.s3.eu-west-2.{AWS}.",
    f"s3-fips-eu-west-2.{AWS}",
    f"s3.fips.eu-west-2.{AWS}",
    f"s3-fips.cn-north-1.{CHINA}",
    f"s3-external-2.{AWS}",
    f"s3.us-isob-east-1.{AWS}",
    "s3.us-iso-east-1.c2s.ic.gov",
    "s3.us-isob-east-1.sc2s.sgov.gov",
    "127.0.0.1",
    "localhost",
    "storage.googleapis.com",
]


@pytest.mark.parametrize("host", [*OTHER_SERVICES, *NO_HOSTS])
def test_any_other_host_is_refused_without_being_named(host: str) -> None:
    with pytest.raises(UrlRefused) as refusal:
        parse_host(host)

    assert host not in str(refusal.value) or len(host) < 3


@pytest.mark.parametrize(
    ("partition", "host", "region"),
    [
        ("aws-iso", "s3.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
        ("aws-iso-b", "s3.dualstack.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
        ("aws-iso-e", "s3.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"),
        ("aws-iso-f", "s3-fips.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
    ],
)
def test_an_isolated_partition_is_taken_only_where_it_is_named(
    partition: str, host: str, region: str
) -> None:
    assert parse_host(f"heron-meadow.{host}", {partition}) == Host(
        partition, "heron-meadow", region
    )
    with pytest.raises(UrlRefused):
        parse_host(f"heron-meadow.{host}")


@pytest.mark.parametrize(
    "host", ["s3.eu-west-2.amazonaws.com", "s3.amazonaws.com", "s3.us-gov-west-1.amazonaws.com"]
)
def test_a_partition_that_is_not_named_is_refused(host: str) -> None:
    with pytest.raises(UrlRefused):
        parse_host(f"heron-meadow.{host}", {"aws-cn"})
