"""What the source leaves behind: no signature in any error or log, no socket, no thread."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.s3_source import S3Source
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, Script, answer, reset, stall
from tests.unit.transfer.urls import ACCESS_KEY, BUCKET, KEY, PATH, SIGNATURE, query
from transfer.errors import LandfallError, SourceChanged
from transfer.presigned_url import PresignedUrl, parse_presigned_url

TOKEN = "canary-token-90bc"
SECRETS = (SIGNATURE, TOKEN, ACCESS_KEY, "X-Amz-")
BODY = 100_000 * b"heron"
FDS = Path("/proc/self/fd")
ECHO = f"<Error><Code>AccessDenied</Code><Message>{SIGNATURE}</Message></Error>".encode()

OUTCOMES: dict[str, Script] = {
    "success": [answer(BODY)],
    "no answer": [],
    "a reset": [reset()],
    "a cut in the body": [answer(BODY)[:-1]],
    "a reset in the body": [answer(BODY)[:-9], reset()],
    "silence": [stall()],
    "silence in the body": [answer(BODY)[:-1], stall()],
    "no HTTP": [b"SSH-2.0-OpenSSH_9.9\r\n\r\n"],
    "a header that is none": [answer(BODY).replace(b"\r\nETag", b"\r\nno header\r\nETag")],
    "headers without end": [b"HTTP/1.1 200 OK\r\n" + 200 * b"X-Heron: meadow\r\n"],
    "two lengths": [answer(BODY, Content_length="7")],
    "no ETag": [answer(BODY, ETag=None)],
    "no length": [answer(BODY, Content_Length=None)],
    "a part that was not asked for": [answer(BODY, "206 Partial Content")],
    "a redirect to itself": [answer(b"", "307 Here", Location=f"/?{query()}")],
    "an error that repeats the URL": [answer(ECHO, "403 Forbidden")],
    "an error of its own": [answer(ECHO, "503 Slow Down")],
}


def url_on(origin: str) -> PresignedUrl:
    text = f"{origin}/{BUCKET}{PATH}?{query(X_Amz_Security_Token=TOKEN)}"
    return parse_presigned_url(text, BUCKET, KEY, None, {origin})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["plain", "tls"])
def side(request: pytest.FixtureRequest, authority: Authority) -> tuple[S3Source, Authority | None]:
    tls = authority if request.param == "tls" else None
    return S3Source(tls.client_context() if tls else None), tls


def failure_of(source: S3Source, origin: str, seconds: float = 0.4) -> Exception | None:
    """Read all there is; return the failure, which keeps its frames alive."""
    try:
        with source.open(url_on(origin), None, 0, time.monotonic() + seconds) as opened:
            while opened.read(64 * 1024):
                pass
    except (LandfallError, SourceChanged) as error:
        return error
    return None


def shown(error: BaseException) -> Iterator[str]:
    """All texts of an exception and of those that it hangs on to."""
    yield f"{error} {error!r} {error.args!r} {vars(error)!r}"
    for related in (error.__cause__, error.__context__):
        if related is not None:
            yield from shown(related)


@pytest.mark.parametrize("script", OUTCOMES.values(), ids=OUTCOMES)
def test_no_error_and_no_log_shows_the_signature(
    side: tuple[S3Source, Authority | None], script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    source, authority = side
    caplog.set_level(logging.DEBUG)
    tls = authority.server_context() if authority else None

    with RawServer(script, tls=tls) as server:
        error = failure_of(source, server.origin)

    assert_nothing_shown(error, caplog)


def test_no_error_of_a_connection_shows_the_signature(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    unreachable = failure_of(S3Source(), f"http://127.0.0.1:{port}")
    with RawServer([answer(BODY)], tls=authority.server_context("other.example")) as server:
        untrusted = failure_of(S3Source(), server.origin)
        misnamed = failure_of(S3Source(authority.client_context()), server.origin)

    for error in (unreachable, untrusted, misnamed):
        assert error is not None
        assert_nothing_shown(error, caplog)


def assert_nothing_shown(error: Exception | None, caplog: pytest.LogCaptureFixture) -> None:
    texts = [caplog.text, *(f"{record.__dict__!r}" for record in caplog.records)]
    if error is not None:
        texts += shown(error)
    for text in texts:
        assert not any(secret in text for secret in SECRETS)


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether this comes true: threads and servers take a moment to end."""
    deadline = time.monotonic() + 3
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_so()


def open_files() -> int:
    return len(list(FDS.iterdir()))


def watches() -> int:
    return sum(thread.name == "cut-offs" for thread in threading.enumerate())


@pytest.mark.parametrize("script", OUTCOMES.values(), ids=OUTCOMES)
def test_no_socket_and_no_watch_outlives_a_transfer(
    side: tuple[S3Source, Authority | None], script: Script
) -> None:
    """Nor does the source outlive its test; what it keeps for the next object goes with it."""
    source, authority = side
    tls = authority.server_context() if authority else None
    with RawServer(script, tls=tls) as server:
        before = open_files()

        failures = [failure_of(source, server.origin) for _ in range(2)]

        kept = 4 if failures == [None, None] else 0  # two connections, and what cuts them
        assert soon(lambda: open_files() <= before + kept)
        assert soon(lambda: watches() == 0)
    assert len(failures) == 2


def test_a_connection_that_s3_ends_with_its_answer_is_not_kept(
    side: tuple[S3Source, Authority | None],
) -> None:
    source, authority = side
    tls = authority.server_context() if authority else None
    with RawServer([answer(BODY, Connection="close")], tls=tls) as server:
        before = open_files()

        assert failure_of(source, server.origin) is None

        assert soon(lambda: open_files() <= before)


def test_an_object_may_be_closed_early_and_twice(
    side: tuple[S3Source, Authority | None],
) -> None:
    source, authority = side
    tls = authority.server_context() if authority else None
    with RawServer([answer(BODY)], tls=tls) as server:
        before = open_files()
        opened = source.open(url_on(server.origin), None, 0, time.monotonic() + 10)
        opened.read(5)

        opened.close()
        opened.close()

        assert soon(lambda: open_files() <= before)
        assert soon(lambda: watches() == 0)
