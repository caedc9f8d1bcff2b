"""Ranges of an object: exactly those that were asked for, of exactly the object that was."""

import threading
import time
from collections.abc import Iterator

import pytest

from adapters.s3_source import S3Source
from tests.contract.source_side import url_at
from tests.servers.raw import RawServer, answer, drip, stall
from tests.servers.scripted_s3 import ScriptedS3
from tests.unit.transfer.urls import KEY
from transfer.errors import SourceChanged, SourceCorrupt, SourceUnavailable
from transfer.source import SourceObject

BODY = bytes(range(256)) * 40


@pytest.fixture
def s3() -> Iterator[ScriptedS3]:
    with ScriptedS3() as s3:
        s3.put(KEY, BODY)
        yield s3


def open_range(server: RawServer, etag: str, start: int, end: int) -> SourceObject:
    deadline = time.monotonic() + 10
    return S3Source().open_range(url_at(server.origin), etag, start, end, deadline)


@pytest.mark.parametrize(
    ("start", "end"), [(0, 1), (0, 5000), (1, 2), (5000, len(BODY)), (0, len(BODY))]
)
def test_a_range_is_exactly_what_was_asked_for(s3: ScriptedS3, start: int, end: int) -> None:
    with open_range(s3, s3.objects[KEY].etag, start, end) as opened:
        assert opened.size == len(BODY)
        assert opened.read(len(BODY)) == BODY[start:end]
        assert opened.read(1) == b""

    [asked] = s3.asked
    assert (asked.start, asked.end, asked.if_match) == (start, end, s3.objects[KEY].etag)
    assert s3.headers["range"] == f"bytes={start}-{end - 1}"


def test_a_range_of_another_version_is_not_given(s3: ScriptedS3) -> None:
    with pytest.raises(SourceChanged):
        open_range(s3, "another", 0, 5)


GOOD = "bytes 2-4/9"


def part(content_range: str | None = GOOD, body: bytes = b"abc", **headers: str) -> bytes:
    return answer(body, "206 Partial Content", Content_Range=content_range, **headers)


def test_the_good_answer_of_the_tests_below_is_taken() -> None:
    with RawServer([part()]) as server, open_range(server, "etag-1", 2, 5) as opened:
        assert (opened.read(9), opened.size) == (b"abc", 9)


LIES: dict[str, bytes] = {
    "another start": part("bytes 1-4/9", b"abcd"),
    "another end": part("bytes 2-5/9", b"abcd"),
    "to the end": part("bytes 2-8/9", b"abcdefg"),
    "fewer bytes than it says": part(body=b"ab"),
    "more bytes than it says": part(body=b"abcd"),
    "no range": part(None),
    "no size": part("bytes 2-4/*"),
    "many ranges": part(None, Content_Type="multipart/byteranges; boundary=x"),
    "another unit": part("pages 2-4/9"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_any_other_range_is_refused(lie: bytes) -> None:
    with RawServer([lie]) as server, pytest.raises(SourceUnavailable):
        open_range(server, "etag-1", 2, 5)


@pytest.mark.parametrize("status", ["200 OK", "203 Non-Authoritative Information"])
def test_a_whole_object_is_no_range_even_if_that_begins_at_its_start(status: str) -> None:
    with RawServer([answer(b"abc", status)]) as server, pytest.raises(SourceCorrupt):
        open_range(server, "etag-1", 0, 3)


def test_a_range_of_another_object_is_refused() -> None:
    with RawServer([part(ETag='"another"')]) as server, pytest.raises(SourceCorrupt):
        open_range(server, "etag-1", 2, 5)


@pytest.mark.parametrize("when", ["in the headers", "in the body"])
def test_a_range_ends_when_it_is_told_to(when: str) -> None:
    head = part()[:-3]
    script = [head[:30], stall()] if when == "in the headers" else [head, drip(b"a"), stall()]
    over = threading.Event()

    def ends() -> float:
        return 0.0 if over.is_set() else float("inf")

    threading.Timer(0.1, over.set).start()
    started = time.monotonic()

    def fetch(server: RawServer) -> None:
        url = url_at(server.origin)
        with S3Source().open_range(url, "etag-1", 2, 5, started + 30, ends) as opened:
            while opened.read(3):  # what came before the end may be given
                pass

    with RawServer(script) as server, pytest.raises(SourceUnavailable):
        fetch(server)

    assert time.monotonic() - started < 5
