"""Step 4: the source does not answer, or not with what the message means."""

import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from adapters.s3_source import S3Source
from tests.faults.places import Place
from tests.faults.rig import (
    BUCKET,
    HASTY_SECONDS,
    KEY,
    LARGE,
    NAME,
    TLS,
    Rig,
    body_of,
    running,
)
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, answer
from tests.servers.scripted_s3 import (
    Fault,
    ScriptedS3,
    changed,
    error,
    reset_at_once,
    says,
    silent,
)
from tests.unit.transfer.urls import query

BODY = body_of(LARGE)
OUT_OF_REACH: dict[str, Fault] = {
    "closes at once": says(b""),
    "resets at once": reset_at_once,
    "says nothing": silent,
    "breaks off in its first line": says(b"HTTP/1.1 20"),
    "speaks no HTTP": says(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"),
    "headers that break off": says(b'HTTP/1.1 200 OK\r\nETag: "x"\r\n'),
}


@pytest.mark.row("13")
@pytest.mark.parametrize("fault", OUT_OF_REACH.values(), ids=OUT_OF_REACH)
def test_a_source_that_keeps_failing_before_its_headers_is_given_up(
    hasty: Rig, fault: Fault
) -> None:
    hasty.s3.put(KEY, BODY)
    hasty.s3.faults = [fault] * 4

    refusal = hasty.send()

    assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
    assert refusal.retry_after
    assert refusal.seconds < 4 * HASTY_SECONDS + 3
    assert hasty.s3.connections == 4
    hasty.assert_nothing_happened()
    hasty.assert_heals(BODY)


@pytest.mark.row("13")
@pytest.mark.parametrize("fault", OUT_OF_REACH.values(), ids=OUT_OF_REACH)
def test_a_source_that_fails_once_before_its_headers_is_asked_again(
    hasty: Rig, fault: Fault
) -> None:
    hasty.s3.put(KEY, BODY)
    hasty.s3.faults = [fault]

    hasty.assert_heals(BODY)


@pytest.mark.row("13")
def test_a_source_where_nobody_listens_is_told(place: Place, s3: ScriptedS3) -> None:
    s3.put(KEY, BODY)
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        origin = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with running(place, s3, S3_ENDPOINTS=f"{origin},{s3.origin}") as rig:
        url = f"{origin}/{BUCKET}/{quote(KEY)}?{query()}"

        assert rig.send(rig.message(PresignedUrl=url)).outcome == (503, "SOURCE_UNAVAILABLE")

        rig.assert_nothing_happened()
        rig.assert_heals(BODY)  # where somebody does


Found = list[tuple[int, int, int, str, tuple[str, int]]]
ADDRESSES = {
    "private": ["10.0.0.1"],
    "the metadata server's": ["169.254.169.254"],
    "loopback": ["127.0.0.1"],
    "public and private": ["52.95.148.1", "192.168.0.1"],
    "none": [],
}


@pytest.fixture(scope="module")
def dialled() -> list[tuple[str, int]]:
    """Where this process connects to, whoever does it, as Python's audit events tell."""
    seen: list[tuple[str, int]] = []

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            seen.append(arguments[1][:2])

    sys.addaudithook(note)  # for good
    return seen


def test_it_is_seen_where_this_process_connects_to(
    dialled: list[tuple[str, int]], s3: ScriptedS3
) -> None:
    socket.create_connection(("127.0.0.1", s3.port)).close()

    assert ("127.0.0.1", s3.port) in dialled


@pytest.mark.row("13")
@pytest.mark.row("14")
@pytest.mark.parametrize("addresses", ADDRESSES.values(), ids=ADDRESSES)
def test_a_host_of_amazon_whose_address_is_not_public_is_not_connected_to(
    place: Place, s3: ScriptedS3, addresses: list[str], dialled: list[tuple[str, int]]
) -> None:
    s3.put(KEY, BODY)
    looked_up: list[str] = []

    def resolve(host: str, port: int, **_: object) -> Found:
        looked_up.append(host)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "canary")
        kind, family = socket.SOCK_STREAM, socket.AF_INET
        return [(family, kind, 6, "", (address, port)) for address in addresses]

    with running(place, s3, source=S3Source(TLS, resolve)) as rig:
        host = f"{BUCKET}.s3.eu-west-2.amazonaws.com"
        url = f"https://{host}/{quote(KEY)}?{query()}"
        dialled.clear()

        refusal = rig.send(rig.message(PresignedUrl=url))

        assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
        assert set(looked_up) == {host}
        assert [address for address in dialled if address[1] == 443] == []
        assert refusal.seconds < 3
        rig.assert_nothing_happened()
    with running(place, s3) as healed:
        healed.assert_heals(BODY)


