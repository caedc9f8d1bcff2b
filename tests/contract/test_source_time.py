"""How long the source may take: never longer than it is given, however it dawdles."""

import math
import socket
import threading
import time

import pytest

from adapters.s3_source import S3Source
from tests.contract.source_side import Side, url_at
from tests.servers.certificates import Authority
from tests.servers.raw import Script, answer, drip, stall
from transfer.errors import SourceUnavailable

BODY = bytes(range(256)) * 400
WHOLE = answer(BODY)
HEAD = WHOLE[: -len(BODY)]
DEADLINE_SECONDS = 0.6


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module", params=["plain", "tls"])
def side(request: pytest.FixtureRequest, authority: Authority) -> Side:
    return Side(authority if request.param == "tls" else None)


SLOW: dict[str, Script] = {
    "silence": [stall()],
    "silence in the headers": [HEAD[:20], stall()],
    "silence before the body": [HEAD, stall()],
    "silence in the body": [WHOLE[:-1], stall()],
    "headers drop by drop": [drip(HEAD + 1000 * b"x")],
    "endless headers drop by drop": [b"HTTP/1.1 200 OK\r\n", drip(100 * b"X-Heron: meadow\r\n")],
    "a body drop by drop": [HEAD, drip(BODY)],
    "a refusal drop by drop": [answer(b"", "403 No", Content_Length="999"), drip(999 * b"x")],
    "an error drop by drop": [answer(b"", "500 Error", Content_Length="999"), drip(999 * b"x")],
}


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
def test_a_slow_source_is_cut_off_at_the_deadline(side: Side, script: Script) -> None:
    started = time.monotonic()
    with side.serve(script) as server:
        with pytest.raises(SourceUnavailable):
            side.fetch(server, seconds=DEADLINE_SECONDS)
        took = time.monotonic() - started

    assert DEADLINE_SECONDS <= took < DEADLINE_SECONDS + 3


def test_a_deadline_that_is_over_already_moves_no_byte(side: Side) -> None:
    with side.serve([HEAD, drip(BODY)]) as server, pytest.raises(SourceUnavailable):
        side.fetch(server, seconds=-1)


def test_a_tls_handshake_that_never_ends_is_cut_off(authority: Authority) -> None:
    source = S3Source(authority.client_context())
    with socket.create_server(("127.0.0.1", 0)) as mute:
        origin = f"https://127.0.0.1:{mute.getsockname()[1]}"
        started = time.monotonic()

        with pytest.raises(SourceUnavailable):
            source.open(url_at(origin), None, 0, started + DEADLINE_SECONDS)

        assert time.monotonic() - started < DEADLINE_SECONDS + 3


@pytest.mark.parametrize("script", [[stall()], [drip(HEAD)]], ids=["silence", "drop by drop"])
def test_headers_must_come_sooner_than_the_deadline(side: Side, script: Script) -> None:
    limited = Side(side.authority, header_seconds=0.3)
    started = time.monotonic()
    with limited.serve(script) as server:
        with pytest.raises(SourceUnavailable):
            limited.fetch(server, seconds=60)
        took = time.monotonic() - started

    assert took < 5


def test_the_time_for_the_headers_does_not_limit_the_body(side: Side) -> None:
    limited = Side(side.authority, header_seconds=0.5)
    with limited.serve([answer(20 * b"x")[:-20], drip(20 * b"x")]) as server:
        assert limited.fetch(server) == 20 * b"x"


def test_silence_is_not_borne_until_the_deadline(side: Side) -> None:
    impatient = Side(side.authority, idle_seconds=0.2)
    started = time.monotonic()
    with impatient.serve([WHOLE[:-1], stall()]) as server:
        with pytest.raises(SourceUnavailable):
            impatient.fetch(server, seconds=60)
        took = time.monotonic() - started

    assert took < 5


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
def test_a_slow_source_is_cut_off_when_the_process_ends(side: Side, script: Script) -> None:
    """The end is not known when the source is opened: it comes near while one reads."""
    ends = [math.inf]
    ending = Side(side.authority, ends=lambda: ends[0])
    with ending.serve(script) as server:
        drain = threading.Timer(0.3, lambda: ends.insert(0, time.monotonic() + 0.2))
        started = time.monotonic()
        drain.start()

        with pytest.raises(SourceUnavailable):
            ending.fetch(server, seconds=60)

        took = time.monotonic() - started
        drain.join()
    assert 0.5 <= took < 3.5
