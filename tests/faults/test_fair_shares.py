"""One sender's slow or wrong objects cost nobody else a place, and nobody much traffic."""

import hashlib
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.faults.places import DirectoryPlace
from tests.faults.rig import (
    API_KEY,
    BUCKET,
    KEY,
    NARROW_KEY,
    Answer,
    Rig,
    body_of,
    running,
    wait_until,
)
from tests.servers.raw import Script, answer, drip
from tests.servers.scripted_s3 import Fault, ScriptedS3, cut, dripping, silent
from tests.unit.transfer.urls import query
from transfer.admission import GRACE_SECONDS
from transfer.source_wait import MinimumPace

PACE = MinimumPace(seconds=0.6, bytes=2048)
MARGIN_SECONDS = 3.0
PATIENT_PACE = MinimumPace(seconds=20)
PLACES = 2
BODY, SMALL = body_of(5000), body_of(1000)


def dripping_head(head: bytes, body: bytes) -> Script:
    return [drip(head), body]


def dripping_error(head: bytes, body: bytes) -> Script:
    return [answer(b"", "403 Forbidden", Content_Length="999"), drip(999 * b"x")]


def endless_interim_answers(head: bytes, body: bytes) -> Script:
    return [drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 40)]


MANY = 50
SLOW: dict[str, list[Fault]] = {
    "body": [dripping(0)] * MANY,
    "body after much of it": [dripping(3000), *[dripping(0)] * MANY],
    "head": [dripping_head] * MANY,
    "interim answers": [endless_interim_answers] * MANY,
    "silence": [silent] * MANY,
    "some bytes per connection": [cut(1)] * MANY,
}


@pytest.fixture
def place(tmp_path: Path) -> DirectoryPlace:
    return DirectoryPlace(tmp_path)


@pytest.mark.parametrize("faults", SLOW.values(), ids=SLOW)
def test_a_message_ends_soon_whose_source_is_below_the_minimum_pace(
    place: DirectoryPlace, s3: ScriptedS3, faults: list[Fault]
) -> None:
    with running(place, s3, source_pace=PACE, MAX_TRANSFERS="1") as rig:
        s3.put(KEY, BODY)
        s3.faults = list(faults)

        refusal = rig.send()

        assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
        assert refusal.seconds < PACE.seconds + MARGIN_SECONDS
        rig.assert_nothing_happened()
        assert rig.admission.transfers == 0
        s3.faults = []
        rig.assert_heals(BODY)


def test_an_empty_object_whose_answer_does_not_come_ends_soon(
    place: DirectoryPlace, s3: ScriptedS3
) -> None:
    with running(place, s3, source_pace=PACE) as rig:
        s3.put(KEY, b"")
        s3.faults = [dripping_head] * MANY

        refusal = rig.send()

        assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
        assert refusal.seconds < PACE.seconds + MARGIN_SECONDS


def test_an_error_whose_body_does_not_come_ends_soon(place: DirectoryPlace, s3: ScriptedS3) -> None:
    with running(place, s3, source_pace=PACE) as rig:
        s3.put(KEY, BODY)
        s3.faults = [dripping_error]

        refusal = rig.send()

        # Without all of its body it is not known which error it is.
        assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
        assert refusal.seconds < PACE.seconds + MARGIN_SECONDS


def test_a_slow_source_above_the_minimum_pace_lands(place: DirectoryPlace, s3: ScriptedS3) -> None:
    """Though a block takes longer than the time in which something must come."""

    def slow(head: bytes, body: bytes) -> Script:
        def step(connection: socket.socket) -> None:
            for at in range(0, len(body), 4096):
                connection.sendall(body[at : at + 4096])
                time.sleep(0.06)

        return [head, step]

    body = body_of(100_000)
    with running(place, s3, source_pace=PACE, interruptions=20) as rig:
        s3.put(KEY, body)
        s3.faults = [slow] * MANY

        assert rig.send().outcome == (200, "landed")

        rig.assert_landed(body)