CERTIFICATES = ["of another name", "signed by nobody", "out of date", "of a stranger"]


@pytest.mark.row("15")
@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_source_with_a_wrong_certificate_is_sent_nothing(
    place: Place, s3: ScriptedS3, tmp_path: Path, kind: str
) -> None:
    s3.put(KEY, BODY)
    ours, stranger = Authority(tmp_path, "ours"), Authority(tmp_path, "stranger")
    contexts: dict[str, Callable[[], ssl.SSLContext]] = {
        "of another name": lambda: ours.server_context("evil.example"),
        "signed by nobody": lambda: ours.server_context(self_signed=True),
        "out of date": lambda: ours.server_context(days=-1),
        "of a stranger": stranger.server_context,
    }
    with RawServer([answer(BODY)], tls=contexts[kind]()) as server:
        source = S3Source(ours.client_context())
        endpoints = f"{server.origin},{s3.origin}"
        with running(place, s3, source=source, S3_ENDPOINTS=endpoints) as rig:
            url = f"{server.origin}/{BUCKET}/{quote(KEY)}?{query()}"

            refusal = rig.send(rig.message(PresignedUrl=url))

            assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
            assert server.connections == 4
            assert server.requests == []
            rig.assert_nothing_happened()
            rig.assert_heals(BODY)


REDIRECTS = ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"]


@pytest.mark.row("20")
@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_is_not_followed(rig: Rig, status: str) -> None:
    rig.s3.put(KEY, BODY)
    with RawServer([answer(BODY)]) as trap:
        moved = error(status, "PermanentRedirect", Location=f"{trap.origin}/{BUCKET}/k")
        rig.s3.faults = [says(moved)] * 4

        assert rig.send().outcome == (503, "SOURCE_UNAVAILABLE")

        assert trap.connections == 0
    rig.assert_nothing_happened()
    rig.assert_heals(BODY)


CONTRADICTIONS: dict[str, Fault] = {
    "no ETag": changed(ETag=None),
    "a weak ETag": changed(ETag='W/"x"'),
    "another ETag": changed(ETag='"another"'),
    "no length": changed(Content_Length=None),
    "another length": changed(Content_Length=str(LARGE - 1)),
    "in chunks": changed(Content_Length=None, Transfer_Encoding="chunked"),
    "a part, which was not asked for": says(answer(BODY, "206 Partial Content")),
    "no content": says(answer(b"", "204 No Content")),
    "another type": changed(Content_Type="text/html"),
}


@pytest.mark.row("21")
@pytest.mark.parametrize("fault", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_an_answer_that_contradicts_the_message_is_not_used(rig: Rig, fault: Fault) -> None:
    rig.s3.put(KEY, BODY, Content_Type="image/png")
    message = rig.message(ContentType="image/png")
    rig.s3.faults = [fault]

    refusal = rig.send(message)

    assert refusal.outcome == (503, "SOURCE_CORRUPT")
    assert refusal.retry_after
    rig.assert_nothing_happened()
    rig.assert_heals(BODY, message)


@pytest.mark.row("21")
def test_the_former_object_stays_when_an_answer_contradicts_the_message(rig: Rig) -> None:
    rig.s3.put(KEY, BODY)
    rig.send()
    newer = body_of(LARGE, seed=1)
    rig.s3.put(KEY, newer)
    rig.s3.faults = [changed(ETag='"another"')]

    assert rig.send().outcome == (503, "SOURCE_CORRUPT")

    assert rig.place.read(NAME) == BODY
    assert len(rig.place.heard()) == 1
    rig.assert_heals(newer)
