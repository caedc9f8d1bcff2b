"""Which presigned URLs are refused: every one that is not a plain GET of the message's object.

Each row differs from a good URL in the one thing that its name says.
"""

import pytest

from tests.unit.transfer.urls import ACCESS_KEY, BUCKET, HOST, KEY, PATH, SIGNATURE, V2, query, url
from transfer.errors import UrlRefused
from transfer.presigned_url import MAX_LENGTH, PresignedUrl, parse_presigned_url

LISTED = "http://127.0.0.1:9000"
PATH_STYLE = "https://s3.eu-west-2.amazonaws.com"
V4_QUERY, V2_QUERY = query(), query(V2)


def parse(text: str, key: str = KEY, version_id: str | None = None) -> PresignedUrl:
    return parse_presigned_url(text, BUCKET, key, version_id, {LISTED})


def assert_refused(text: str, key: str = KEY, version_id: str | None = None) -> None:
    with pytest.raises(UrlRefused) as refusal:
        parse(text, key, version_id)

    told = f"{refusal.value} {refusal.value!r}"
    secrets = (SIGNATURE, V2["Signature"], ACCESS_KEY, "evil", "127.0.0.1", "field", BUCKET)
    assert not any(secret in told for secret in secrets)


@pytest.mark.parametrize(
    "text",
    [
        url(),
        url(text=V2_QUERY),
        url(f"https://{HOST}:443"),
        url(PATH_STYLE, f"/{BUCKET}{PATH}"),
        url(LISTED, f"/{BUCKET}{PATH}"),
        url(LISTED, f"/{BUCKET}{PATH}", V2_QUERY),
    ],
)
def test_the_urls_that_the_rows_below_are_made_from_are_good(text: str) -> None:
    assert parse(text).reveal() == text


ORIGINS = {
    "plain http": f"http://{HOST}",
    "scheme in capitals": f"HTTPS://{HOST}",
    "another scheme": f"ftp://{HOST}",
    "a scheme around the scheme": f"url:https://{HOST}",
    "no scheme": f"//{HOST}",
    "one slash": f"https:/{HOST}",
    "three slashes": f"https:///{HOST}",
    "backslashes": f"https:\\\\{HOST}",
    "no host": "https://",
    "a space in front": f" https://{HOST}",
    "a newline in front": f"\nhttps://{HOST}",
    "a tab inside the scheme": f"ht\ttps://{HOST}",
    "a byte-order mark in front": f"\ufeffhttps://{HOST}",
    "user name": f"https://evil@{HOST}",
    "user name and password": f"https://evil:evil@{HOST}",
    "empty user info": f"https://@{HOST}",
    "S3 as user name of a stranger": f"https://{HOST}@evil.example",
    "S3 as user name and port of a stranger": f"https://{HOST}:443@evil.example",
    "S3 as user name behind a backslash": f"https://evil.example\\@{HOST}",
    "a stranger before a fragment": f"https://evil.example#@{HOST}",
    "a stranger before a query": f"https://evil.example?@{HOST}",
    "a stranger before an escaped slash": f"https://evil.example%2F@{HOST}",
    "an escaped at sign": f"https://{HOST}%40evil.example",
    "port 80": f"https://{HOST}:80",
    "port 8443": f"https://{HOST}:8443",
    "port 0443": f"https://{HOST}:0443",
    "port 4430": f"https://{HOST}:4430",
    "an empty port": f"https://{HOST}:",
    "two ports": f"https://{HOST}:443:443",
    "a signed port": f"https://{HOST}:+443",
    "a port in Arabic digits": f"https://{HOST}:٤٤٣",
    "S3's host as a label of a stranger's": f"https://{HOST}.evil.example",
    "S3's host glued to a stranger's": f"https://{HOST}evil.example",
    "a stranger's host that ends alike": f"https://{BUCKET}.s3.eu-west-2.evil-amazonaws.com",
    "a machine at Amazon": "https://ec2-203-0-113-7.eu-west-2.compute.amazonaws.com",
    "an API at Amazon": "https://evil.execute-api.eu-west-2.amazonaws.com",
    "a trailing dot": f"https://{HOST}.",
    "a leading dot": f"https://.{HOST}",
    "two dots": f"https://{BUCKET}..s3.eu-west-2.amazonaws.com",
    "a dotted bucket in the host": f"https://evil.{HOST}",
    "host in capitals": f"https://{HOST.upper()}",
    "Cyrillic look-alike": f"https://{HOST}".replace("a", "\u0430"),
    "full-width dots": f"https://{HOST}".replace(".", "。"),
    "full-width letters": f"https://{HOST}".replace("s3", "\uff53\uff13"),
    "a soft hyphen": f"https://{HOST}".replace("amazon", "ama\u00adzon"),
    "a zero-width space": f"https://{HOST}".replace("amazon", "ama\u200bzon"),
    "punycode": "https://xn--heron-meadow-0hb.s3.eu-west-2.amazonaws.com",
    "an escaped dot in the host": f"https://{HOST}".replace("s.com", "s%2Ecom"),
    "an escaped letter in the host": f"https://{HOST}".replace("amazon", "%61mazon"),
    "an underscore in the host": f"https://{HOST}".replace("heron-", "heron_"),
    "a space behind the host": f"https://{HOST} ",
    "a newline behind the host": f"https://{HOST}\n",
    "NUL behind the host": f"https://{HOST}\x00",
    "loopback": "https://127.0.0.1",
    "loopback by name": "https://localhost",
    "loopback as a number": "https://2130706433",
    "loopback in hexadecimal": "https://0x7f000001",
    "loopback in octal": "https://0177.0.0.1",
    "loopback in IPv6": "https://[::1]",
    "loopback in IPv6 as IPv4": "https://[::ffff:127.0.0.1]",
    "a zone id": "https://[fe80::1%25eth0]",
    "the metadata server": "https://169.254.169.254",
    "the metadata server by name": "https://metadata.google.internal",
    "a private address": "https://10.0.0.1",
}


