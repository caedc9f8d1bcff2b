"""URLs of Amazon's own hosts, as signed by boto3: what a server on their side would receive.

No such host is reached from a test, so the connection is led to a server on loopback that
has a certificate for all of them. Host, path and query are what would go to Amazon.
"""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from adapters.cut_offs import CutOffs
from adapters.pinned_http import Dialer, Resolve
from adapters.s3_source import S3Source
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, answer
from tests.unit.transfer.test_presigned_url_accepted import KEYS, OPTIONS, PATH, REGIONS, VIRTUAL
from tests.unit.transfer.urls import BUCKET, KEY, TOKEN, presign
from transfer.errors import SourceUnavailable
from transfer.presigned_url import parse_presigned_url

VERSIONS = {"SigV4": "s3v4", "SigV2": "s3"}
STYLES: dict[str, dict[str, Any]] = {"virtual": VIRTUAL, "path": PATH}


def signed_urls() -> dict[str, tuple[str, str]]:
    """URLs and their keys, by what is special about them."""
    urls = {}
    for (version, code), (style, s3) in product(VERSIONS.items(), STYLES.items()):
        for region in REGIONS:
            signed = presign(region, version=code, s3=s3)
            urls[f"{region}, {style}, {version}"] = (signed, KEY)
        for name, key in KEYS.items():
            signed = presign("eu-west-2", key, version=code, s3=s3, token=TOKEN)
            urls[f"{name}, {style}, {version}"] = (signed, key)
    for (version, code), (name, (region, options)) in product(VERSIONS.items(), OPTIONS.items()):
        urls[f"{name}, {version}"] = (presign(region, version=code, **options), KEY)
    return urls


URLS = signed_urls()


def host_of(url: str) -> str:
    return url.split("/")[2]


@dataclass
class Amazon:
    """A server that is all of Amazon's hosts, and a source that is led there."""

    source: S3Source
    server: RawServer
    dialled: list[tuple[str, int]]


@pytest.fixture(scope="module")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amazon]:
    authority = Authority(tmp_path_factory.mktemp("tls"))
    context = authority.server_context(*sorted({host_of(url) for url, _ in URLS.values()}))
    dialled: list[tuple[str, int]] = []
    with RawServer([answer(b"heron")], tls=context) as server:

        class ToLoopback(Dialer):
            def dial(self, host: str, port: int) -> socket.socket:
                dialled.append((host, port))
                return super().dial("127.0.0.1", server.port)

        def new_dialer(private_allowed: bool, resolve: Resolve, cut_offs: CutOffs) -> Dialer:
            assert not private_allowed
            return ToLoopback(private_allowed=True, resolve=resolve, cut_offs=cut_offs)

        yield Amazon(S3Source(authority.client_context(), new_dialer=new_dialer), server, dialled)


@pytest.fixture(autouse=True, scope="module")
def hostile_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawServer]:
    """A proxy for everything, and a password for every host."""
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("default login canary password canary\n")
    with RawServer([answer(b"trapped")]) as trap, pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
            patch.setenv(name, trap.origin)
        patch.setenv("NO_PROXY", "")
        patch.setenv("HOME", str(home))
        patch.setenv("NETRC", str(home / ".netrc"))
        patch.setenv("REQUESTS_CA_BUNDLE", str(home / "nothing.pem"))
        yield trap
        assert trap.connections == 0


def test_there_are_enough_urls_of_every_style() -> None:
    assert len({url for url, _ in URLS.values()}) >= 150


@pytest.mark.parametrize(("url", "key"), URLS.values(), ids=URLS)
def test_a_signed_url_goes_out_byte_for_byte_to_its_own_host(
    amazon: Amazon, url: str, key: str
) -> None:
    accepted = parse_presigned_url(url, BUCKET, key, None, set())

    with amazon.source.open(accepted, None, 0, time.monotonic() + 10) as opened:
        body = opened.read(100)

    target = url.removeprefix(f"https://{host_of(url)}")
    assert body == b"heron"
    assert amazon.server.request_line == f"GET {target} HTTP/1.1"
    assert amazon.server.headers == {
        "host": host_of(url),
        "accept-encoding": "identity",
        "user-agent": "landfall",
    }
    assert amazon.dialled[-1] == (host_of(url), 443)


def test_a_name_of_s3_meets_the_certificate_check(tmp_path: Path) -> None:
    """The address may be anybody's, the certificate may not."""
    authority = Authority(tmp_path)
    url = presign("eu-west-2", s3=VIRTUAL)
    with RawServer([answer(b"trapped")], tls=authority.server_context("evil.example")) as server:

        class ToStranger(Dialer):
            def dial(self, host: str, port: int) -> socket.socket:
                return super().dial("127.0.0.1", server.port)

        source = S3Source(
            authority.client_context(),
            new_dialer=lambda _, *rest: ToStranger(*(True, *rest)),
        )
        accepted = parse_presigned_url(url, BUCKET, KEY, None, set())

        with pytest.raises(SourceUnavailable, match="SSLCertVerificationError"):
            source.open(accepted, None, 0, time.monotonic() + 10)

        assert server.requests == []