class Town:
    """A service with few places: `wide` sends slow objects, `narrow` small ones."""

    def __init__(self, rig: Rig, sending: ThreadPoolExecutor) -> None:
        self.rig = rig
        self._sending = sending

    def send_slow(self, number: int) -> "Future[Answer]":
        return self._sending.submit(self._send, BUCKET, f"slow-{number}", API_KEY)

    def send_small(self) -> Answer:
        return self._send("other", "small", NARROW_KEY)

    def _send(self, bucket: str, key: str, api_key: str) -> Answer:
        held = self.rig.s3.objects[key]
        url = f"{self.rig.s3.origin}/{bucket}/{quote(key)}?{query()}"
        fields = {"Bucket": bucket, "ObjectKey": key, "PresignedUrl": url, "ETag": held.etag}
        body = json.dumps({"inputMessage": fields}).encode()
        return self.rig.send(body, x_api_key=api_key)


class SlowS3(ScriptedS3):
    """What is called slow comes byte by byte."""

    def script_for(self, head: bytes, script: Script) -> Script:
        good = super().script_for(head, script)
        if b"/slow-" not in head:
            return good
        return [good[0], BODY[:100], drip(BODY[100:])]


def _late() -> float:
    """A clock by which the time to drain is over at once."""
    return time.monotonic() - GRACE_SECONDS


@pytest.fixture
def town(place: DirectoryPlace) -> Iterator[Town]:
    with ExitStack() as stack:
        s3 = stack.enter_context(SlowS3())
        for number in range(8):
            s3.put(f"slow-{number}", BODY, etag=hashlib.md5(str(number).encode()).hexdigest())
        s3.put("small", SMALL)
        sending = stack.enter_context(ThreadPoolExecutor(8))
        rig = stack.enter_context(
            running(place, s3, clock=_late, source_pace=PATIENT_PACE, MAX_TRANSFERS=str(PLACES))
        )
        yield Town(rig, sending)
        rig.admission.drain()


def test_slow_objects_of_one_key_do_not_keep_the_others_out(town: Town) -> None:
    """Each would take 250 s, and one must make room."""
    admission, place = town.rig.admission, town.rig.place
    slow = [town.send_slow(number) for number in range(PLACES)]
    wait_until(lambda: admission.transfers == PLACES)
    time.sleep(1.1)  # what began just now is not ended

    small = town.send_small()

    assert small.outcome == (200, "landed")
    assert small.seconds < 2
    wait_until(lambda: any(sent.done() for sent in slow))
    ended = [sent.result() for sent in slow if sent.done()]
    assert [answer.outcome for answer in ended] == [(503, "OVERLOADED")]
    assert ended[0].retry_after
    assert place.leftovers() == PLACES - 1  # the upload of the one that goes on
    assert place.read("other/small") == SMALL


def test_a_key_with_its_share_is_refused_at_once(town: Town) -> None:
    admission = town.rig.admission
    for number in range(PLACES):
        town.send_slow(number)
    wait_until(lambda: admission.transfers == PLACES)

    refusal = town.send_slow(PLACES).result()

    assert refusal.outcome == (503, "OVERLOADED")
    assert refusal.seconds < 1


def test_an_object_that_contradicts_its_message_again_is_not_fetched_for_a_while(
    place: DirectoryPlace, s3: ScriptedS3
) -> None:
    with running(place, s3) as rig:
        s3.put(KEY, BODY)
        lie = rig.message(ChecksumSHA256="A" * 43 + "=")
        answers = [rig.send(lie) for _ in range(5)]

        assert [answer.outcome for answer in answers] == [(503, "SOURCE_CORRUPT")] * 5
        assert len(s3.asked) == 2
        assert answers[0].retry_after == 5
        assert [answer.retry_after in (29, 30) for answer in answers[1:]] == [True] * 4
        rig.assert_nothing_happened()
