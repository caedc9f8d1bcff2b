"""What the refusal of a host, or of a bucket's name, says that it is."""

import pytest

from tests.unit.transfer.urls import KEY, presign, url
from transfer.errors import UrlRefused
from transfer.presigned_url import parse_presigned_url
from transfer.s3_hosts import parse_host

AWS = "amazonaws.com"
ARN = "arn:aws:{}:eu-west-2:111122223333:{}"
POINT = "accesspoint/heron"
OUTPOST = "outpost/op-01ac5d28a6a232904/accesspoint/heron"
OWN_HOST = r"sign for the bucket's own host, https://BUCKET\.s3\.REGION\.amazonaws\.com"
PATH_STYLE = r"path-style, https://s3\.REGION\.amazonaws\.com/BUCKET/KEY"

HOSTS = [
    (f"heron.bucket.vpce-0a-1b.s3.eu-west-2.vpce.{AWS}", "interface VPC endpoint", "S3_ENDPOINTS"),
    (f"bucket.vpce-0a-1b.s3.eu-west-2.vpce.{AWS}", "interface VPC endpoint", "S3_ENDPOINTS"),
    (f"heron-1.accesspoint.vpce-0a.s3.eu-west-2.vpce.{AWS}", "interface VPC endpoint", OWN_HOST),
    (f"vpce-0a.s3.cn-north-1.vpce.{AWS}.cn", "interface VPC endpoint", OWN_HOST),
    (f"mfzwi23gnjvgw.mrap.accesspoint.s3-global.{AWS}", "multi-Region access point", "Version 4"),
    (f"heron-1.s3-accesspoint.eu-west-2.{AWS}", "an S3 access point", OWN_HOST),
    (f"heron-1.s3-accesspoint-fips.dualstack.us-east-1.{AWS}", "an S3 access point", OWN_HOST),
    ("heron-1.s3-accesspoint.eusc-de-east-1.amazonaws.eu", "an S3 access point", OWN_HOST),
    ("heron-1.s3-accesspoint.us-iso-east-1.c2s.ic.gov", "an S3 access point", OWN_HOST),
    ("heron-1.s3-accesspoint.us-isob-east-1.sc2s.sgov.gov", "an S3 access point", OWN_HOST),
    ("heron-1.s3-accesspoint.eu-isoe-west-1.cloud.adc-e.uk", "an S3 access point", OWN_HOST),
    ("heron-1.s3-accesspoint.us-isof-south-1.csp.hci.ic.gov", "an S3 access point", OWN_HOST),
    (f"heron-1.s3-object-lambda.eu-west-2.{AWS}", "Object Lambda access point", OWN_HOST),
    (f"heron-1.s3-object-lambda-fips.us-east-1.{AWS}", "Object Lambda access point", OWN_HOST),
    (f"heron-1.op-01ac.s3-outposts.eu-west-2.{AWS}", "S3 on Outposts", "copy the object"),
    (f"heron-1.op-01ac.s3-outposts-fips.us-east-1.{AWS}", "S3 on Outposts", "copy the object"),
    (f"x--a--x-s3.s3express-a.us-east-1.{AWS}", "S3 Express One Zone", "copy the object"),
    (f"s3express-control.us-east-1.{AWS}", "S3 Express One Zone", "copy the object"),
    (f"heron.s3-website.eu-west-2.{AWS}", "S3 website endpoint", OWN_HOST),
    (f"s3-website-us-east-1.{AWS}", "S3 website endpoint", OWN_HOST),
    (f"123456789012.s3-control.eu-west-2.{AWS}", "S3 Control API", OWN_HOST),
    (f"s3-control-fips.us-east-1.{AWS}", "S3 Control API", OWN_HOST),
    ("d111111abcdef8.cloudfront.net", "CloudFront distribution", OWN_HOST),
    (f"heron.meadow.s3.eu-west-2.{AWS}", "a dot in its name", PATH_STYLE),
    (f"a.b.c.s3-fips.dualstack.us-east-1.{AWS}", "a dot in its name", PATH_STYLE),
    (f"heron.meadow.s3-accelerate.{AWS}", "a dot in its name", PATH_STYLE),
    (f"a.vpce-0a1b.s3-eu-west-2.{AWS}", "a dot in its name", PATH_STYLE),
    ("heron.s3.us-iso-east-1.c2s.ic.gov", "partition aws-iso,", "S3_PARTITIONS"),
    ("s3.eu-isoe-west-1.cloud.adc-e.uk", "partition aws-iso-e,", "S3_PARTITIONS"),
    ("storage.googleapis.com", "does not serve buckets of Amazon S3", "S3_ENDPOINTS"),
    ("0a.r2.cloudflarestorage.com", "does not serve buckets of Amazon S3", "S3_ENDPOINTS"),
    ("s3express-control.evil.example", "does not serve buckets of Amazon S3", "S3_ENDPOINTS"),
    (f"s3-website-us-east-1.{AWS}.evil", "does not serve buckets of Amazon S3", "S3_ENDPOINTS"),
    (f"sqs.eu-west-2.{AWS}", "does not serve buckets of Amazon S3", "S3_ENDPOINTS"),
    ("s3-control.eu-west-2.evil-amazonaws.com", "does not serve buckets", "S3_ENDPOINTS"),
    (f"s3-website-x.s3-accesspoint.eu-west-2.{AWS}", "an S3 access point", OWN_HOST),
]


