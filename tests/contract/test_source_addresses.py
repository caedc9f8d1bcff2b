"""Where the source connects to: to checked addresses, and over TLS to whom the URL names."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.pinned_http import MAX_ADDRESSES, Dialer, new_tls_context
from adapters.s3_source import S3Source
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, answer
from tests.unit.transfer.urls import BUCKET, KEY, PATH, presign, query
from transfer.errors import SourceUnavailable
from transfer.presigned_url import parse_presigned_url

PUBLIC, PUBLIC_6 = "52.95.148.1", "2600:1fa0:8000::1"
LOOPBACK = "127.0.0.1"


class Resolver:
    """Names these addresses for every host, and remembers what it was asked."""

    def __init__(self, *addresses: tuple[str, int]) -> None:
        self._addresses = addresses
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        self.asked.append((host, port))
        return [
            (
                socket.AF_INET6 if ":" in address[0] else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                address,
            )
            for address in self._addresses
        ]


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer([answer(b"heron")]) as server:
        yield server


def dead_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(source: S3Source, origin: str) -> bytes:
    text = f"{origin}/{BUCKET}{PATH}?{query()}"
    url = parse_presigned_url(text, BUCKET, KEY, None, {origin})
    with source.open(url, None, 0, time.monotonic() + 10) as opened:
        return opened.read(100)


@pytest.mark.parametrize(
    "address",
    [
        LOOPBACK,
        "10.0.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "0.0.0.0",
        "::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "fe80::1%lo",
        f"{PUBLIC_6}%lo",
    ],
)
@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["SigV4", "SigV2"])
def test_a_name_of_s3_that_leads_inside_is_refused_without_a_connection(
    server: RawServer, address: str, version: str
) -> None:
    resolver = Resolver((address, server.port))
    text = presign("eu-west-2", version=version, s3={"addressing_style": "virtual"})
    url = parse_presigned_url(text, BUCKET, KEY, None, set())

    with pytest.raises(SourceUnavailable, match="not public"):
        S3Source(resolve=resolver).open(url, None, 0, time.monotonic() + 10)

    assert resolver.asked == [(f"{BUCKET}.s3.eu-west-2.amazonaws.com", 443)]
    assert server.connections == 0


@pytest.mark.parametrize("public", [PUBLIC, PUBLIC_6])
@pytest.mark.parametrize("first", [True, False])
def test_one_bad_address_among_good_ones_is_enough_to_refuse(
    server: RawServer, public: str, *, first: bool
) -> None:
    addresses = [(LOOPBACK, server.port), (public, 443)]
    resolver = Resolver(*(addresses if first else reversed(addresses)))

    with pytest.raises(SourceUnavailable, match="not public"):
        Dialer(private_allowed=False, resolve=resolver).dial("s3.amazonaws.com", 443)

    assert server.connections == 0


def test_the_machines_own_resolver_is_not_believed_either(server: RawServer) -> None:
    with pytest.raises(SourceUnavailable, match="not public"):
        Dialer(private_allowed=False, resolve=socket.getaddrinfo).dial("localhost", server.port)

    assert server.connections == 0


def test_the_address_that_was_checked_is_the_one_that_is_dialled(server: RawServer) -> None:
    resolver = Resolver((LOOPBACK, server.port))

    assert fetch(S3Source(resolve=resolver), "http://s3.heron.example:9000") == b"heron"

    assert resolver.asked == [("s3.heron.example", 9000)]
    assert server.headers["host"] == "s3.heron.example:9000"


def test_a_few_addresses_are_tried(server: RawServer) -> None:
    dead = [(LOOPBACK, dead_port()) for _ in range(MAX_ADDRESSES)]
    good = (LOOPBACK, server.port)
    last, beyond = Resolver(*dead[1:], good), Resolver(*dead, good)

    assert fetch(S3Source(resolve=last), "http://s3.heron.example") == b"heron"
    with pytest.raises(SourceUnavailable, match="takes no connection"):
        fetch(S3Source(resolve=beyond), "http://s3.heron.example")


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_name_without_an_address_is_worth_another_try(error: Exception) -> None:
    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise error

    with pytest.raises(SourceUnavailable, match="cannot be resolved"):
        fetch(S3Source(resolve=resolve), "http://s3.heron.example")


def test_a_name_that_resolves_after_the_deadline_is_not_connected_to() -> None:
    with RawServer([answer(b"heron")]) as server:

        def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
            time.sleep(0.3)
            return Resolver((LOOPBACK, server.port))("", 0)

        dialer = Dialer(private_allowed=True, resolve=resolve)
        dialer.cut_off_at(time.monotonic() + 0.1)

        with pytest.raises(SourceUnavailable, match="too long"):
            dialer.dial("s3.heron.example", 443)

        dialer.close()
        assert server.requests == []


def test_a_private_address_is_taken_for_a_listed_origin_only(server: RawServer) -> None:
    assert fetch(S3Source(), server.origin) == b"heron"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_of_a_trusted_authority_is_taken(tmp_path: Path, host: str) -> None:
    authority = Authority(tmp_path)
    source = S3Source(authority.client_context())
    with RawServer([answer(b"heron")], tls=authority.server_context()) as server:
        assert fetch(source, f"https://{host}:{server.port}") == b"heron"


REFUSED: dict[str, Callable[[Authority], ssl.SSLContext]] = {
    "self-signed": lambda authority: authority.server_context(self_signed=True),
    "for other names": lambda authority: authority.server_context("other.example", "192.0.2.1"),
    "for a common name": lambda authority: authority.server_context(
        "192.0.2.1", common_name="localhost"
    ),
    "over": lambda authority: authority.server_context(days=-1),
}


@pytest.mark.parametrize("context_of", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_wrong_certificate_is_refused_and_no_request_sent(
    tmp_path: Path, context_of: Callable[[Authority], ssl.SSLContext], host: str
) -> None:
    authority = Authority(tmp_path)
    with RawServer([answer(b"trapped")], tls=context_of(authority)) as server:
        with pytest.raises(SourceUnavailable, match="SSLCertVerificationError"):
            fetch(S3Source(authority.client_context()), f"https://{host}:{server.port}")

        assert server.requests == []


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_of_the_environment_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    evil = Authority(tmp_path, "evil")
    monkeypatch.setenv(name, str(evil.file))
    with RawServer([answer(b"trapped")], tls=evil.server_context()) as server:
        with pytest.raises(SourceUnavailable, match="SSLCertVerificationError"):
            fetch(S3Source(), server.origin)

        assert server.requests == []


def test_a_name_that_leads_to_a_stranger_meets_the_certificate_check(tmp_path: Path) -> None:
    """Rebinding: the address may be anybody's, the certificate may not."""
    authority = Authority(tmp_path)
    with RawServer([answer(b"trapped")], tls=authority.server_context("evil.example")) as server:
        source = S3Source(authority.client_context(), Resolver((LOOPBACK, server.port)))

        with pytest.raises(SourceUnavailable, match="SSLCertVerificationError"):
            fetch(source, "https://s3.heron.example")

        assert server.requests == []


def test_plain_http_is_for_tls_servers_no_way_in(tmp_path: Path) -> None:
    context = Authority(tmp_path).server_context()
    with RawServer([answer(b"trapped")], tls=context) as server, pytest.raises(SourceUnavailable):
        fetch(S3Source(), server.origin.replace("https", "http"))


def test_the_context_knows_the_public_authorities_and_checks_names() -> None:
    context = new_tls_context()

    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert len(context.get_ca_certs()) > 50


def test_a_machine_without_this_kind_of_network_uses_the_other(server: RawServer) -> None:
    port = int(server.origin.rpartition(":")[2])
    unknown = (9999, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))
    known = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
    dialer = Dialer(private_allowed=True, resolve=lambda *_, **__: [unknown, known])

    with dialer.dial("both", port) as connection:
        assert connection.getpeername() == ("127.0.0.1", port)
    dialer.close()
