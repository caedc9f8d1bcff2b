"""Generated URLs: whatever comes, the guard refuses or names a host of S3, and nothing else.

`make soak` runs the same with many more examples.
"""

from urllib.parse import unquote, urlsplit

import requests
import urllib3
from hypothesis import event, given, note
from hypothesis import strategies as st

from tests.unit.transfer.test_host_alphabets import HOSTS as HOSTS_BY_PARTITION
from tests.unit.transfer.test_host_alphabets import is_reserved
from tests.unit.transfer.test_presigned_url import LISTED, LOOK_LIKE_LISTED, ORIGINS, PATHS
from tests.unit.transfer.test_s3_hosts import NO_HOSTS, OTHER_SERVICES
from tests.unit.transfer.urls import BUCKET, HOST, KEY, PATH, V2, query, url
from transfer.errors import UrlRefused
from transfer.presigned_url import parse_presigned_url
from transfer.s3_hosts import PUBLIC_PARTITIONS, parse_host

GOOD = [
    url(),
    url(text=query(V2)),
    url(f"https://{HOST}:443"),
    url("https://s3.eu-west-2.amazonaws.com", f"/{BUCKET}{PATH}"),
    url(LISTED, f"/{BUCKET}{PATH}"),
]
FRAGMENTS = [
    *"@:/\\#?&=%.;,+~ []{}<>|^`'\"\t\r\n\x00\x7f",
    *("//", "..", "%2F", "%2f", "%40", "%00", "%5C", "%25", "://", ":443", ":80", "http", "\\@"),
    *("127.0.0.1", "169.254.169.254", "[::1]", "evil.example", "localhost", "0x7f.1", "xn--"),
    *("amazonaws.com", "s3", "s3.", ".s3", "-s3alias", "s3-", "eu-west-2", "cn-north-1", ".cn"),
    *("。", "\uff0e", "\uff53", "İ", "ß", "\u00ad", "\u200b", "\u202e", "٣", "é", "\ud800", "🪶"),
    *("&acl=", "&response-content-type=x", "&versionId=v", "&X-Amz-Expires=1", "&Signature=x"),
]


@st.composite
def bent_urls(draw: st.DrawFn) -> str:
    """A good URL with pieces put in, left out or replaced."""
    text = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 0, 1, 2, 5, 30])))
        text = text[:start] + draw(st.sampled_from(FRAGMENTS) | st.text(max_size=3)) + text[end:]
    return text


PUBLIC_HOSTS = [host for name in sorted(PUBLIC_PARTITIONS) for host in HOSTS_BY_PARTITION[name]]
HOSTS_OF_S3 = [
    *(host for host in PUBLIC_HOSTS if "accelerate" not in host),
    *(f"{BUCKET}.{host}" for host in PUBLIC_HOSTS),
]
LABELS = sorted(
    {label for host in [*HOSTS_OF_S3, *OTHER_SERVICES] for label in host.split(".")}
    | {BUCKET, "evil"}
)
BAD_ORIGINS = [
    *(f"https://{host}" for host in (*NO_HOSTS, *OTHER_SERVICES)),
    *ORIGINS.values(),
    *LOOK_LIKE_LISTED.values(),
]
MADE_HOSTS = st.lists(st.sampled_from(LABELS), max_size=7).map(".".join)
ODD_SHAPES = ["{0}{1}#{2}", "{0}/{1}?{2}", "{0}?{2}"]