@pytest.mark.parametrize("origin", ORIGINS.values(), ids=ORIGINS)
@pytest.mark.parametrize("path", [PATH, f"/{BUCKET}{PATH}"], ids=["virtual", "path"])
def test_refused_for_its_origin(origin: str, path: str) -> None:
    assert_refused(url(origin, path))


LOOK_LIKE_LISTED = {
    "the listed origin as a label of a stranger's": f"{LISTED}.evil",
    "a longer port": f"{LISTED}1",
    "a shorter port": LISTED[:-1],
    "another port": "http://127.0.0.1:9001",
    "no port": "http://127.0.0.1",
    "another scheme": "https://127.0.0.1:9000",
    "another name of the same host": "http://localhost:9000",
    "the scheme in capitals": "HTTP://127.0.0.1:9000",
    "the listed origin as user info": f"{LISTED}@evil.example",
    "a backslash": f"{LISTED}\\evil",
    "a bucket in the host": f"http://{BUCKET}.127.0.0.1:9000",
    "user info": "http://evil@127.0.0.1:9000",
}


@pytest.mark.parametrize("origin", LOOK_LIKE_LISTED.values(), ids=LOOK_LIKE_LISTED)
def test_refused_though_it_looks_like_a_listed_origin(origin: str) -> None:
    assert_refused(url(origin, f"/{BUCKET}{PATH}"))


