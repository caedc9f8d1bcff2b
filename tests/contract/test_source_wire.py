"""What the source sends: the presigned URL byte for byte, few headers, and nowhere else."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from adapters.s3_source import S3Source
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, answer
from tests.unit.transfer.urls import BUCKET, KEY, PATH, V2, V4, query
from transfer.errors import SourceUnavailable
from transfer.presigned_url import PresignedUrl, parse_presigned_url

QUERY = query()


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer([answer(b"heron")]) as server:
        yield server


@pytest.fixture
def trap(monkeypatch: pytest.MonkeyPatch) -> Iterator[RawServer]:
    """A proxy that the environment names for everything."""
    with RawServer([answer(b"trapped")]) as trap:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, trap.origin)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        yield trap


def url_on(
    origin: str, path: str = PATH, key: str = KEY, text: str = QUERY, version_id: str | None = None
) -> PresignedUrl:
    whole = f"{origin}/{BUCKET}{path}?{text}"
    return parse_presigned_url(whole, BUCKET, key, version_id, {origin})


def fetch(
    url: PresignedUrl, etag: str | None = None, start: int = 0, source: S3Source | None = None
) -> bytes:
    with (source or S3Source()).open(url, etag, start, time.monotonic() + 10) as opened:
        return opened.read(100)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/a/b", "a/b"),
        ("/a/../b", "a/../b"),
        ("/../b", "../b"),
        ("/../../etc/passwd", "../../etc/passwd"),
        ("/./a/./b/.", "./a/./b/."),
        ("/..", ".."),
        ("/%2E%2E/b", "../b"),
        ("/a/%2E/b", "a/./b"),
        ("//a//b//", "/a//b//"),
        ("//evil.example/b", "/evil.example/b"),
        ("/a%2Bb", "a+b"),
        ("/a%20b", "a b"),
        ("/a%2Fb", "a/b"),
        ("/%7Ea~", "~a~"),
        ("/%41%61", "Aa"),
        ("/a%3Fb%23c", "a?b#c"),
        ("/a%25b", "a%b"),
        ("/a%2525", "a%25"),
        ("/a%5Cb", "a\\b"),
        ("/%C3%BC", "ü"),
        ("/u%CC%88", "u\u0308"),
        ("/%E9%9B%AA/%F0%9F%AA%B6", "雪/🪶"),
        ("/a:b@c&d=e;f,g$h!i*(j)", "a:b@c&d=e;f,g$h!i*(j)"),
        ("/%00%09%1B%7F", "\0\t\x1b\x7f"),
        ("/%C2%85%E2%80%A8%EF%BB%BF%EF%BF%BF", "\x85\u2028\ufeff\uffff"),
        ("/" + 1024 * "k", 1024 * "k"),
        ("/" + 512 * "%C3%A9", 512 * "é"),
    ],
)
@pytest.mark.parametrize("text", [QUERY, query(V2)], ids=["SigV4", "SigV2"])
def test_the_url_goes_out_byte_for_byte(server: RawServer, path: str, key: str, text: str) -> None:
    assert fetch(url_on(server.origin, path, key, text)) == b"heron"

    assert server.request_line == f"GET /{BUCKET}{path}?{text} HTTP/1.1"
    assert server.headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("text", "version_id"),
    [
        (query(versionId="a%2Bb%2Fc%3D"), "a+b/c="),
        (query(versionId="a+b/c~(d)!*,;:@?"), "a+b/c~(d)!*,;:@?"),
        (query(X_Amz_Credential="AKIA/20260811/eu-west-2/s3/aws4_request"), None),
        (query(X_Amz_Security_Token="%7E%2B%2F%3D~"), None),
        ("&".join(reversed(QUERY.split("&"))), None),
    ],
)
def test_the_query_goes_out_byte_for_byte(
    server: RawServer, text: str, version_id: str | None
) -> None:
    fetch(url_on(server.origin, text=text, version_id=version_id))

    assert server.request_line == f"GET /{BUCKET}{PATH}?{text} HTTP/1.1"


def test_only_the_headers_that_are_meant_go_out(server: RawServer) -> None:
    fetch(url_on(server.origin))

    assert server.headers == {
        "host": f"127.0.0.1:{server.port}",
        "accept-encoding": "identity",
        "user-agent": "landfall",
    }


def test_the_etag_goes_out_in_quotes(server: RawServer) -> None:
    fetch(url_on(server.origin), "etag-1")

    assert server.headers["if-match"] == '"etag-1"'
    assert "range" not in server.headers


@pytest.mark.parametrize(
    ("name", "value", "parameters"),
    [
        ("x-amz-checksum-mode", "ENABLED", {}),
        ("x-amz-request-payer", "requester", {}),
        ("x-amz-checksum-mode", "ENABLED", {"X-Amz-Checksum-Mode": "ENABLED"}),
        ("x-amz-expected-bucket-owner", "111122223333", {"x-amz-expected-bucket-owner": None}),
        ("x-amz-user-agent", "aws-sdk-js/3 os/x", {"x-amz-user-agent": "aws-sdk-js%2F3%20os%2Fx"}),
    ],
)
def test_a_signed_header_goes_out(
    server: RawServer, name: str, value: str, parameters: dict[str, str | None]
) -> None:
    said = {parameter: text or value for parameter, text in parameters.items()}
    signed = query(X_Amz_SignedHeaders=f"host%3B{name}")

    fetch(url_on(server.origin, text=f"{signed}&{urlencode(said, safe='%')}" if said else signed))

    assert server.headers[name] == value


@pytest.mark.parametrize("base", [V4, V2], ids=["SigV4", "SigV2"])
def test_a_parameter_is_no_header_for_that_would_not_be_signed(
    server: RawServer, base: dict[str, str]
) -> None:
    said = "x-amz-checksum-mode=ENABLED&x-amz-request-payer=requester"

    fetch(url_on(server.origin, text=f"{query(base)}&{said}"))

    assert server.request_line.endswith(f"&{said} HTTP/1.1")
    assert not [name for name in server.headers if name.startswith("x-amz-")]


def test_a_listed_origin_may_be_ipv6() -> None:
    with RawServer([answer(b"heron")], host="::1") as server:
        assert fetch(url_on(server.origin)) == b"heron"
        assert server.headers["host"] == f"[::1]:{server.port}"


def test_a_listed_origin_may_have_a_name() -> None:
    with RawServer([answer(b"heron")]) as server:
        origin = f"http://localhost:{server.port}"

        assert fetch(url_on(origin)) == b"heron"
        assert server.headers["host"] == f"localhost:{server.port}"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Here", "308 There"])
@pytest.mark.parametrize("with_etag", [True, False])
def test_no_redirect_is_followed(status: str, *, with_etag: bool) -> None:
    with RawServer([answer(b"trapped")]) as trap:
        location = f"{trap.origin}/{BUCKET}{PATH}?{QUERY}"
        redirect = answer(b"", status, Location=location)
        with RawServer([redirect]) as server, pytest.raises(SourceUnavailable, match="redirects"):
            fetch(url_on(server.origin), "etag-1" if with_etag else None)

        assert (server.connections, trap.connections) == (1, 0)


def test_no_try_is_repeated_behind_our_back() -> None:
    with RawServer([]) as server:
        with pytest.raises(SourceUnavailable):
            fetch(url_on(server.origin))

        assert server.connections == 1


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_the_environment_does_not_turn_the_request_aside(
    trap: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, tls: bool
) -> None:
    authority, evil = Authority(tmp_path), Authority(tmp_path, "evil")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(evil.file))
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text("default login canary password canary\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    source = S3Source(authority.client_context())
    context = authority.server_context() if tls else None

    with RawServer([answer(b"heron")], tls=context) as server:
        assert fetch(url_on(server.origin), source=source) == b"heron"

        assert server.request_line == f"GET /{BUCKET}{PATH}?{QUERY} HTTP/1.1"
        assert set(server.headers) == {"host", "accept-encoding", "user-agent"}
    assert trap.connections == 0


def test_a_cookie_is_not_kept() -> None:
    source = S3Source()
    with RawServer([answer(b"heron", Set_Cookie="canary=1; Path=/")]) as server:
        for _ in range(2):
            fetch(url_on(server.origin), source=source)

        assert "cookie" not in server.headers