def refusal_of(host: str) -> str:
    with pytest.raises(UrlRefused) as refusal:
        parse_host(host)
    return str(refusal.value)


@pytest.mark.parametrize(("host", "kind", "remedy"), HOSTS, ids=[host for host, *_ in HOSTS])
def test_the_refusal_names_the_kind_of_host_and_what_to_sign(
    host: str, kind: str, remedy: str
) -> None:
    with pytest.raises(UrlRefused, match=rf"^PresignedUrl's host .*{kind}.*(?i:{remedy}).*\.$"):
        parse_host(host)

    assert ("dot" in refusal_of(host)) == ("dot" in kind)
    assert refusal_of(host).endswith(".")
    assert ".." not in refusal_of(host)


def test_a_partition_that_is_not_listed_is_named_rather_than_called_a_strangers() -> None:
    words = "is of the partition aws, which S3_PARTITIONS lacks: .* set S3_PARTITIONS=aws,aws-cn"
    with pytest.raises(UrlRefused, match=words):
        parse_host(f"heron.s3.eu-west-2.{AWS}", {"aws-cn"})


RESERVED = {
    "heron-7bq-s3alias": "alias of an S3 access point",
    "heron--ol-s3": "alias of an S3 Object Lambda access point",
    "mfzwi23gnjvgw.mrap": "alias of a multi-Region access point",
    "heron--use1-az4--x-s3": "directory bucket",
    "heron--table-s3": "table bucket",
    "xn--heron": "a name that S3 reserves",
    "sthree-configurator-heron": "a name that S3 reserves",
    "amzn-s3-demo-bucket": "a name that S3 reserves",
}


@pytest.mark.parametrize("bucket", RESERVED)
@pytest.mark.parametrize("style", ["virtual", "path"])
def test_the_refusal_names_what_a_reserved_name_means(bucket: str, style: str) -> None:
    host = f"s3.eu-west-2.{AWS}"
    start = f"https://{bucket}.{host}" if style == "virtual" else f"https://{host}/{bucket}"
    kind = RESERVED[bucket] if style == "path" or "." not in bucket else "a dot in its name"

    with pytest.raises(UrlRefused, match=f"bucket.*{kind}"):
        parse_presigned_url(url(start), bucket, KEY, None, set())


@pytest.mark.parametrize(
    ("bucket", "kind"),
    [
        (ARN.format("s3", POINT), "an S3 access point"),
        (ARN.format("s3-object-lambda", POINT), "Object Lambda"),
        (ARN.format("s3-outposts", OUTPOST), "Outposts"),
        ("arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap", "multi-Region access point"),
        ("heron--use1-az4--x-s3", "S3 Express One Zone"),
        ("heron-7bq-s3alias", "alias of an S3 access point"),
    ],
)
def test_what_boto3_signs_for_other_kinds_is_named(bucket: str, kind: str) -> None:
    signed = presign("eu-west-2", bucket=bucket)

    with pytest.raises(UrlRefused, match=kind):
        parse_presigned_url(signed, bucket, KEY, None, set())


DOMAINS = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".c2s.ic.gov"]
DOMAINS += [".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov", ".cloudfront.net"]


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_strangers_host_is_not_called_amazons(domain: str) -> None:
    kind = "CloudFront" if "cloudfront" in domain else "S3 Control API"

    assert kind in refusal_of(f"s3-control.eu-west-2{domain}")
    for host in (f"s3-control.evil{domain[1:]}", f"s3-control{domain}.evil", "s3-control.evil"):
        assert "does not serve buckets of Amazon S3" in refusal_of(host)


def test_the_longest_host_gets_words_too() -> None:
    assert "S3_ENDPOINTS" in refusal_of("a." * 126 + "c")
