"""Step 6: the source breaks off in mid-body, dawdles, or lies."""

import base64
import gzip
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.faults.places import Place
from tests.faults.rig import HASTY_SECONDS, KEY, LARGE, NAME, Rig, body_of, running
from tests.servers.raw import answer
from tests.servers.scripted_s3 import (
    Asked,
    Fault,
    ScriptedS3,
    changed,
    cut,
    dripping,
    error,
    flipped,
    held,
    reset_after,
    says,
    stalled,
    with_surplus,
)
from transfer.reading import BLOCK
from transfer.store import STEP

BODY = body_of(LARGE)
NEWER = body_of(LARGE + 1, seed=1)
ETAG = hashlib.md5(BODY).hexdigest()
OFFSETS = [0, 1, STEP - 1, STEP, STEP + 1, 2 * STEP + 7, 3 * STEP, LARGE - 1]
BREAKS = {"cut": cut, "reset": reset_after}
DIGESTS = {
    "ChecksumSHA256": base64.b64encode(hashlib.sha256(BODY).digest()).decode(),
    "ChecksumSHA1": base64.b64encode(hashlib.sha1(BODY).digest()).decode(),
}


@pytest.mark.row("22")
@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("breaks", BREAKS)
def test_a_source_that_breaks_off_is_asked_for_the_rest_of_the_same_bytes(
    rig: Rig, breaks: str, offset: int
) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [BREAKS[breaks](offset)]

    landed = rig.send(rig.message(**DIGESTS))

    assert landed.outcome == (200, "landed")
    assert {"size", "sha1", "sha256"} <= set(landed.json["verified"])
    first, second = rig.s3.asked
    assert first == Asked(0, ETAG)
    assert second.if_match == ETAG
    assert second.start <= offset  # after a reset, what had arrived may be lost
    if breaks == "cut":
        assert second.start == offset
    rig.assert_landed(BODY)


@pytest.mark.row("22")
@pytest.mark.parametrize("offset", [0, STEP + 1, LARGE - 1])
def test_a_source_that_stalls_is_asked_for_the_rest(hasty: Rig, offset: int) -> None:
    hasty.s3.put(KEY, BODY)
    hasty.s3.faults = [stalled(offset)]

    landed = hasty.send()

    assert landed.outcome == (200, "landed")
    assert landed.seconds < HASTY_SECONDS + 3
    assert hasty.s3.asked[1].if_match == ETAG
    assert offset - BLOCK < hasty.s3.asked[1].start <= offset  # a block comes whole or not at all
    hasty.assert_landed(BODY)


@pytest.mark.row("22")
def test_three_interruptions_without_progress_are_borne(hasty: Rig) -> None:
    hasty.s3.put(KEY, BODY)
    hasty.s3.faults = [cut(STEP), stalled(STEP), reset_after(0)]

    assert hasty.send().outcome == (200, "landed")

    assert [asked.start for asked in hasty.s3.asked] == [0, STEP, 2 * STEP, 2 * STEP]
    hasty.assert_landed(BODY)


@pytest.mark.row("22")
@pytest.mark.parametrize("breaks", BREAKS)
@pytest.mark.parametrize("offset", [0, 1, 1000])
def test_the_fourth_interruption_without_progress_is_one_too_many(
    rig: Rig, breaks: str, offset: int
) -> None:
    body = body_of(5 * STEP)
    rig.s3.put(KEY, body)
    rig.s3.faults = [BREAKS[breaks](offset)] * 4

    refusal = rig.send()

    assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
    assert refusal.retry_after
    assert len(rig.s3.asked) == 4
    rig.assert_nothing_happened()
    rig.assert_heals(body)


REST = BODY[STEP:]
PART = f"bytes {STEP}-{LARGE - 1}/{LARGE}"
WRONG_RESTS: dict[str, tuple[Fault, int, str]] = {
    "the whole again": (says(answer(BODY, ETag=f'"{ETAG}"')), 503, "SOURCE_CORRUPT"),
    "another part": (
        changed(Content_Range=PART.replace(str(STEP), str(STEP + 1))),
        503,
        "SOURCE_UNAVAILABLE",
    ),
    "a part of something larger": (
        changed(Content_Range=f"bytes {STEP}-{LARGE - 1}/{LARGE + 1}"),
        503,
        "SOURCE_UNAVAILABLE",
    ),
    "no word which part": (changed(Content_Range=None), 503, "SOURCE_UNAVAILABLE"),
    "a part of another object": (changed(ETag='"another"'), 503, "SOURCE_CORRUPT"),
    "a part of who knows what": (changed(ETag=None), 503, "SOURCE_CORRUPT"),
    "416": (says(error("416 Range Not Satisfiable", "InvalidRange")), 503, "SOURCE_CORRUPT"),
    "expired by now": (
        says(error("403 Forbidden", "AccessDenied", "Request has expired")),
        503,
        "URL_EXPIRED",
    ),
    "forbidden by now": (says(error("403 Forbidden", "AccessDenied")), 422, "SOURCE_REFUSED"),
    "gone by now": (says(error("404 Not Found", "NoSuchKey")), 410, "SOURCE_GONE"),
    "busy again and again": (
        says(error("503 Slow Down", "SlowDown", Retry_After="9")),
        503,
        "SOURCE_UNAVAILABLE",
    ),
}


