"""Generated URLs: whatever comes, the guard refuses or names a host of S3, and nothing else.

`make soak` runs the same with many more examples.
"""

from urllib.parse import unquote, urlsplit

import requests
import urllib3
from hypothesis import event, given, note
from hypothesis import strategies as st

from tests.unit.transfer.test_presigned_url import LISTED, LOOK_LIKE_LISTED, ORIGINS, PATHS
from tests.unit.transfer.test_s3_hosts import NO_HOSTS, OTHER_SERVICES
from tests.unit.transfer.urls import BUCKET, HOST, KEY, PATH, V2, query, url
from transfer.errors import UrlRefused
from transfer.presigned_url import parse_presigned_url

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


HOSTS = [HOST, "s3.eu-west-2.amazonaws.com", "s3.amazonaws.com", *NO_HOSTS, *OTHER_SERVICES]
ORIGIN_LIST = [
    *(f"https://{host}" for host in HOSTS),
    *ORIGINS.values(),
    *LOOK_LIKE_LISTED.values(),
]


@st.composite
def joined_urls(draw: st.DrawFn) -> str:
    """An origin, a path and a query, of which each may be good or bad."""
    origin = draw(st.sampled_from([LISTED, *ORIGIN_LIST]) | st.text(max_size=40))
    path = draw(st.sampled_from([PATH, f"/{BUCKET}{PATH}", *PATHS.values()]) | st.text(max_size=40))
    text = draw(st.sampled_from([query(), query(V2)]) | st.text(max_size=60))
    return draw(st.sampled_from(["{0}{1}?{2}", "{0}{1}#{2}", "{0}/{1}?{2}", "{0}?{2}"])).format(
        origin, path, text
    )


def is_s3(host: str) -> bool:
    """Told by taking the name apart, not by the patterns that are tested here."""
    labels = host.split(".")
    for domain in (["amazonaws", "com"], ["amazonaws", "com", "cn"], ["amazonaws", "eu"]):
        if labels[-len(domain) :] != domain:
            continue
        rest = labels[: -len(domain)]
        return len(rest) <= 4 and any(
            label in {"s3", "s3-fips", "s3-external-1", "s3-accelerate"}
            or (label.startswith("s3-") and label.count("-") >= 3 and label[-1].isdigit())
            for label in rest[:2]
        )
    return False


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
