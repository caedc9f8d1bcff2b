"""A range breaks off, stalls, lies, or is no longer what it was; the others are whole."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.faults.rig import KEY
from tests.parts.rig import BODY, FIRST, LAST, MIDDLE, NEWER, RANGE, STARTS, ManyRig, multipart_etag
from tests.servers.raw import answer
from tests.servers.scripted_s3 import (
    Fault,
    changed,
    cut,
    error,
    flipped,
    held,
    reset_after,
    reset_at_once,
    says,
    silent,
    stalled,
)

PLACES = pytest.mark.parametrize("start", [FIRST, MIDDLE, LAST], ids=["first", "middle", "last"])
BROKEN: dict[str, Fault] = {
    "no answer": reset_at_once,
    "silence": silent,
    "a cut before the first byte": cut(0),
    "a cut": cut(500),
    "a reset": reset_after(500),
    "a stall": stalled(500),
}
REDIRECTS = says(error("307 Temporary Redirect", "TemporaryRedirect"))


@PLACES
@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN)
def test_a_range_that_breaks_off_is_gone_on_with(rig: ManyRig, start: int, fault: Fault) -> None:
    rig.s3.range_faults[start] = [fault]

    assert rig.send().outcome == (200, "landed")

    end = min(start + RANGE, len(BODY))
    again = [asked for asked in rig.fetched() if start <= asked.start < end][1:]
    assert len(again) == 1
    assert again[0].end == end
    assert again[0].if_match == rig.s3.objects[KEY].etag
    assert len(rig.fetched()) == len(STARTS) + 1  # no other range was fetched again
    rig.assert_landed_whole()


def test_each_range_may_break_off_as_often_as_one_stream_may(rig: ManyRig) -> None:
    """What befalls a network befalls all of its connections at once."""
    rig.s3.range_faults = {start: [cut(0)] * 3 for start in STARTS}

    assert rig.send().outcome == (200, "landed")

    rig.assert_landed_whole()


@PLACES
@pytest.mark.parametrize(
    "faults", [[cut(0)] * 4, [REDIRECTS] * 3 + [cut(0)]], ids=["cuts", "redirects and a cut"]
)
def test_the_fourth_time_the_message_fails_and_the_retry_fetches_what_is_missing(
    rig: ManyRig, start: int, faults: list[Fault]
) -> None:
    rig.s3.range_faults[start] = list(faults)

    refusal = rig.send()

    assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
    assert refusal.retry_after
    rig.assert_nothing_happened()  # finished ranges apart, which nobody is told of
    there = rig.parts()
    assert len(there) < len(STARTS)
    before = len(rig.fetched())
    assert rig.send().outcome == (200, "landed")
    assert len(rig.fetched()) - before == len(STARTS) - len(there)
    rig.assert_landed_whole()


@PLACES
@pytest.mark.parametrize("proof", ["a checksum", "a multipart ETag"])
def test_wrong_bytes_in_one_range_never_land(rig: ManyRig, start: int, proof: str) -> None:
    if proof == "a multipart ETag":
        rig.s3.put(KEY, BODY, etag=multipart_etag(BODY, RANGE))
        rig.digests = lambda _: {"PartSize": RANGE}
    rig.s3.range_faults[start] = [flipped(7)]

    refusal = rig.send()

    assert refusal.outcome == (503, "SOURCE_CORRUPT")
    rig.assert_clean()  # no wrong range waits for the retry
    rig.assert_heals_whole()


@PLACES
def test_a_range_of_something_newer_is_superseded(rig: ManyRig, start: int) -> None:
    message = rig.message()
    rig.s3.range_faults[start] = [says(error("412 Precondition Failed", "PreconditionFailed"))]

    assert rig.send(message).outcome == (200, "superseded")

    rig.assert_clean()


def test_a_source_overwritten_between_two_ranges_ends_with_the_newer_bytes(
    rig: ManyRig,
) -> None:
    reached, release = Event(), Event()
    older = rig.message()
    rig.s3.range_faults[FIRST] = [held(1000, reached, release)]
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(rig.send, older)
        assert reached.wait(10)
        rig.s3.put(KEY, NEWER)
        assert rig.send().outcome == (200, "landed")
        release.set()

        assert sending.result().outcome == (200, "superseded")

    rig.assert_landed_whole(NEWER)
    assert len(rig.place.heard()) == 1


WHOLE, PART = len(BODY), f"bytes {MIDDLE}-{MIDDLE + RANGE - 1}/{len(BODY)}"
LIES: dict[str, tuple[Fault, int, str]] = {
    "the whole": (says(answer(BODY)), 503, "SOURCE_CORRUPT"),
    "all the rest": (
        changed(Content_Range=f"bytes {MIDDLE}-{WHOLE - 1}/{WHOLE}"),
        503,
        "SOURCE_UNAVAILABLE",
    ),
    "another range": (changed(Content_Range=PART.replace("/", "0/")), 503, "SOURCE_UNAVAILABLE"),
    "a range of something else": (
        changed(Content_Range=f"{PART}0"),
        503,
        "SOURCE_CORRUPT",
    ),
    "no word which range": (changed(Content_Range=None), 503, "SOURCE_UNAVAILABLE"),
    "another object's range": (changed(ETag='"another"'), 503, "SOURCE_CORRUPT"),
    "less than it says": (changed(Content_Length="7"), 503, "SOURCE_UNAVAILABLE"),
    "416": (says(error("416 Range Not Satisfiable", "InvalidRange")), 503, "SOURCE_CORRUPT"),
    "gone": (says(error("404 Not Found", "NoSuchKey")), 410, "SOURCE_GONE"),
    "busy": (says(error("503 Slow Down", "SlowDown")), 503, "SOURCE_UNAVAILABLE"),
}


@pytest.mark.parametrize(("fault", "status", "reason"), LIES.values(), ids=LIES)
def test_what_is_not_the_range_is_not_taken(
    rig: ManyRig, fault: Fault, status: int, reason: str
) -> None:
    rig.s3.range_faults[MIDDLE] = [fault] * 4

    assert rig.send().outcome == (status, reason)

    rig.assert_nothing_happened()
    rig.s3.range_faults.clear()
    rig.assert_heals_whole()


def test_a_url_that_expires_between_two_ranges_is_gone_on_with_by_a_fresh_one(
    rig: ManyRig,
) -> None:
    expired = says(error("403 Forbidden", "AccessDenied", "Request has expired"))
    rig.s3.range_faults[LAST] = [expired]

    assert rig.send().outcome == (503, "URL_EXPIRED")

    there, before = rig.parts(), len(rig.fetched())
    assert there
    assert rig.send().outcome == (200, "landed")
    assert len(rig.fetched()) - before == len(STARTS) - len(there)
    rig.assert_landed_whole()