@pytest.mark.row("22")
@pytest.mark.parametrize(("fault", "status", "reason"), WRONG_RESTS.values(), ids=WRONG_RESTS)
def test_a_rest_that_is_not_the_rest_is_not_taken(
    rig: Rig, fault: Fault, status: int, reason: str
) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [cut(STEP), *[fault] * 3]

    refusal = rig.send()

    assert refusal.outcome == (status, reason)
    rig.assert_nothing_happened()
    rig.s3.faults = []
    rig.assert_heals(BODY)


@pytest.mark.row("22")
def test_a_source_that_has_changed_when_it_is_asked_for_the_rest_is_superseded(rig: Rig) -> None:
    rig.s3.put(KEY, BODY)
    message = rig.message()

    def change(head: bytes, body: bytes) -> list[bytes]:
        rig.s3.put(KEY, NEWER)
        return [head, body[:STEP]]

    rig.s3.faults = [change]

    assert rig.send(message).outcome == (200, "superseded")

    rig.assert_nothing_happened()
    rig.assert_heals(NEWER)


@pytest.mark.row("23")
@pytest.mark.parametrize("surplus", [b"x", b"x" * STEP], ids=["a byte", "a chunk"])
def test_what_comes_beyond_the_end_is_never_read(rig: Rig, body: bytes, surplus: bytes) -> None:
    rig.s3.put(KEY, body)
    rig.s3.faults = [with_surplus(surplus)]

    assert rig.send().outcome == (200, "landed")

    rig.assert_landed(body)
    assert len(rig.s3.asked) == rig.s3.connections == 1


@pytest.mark.row("24")
@pytest.mark.parametrize("where", ["first", "middle", "last"])
@pytest.mark.parametrize("size", [1, STEP, LARGE], ids=["one byte", "one chunk", "large"])
def test_wrong_bytes_of_the_right_length_never_land(rig: Rig, size: int, where: str) -> None:
    body = body_of(size)
    rig.s3.put(KEY, body)
    rig.s3.faults = [flipped({"first": 0, "middle": size // 2, "last": size - 1}[where])]

    refusal = rig.send()

    assert refusal.outcome == (503, "SOURCE_CORRUPT")
    assert refusal.retry_after
    rig.assert_nothing_happened()
    rig.assert_heals(body)


@pytest.mark.row("24")
def test_bytes_that_only_a_checksum_can_tell_from_the_right_ones_never_land(rig: Rig) -> None:
    """Under KMS the ETag is no MD5."""
    rig.s3.put(KEY, BODY, etag="e" * 32, x_amz_server_side_encryption="aws:kms")
    message = rig.message(**DIGESTS)
    rig.s3.faults = [flipped(LARGE - 1)]

    assert rig.send(message).outcome == (503, "SOURCE_CORRUPT")

    rig.assert_nothing_happened()
    rig.assert_heals(BODY, message)


@pytest.mark.row("24")
def test_the_former_object_stays_when_wrong_bytes_come(rig: Rig) -> None:
    rig.s3.put(KEY, BODY)
    rig.send()
    rig.s3.put(KEY, NEWER)
    rig.s3.faults = [flipped(LARGE)]

    assert rig.send().outcome == (503, "SOURCE_CORRUPT")

    assert rig.place.read(NAME) == BODY
    assert rig.place.leftovers() == 0
    assert len(rig.place.heard()) == 1
    rig.assert_heals(NEWER)


@pytest.mark.row("25")
@pytest.mark.parametrize("slow", [stalled, dripping], ids=["stalls", "drips"])
@pytest.mark.parametrize("offset", [0, 2 * STEP])
def test_a_slow_source_is_given_up_when_the_time_is_over(
    place: Place, s3: ScriptedS3, slow: Callable[[int], Fault], offset: int
) -> None:
    s3.put(KEY, BODY)
    s3.faults = [slow(offset), *[slow(0)] * 9]
    with running(place, s3, seconds=1.2, idle_seconds=HASTY_SECONDS) as rig:
        refusal = rig.send()

        assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
        assert refusal.seconds < 3
        rig.assert_nothing_happened()
        s3.faults = []
        rig.assert_heals(BODY)


@pytest.mark.row("26")
@pytest.mark.row("32")
def test_a_source_overwritten_meanwhile_ends_with_the_newer_bytes(rig: Rig) -> None:
    reached, release = Event(), Event()
    rig.s3.put(KEY, BODY)
    older = rig.message()
    rig.s3.faults = [held(2 * STEP, reached, release)]
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(rig.send, older)
        assert reached.wait(10)
        rig.s3.put(KEY, NEWER)
        assert rig.send().outcome == (200, "landed")
        release.set()

        assert sending.result().outcome == (200, "superseded")

    rig.assert_landed(NEWER)
    assert len(rig.place.heard()) == 1


@pytest.mark.row("27")
def test_compressed_bytes_land_as_they_are(rig: Rig) -> None:
    body = gzip.compress(BODY, mtime=0)
    rig.s3.put(KEY, body, Content_Encoding="gzip")

    rig.assert_heals(body)


def test_the_bytes_between_two_tries_are_no_wait(hasty: Rig) -> None:
    """A slow but steady source is not an idle one."""
    hasty.s3.put(KEY, b"steady" * 5)
    hasty.s3.faults = [dripping(0)]
    started = time.monotonic()

    assert hasty.send().outcome == (200, "landed")

    assert time.monotonic() - started > HASTY_SECONDS
    assert len(hasty.s3.asked) == 1