def mostly(good: list[str], bad: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.integers(0, 3).flatmap(lambda n: bad if n == 0 else st.sampled_from(good))


@st.composite
def joined_urls(draw: st.DrawFn) -> str:
    """An origin, a path and a query, of which each may be good or bad."""
    origins = [LISTED, *(f"https://{host}" for host in HOSTS_OF_S3)]
    bad_origins = (
        st.sampled_from(BAD_ORIGINS) | MADE_HOSTS.map("https://{}".format) | st.text(max_size=40)
    )
    bad_paths = st.sampled_from([*PATHS.values()]) | st.text(max_size=40)
    shape = draw(mostly(["{0}{1}?{2}"], st.sampled_from(ODD_SHAPES)))
    return shape.format(
        draw(mostly(origins, bad_origins)),
        draw(mostly([PATH, f"/{BUCKET}{PATH}"], bad_paths)),
        draw(mostly([query(), query(V2)], st.text(max_size=60))),
    )


DOMAINS = {
    ("amazonaws", "com"): ("us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx", "us-gov"),
    ("amazonaws", "com", "cn"): ("cn",),
    ("amazonaws", "eu"): ("eusc-de",),
}


def is_region(label: str, areas: tuple[str, ...]) -> bool:
    """As in us-gov-west-1: an area, a direction and a number."""
    area, direction, number = (["", "", *label.rsplit("-", 2)])[-3:]
    return area in areas and direction.isalpha() and number.isdigit()


def is_s3(host: str) -> bool:
    """Told by taking the name apart from its end, not by the patterns that are tested here."""
    labels = host.split(".")
    for domain, areas in DOMAINS.items():
        if host.isascii() and tuple(labels[-len(domain) :]) == domain:
            rest, in_west = labels[: -len(domain)], domain == ("amazonaws", "com")
            if rest and is_region(rest[-1], areas):
                rest.pop()
                rest = rest[:-1] if rest[-1:] == ["dualstack"] else rest
                return len(rest) in {1, 2} and rest[-1] in (
                    {"s3", "s3-fips"} if in_west else {"s3"}
                )
            service = rest[-1] if rest else ""
            if rest[1:] == ["s3-accelerate", "dualstack"] or service == "s3-accelerate":
                return in_west and len(rest) > 1
            dashed = service.startswith("s3-") and is_region(service[3:], areas)
            known = service in {"s3", "s3-external-1"} or dashed
            return in_west and known and len(rest) in {1, 2}
    return False


STRANGERS = [
    "s3.evil.amazonaws.com",
    "heron.s3.evil.amazonaws.com",
    "s3.eu-west-2.evil.amazonaws.com",
    "heron.s3.eu-west-2.elb.amazonaws.com",
    "s3.eu-west-2.amazonaws.com.evil",
    "s3.eu-west-2.amazonaws.com.cn",
    "s3.cn-north-1.amazonaws.com",
    "s3-evil.amazonaws.com",
    "s3-eu-west.amazonaws.com",
    "s3-accelerate.amazonaws.com",
    "a.b.s3.amazonaws.com",
    "evil-s3.amazonaws.com",
    "s3.evilamazonaws.com",
    "ec2-203-0-113-7.eu-west-2.compute.amazonaws.com",
    "s3-website.eu-west-2.amazonaws.com",
    "amazonaws.com",
    "localhost",
    "",
]


def test_the_judge_of_hosts_is_no_easier_than_the_guard() -> None:
    assert [host for host in HOSTS_OF_S3 if not is_s3(host)] == []
    assert [host for host in STRANGERS if is_s3(host)] == []


@given(text=bent_urls() | joined_urls() | st.text(max_size=200))
def test_an_accepted_url_leads_to_s3_and_to_the_object_of_the_message(text: str) -> None:
    note(text)
    try:
        accepted = parse_presigned_url(text, BUCKET, KEY, "v", {LISTED})
    except UrlRefused:
        event("refused")
        return

    event("accepted")
    request = requests.PreparedRequest()
    request.prepare(method="GET", url=text)
    sent = urllib3.util.parse_url(str(request.url))
    parsers = (urlsplit(text), urllib3.util.parse_url(text), sent)
    hosts = {parts.hostname for parts in parsers}
    assert len(hosts) == 1
    assert accepted.listed or is_s3(str(hosts.pop()))
    assert accepted.listed == text.startswith(f"{LISTED}/")
    assert all(parts.port in (None, 9000 if accepted.listed else 443) for parts in parsers)
    path = unquote(text.partition("?")[0].split("/", 3)[3])
    assert path in {KEY, f"{BUCKET}/{KEY}"}
    assert accepted.reveal() == text


LIKE_AMAZONS = ("", "s3-", "s3-accelerate-", "s3-website-", "vpce-", "dualstack-", "bucket-")


@given(
    start=st.sampled_from(LIKE_AMAZONS),
    rest=st.from_regex(r"[a-z0-9][a-z0-9-]{1,45}[a-z0-9]", fullmatch=True),
    host=st.sampled_from(PUBLIC_HOSTS),
)
def test_every_bucket_name_that_s3_does_not_reserve_is_taken_in_every_host(
    start: str, rest: str, host: str
) -> None:
    bucket = start + rest
    if not is_reserved(bucket):
        assert parse_host(f"{bucket}.{host}").bucket == bucket