PATHS = {
    "lower-case escape": "/field%20notes%2f1.png",
    "an escape cut short": "/field%20notes/1.png%2",
    "an escape of no number": "/field%20notes/1.png%ZZ",
    "a bare per cent sign": "/field%20notes/1.png%",
    "another kind of escape": "/field%u0020notes/1.png",
    "an overlong escape of a slash": "/field%20notes%C0%AF1.png",
    "no UTF-8": "/field%20notes/%FF.png",
    "half of a surrogate pair": "/field%20notes/%ED%A0%80.png",
    "escaped twice": "/field%2520notes/1.png",
    "a space": "/field notes/1.png",
    "a plus for a space": "/field+notes/1.png",
    "a plus and a space": "/field%20notes/1.png+",
    "a tab": "/field%20notes/\t1.png",
    "a carriage return and a newline": "/field%20notes/1.png\r\nX-Evil: 1",
    "NUL": "/field%20notes/1.png%00",
    "a backslash": "/field%20notes\\1.png",
    "a backslash that leads away": "/\\evil.example/field%20notes/1.png",
    "quotes": '/field%20notes/"1.png',
    "an apostrophe": "/field%20notes/'1.png",
    "brackets": "/field%20notes/[1].png",
    "braces": "/field%20notes/{1}.png",
    "angle brackets": "/field%20notes/<1>.png",
    "a pipe": "/field%20notes/1|.png",
    "a caret": "/field%20notes/^1.png",
    "a backtick": "/field%20notes/`1`.png",
    "not ASCII": "/field%20notes/é.png",
    "an emoji": "/field%20notes/😀.png",
    "a fragment": "/field%20notes/1.png#",
    "another key": "/field%20notes/2.png",
    "a longer key": "/field%20notes/1.png/",
    "a shorter key": "/field%20notes/1.pn",
    "the key in capitals": "/FIELD%20NOTES/1.PNG",
    "one slash more at the start": "//field%20notes/1.png",
    "one slash more inside": "/field%20notes//1.png",
    "a dot segment": "/./field%20notes/1.png",
    "two dot segments": "/x/../field%20notes/1.png",
    "escaped dot segments": "/x/%2E%2E/field%20notes/1.png",
    "a path parameter": "/field%20notes/1.png;evil",
    "no key": "/",
    "nothing at all": "",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize(
    "origin",
    [f"https://{HOST}", f"{PATH_STYLE}/{BUCKET}", f"{LISTED}/{BUCKET}"],
    ids=["virtual", "path", "listed"],
)
def test_refused_for_its_path(origin: str, path: str) -> None:
    assert_refused(url(origin, path))


@pytest.mark.parametrize(
    "character", [*" '\"\\[]{}<>|^`#é😀", "\t", "\n", "\x7f", "\x00"], ids=repr
)
def test_refused_for_a_character_that_should_be_escaped(character: str) -> None:
    assert_refused(url(path=f"/a{character}b"), f"a{character}b")


@pytest.mark.parametrize("origin", [PATH_STYLE, LISTED])
@pytest.mark.parametrize(
    "path",
    [
        f"/evil-bucket{PATH}",
        f"/other-evil-bucket{PATH}",
        PATH,
        f"/{BUCKET}",
        f"//{BUCKET}{PATH}",
        f"/evil-bucket/../{BUCKET}{PATH}",
        f"/{BUCKET.upper()}{PATH}",
        f"/heron%2Dmeadow{PATH}",
        f"/{BUCKET}%2Ffield%20notes/1.png",
    ],
)
def test_refused_for_another_bucket_in_its_path(origin: str, path: str) -> None:
    assert_refused(url(origin, path))


@pytest.mark.parametrize("bucket", ["evil-bucket", "other-evil-bucket", f"{BUCKET}s", BUCKET[:-1]])
def test_refused_for_another_bucket_in_its_host(bucket: str) -> None:
    assert_refused(url(f"https://{bucket}{HOST.removeprefix(BUCKET)}"))


@pytest.mark.parametrize(
    ("written", "key"), [("%C3%BC", "u\u0308"), ("u%CC%88", "\u00fc"), ("%E2%84%AA", "K")]
)
def test_unicode_is_never_normalised(written: str, key: str) -> None:
    assert_refused(url(path=f"/{written}"), key)


@pytest.mark.parametrize("bucket", ["x-7bq-s3alias", "x--ol-s3", "x--use1-az4--x-s3"])
@pytest.mark.parametrize("style", ["virtual", "path"])
def test_refused_for_an_alias_in_the_place_of_a_bucket(bucket: str, style: str) -> None:
    host = "s3.eu-west-2.amazonaws.com"
    start = f"https://{bucket}.{host}" if style == "virtual" else f"https://{host}/{bucket}"

    with pytest.raises(UrlRefused):
        parse_presigned_url(url(start), bucket, KEY, None, set())


QUERIES = {
    "no query": "",
    "a space": V4_QUERY + " ",
    "a newline": V4_QUERY + "\n",
    "a fragment": V4_QUERY + "#evil",
    "not ASCII": V4_QUERY + "é",
    "a lower-case escape": V4_QUERY.replace("%2F", "%2f"),
    "a bare per cent sign": V4_QUERY + "%",
    "a backslash": V4_QUERY + "\\",
}


@pytest.mark.parametrize("text", QUERIES.values(), ids=QUERIES)
def test_refused_for_the_characters_of_its_query(text: str) -> None:
    assert_refused(url(text=text))


def test_refused_without_a_question_mark() -> None:
    assert_refused(f"https://{HOST}{PATH}")


@pytest.mark.parametrize("version_id", [None, "", "other", "3sl4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY"])
def test_refused_for_pinning_another_version_than_the_message(version_id: str | None) -> None:
    assert_refused(url(text=query(versionId="3sl4kqtJlcpXroDTDmJ")), version_id=version_id)


def test_refused_for_its_length() -> None:
    longest = url(text=query(X_Amz_Security_Token=""))
    longest += (MAX_LENGTH - len(longest)) * "t"

    assert parse(longest).reveal() == longest
    assert_refused(longest + "t")


@pytest.mark.parametrize("key", ["field+notes/1.png", "field notes/1.png"])
@pytest.mark.parametrize("origin", [f"https://{HOST}", f"{LISTED}/{BUCKET}"])
def test_a_plus_in_the_path_is_refused_whatever_it_is_to_mean(origin: str, key: str) -> None:
    text = url(origin, "/field+notes/1.png")

    with pytest.raises(UrlRefused, match="%2B for a plus or %20 for a space"):
        parse_presigned_url(text, BUCKET, key, None, {LISTED})


def test_a_plus_that_is_escaped_is_a_plus() -> None:
    escaped = url(path="/a%2Bb")

    assert parse_presigned_url(escaped, BUCKET, "a+b", None, set()).key == "a+b"
