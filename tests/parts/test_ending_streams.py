"""Ranges end when one of them fails, when they are too slow, and when the service stops."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest

from tests.faults.places import CloudPlace
from tests.parts.rig import (
    FIRST,
    LAST,
    MIDDLE,
    RANGE,
    STARTS,
    ManyRig,
    many,
)
from tests.servers.raw import Script
from tests.servers.scripted_s3 import (
    Fault,
    ScriptedS3,
    dripping,
    error,
    says,
    silent,
    stalled,
)
from transfer.admission import GRACE_SECONDS
from transfer.source_wait import MinimumPace


def test_when_one_range_fails_the_others_end_at_once(rig: ManyRig) -> None:
    """The rest would go on for as long as their answers drip: some 1000 s."""
    rig.s3.range_faults = {start: [dripping(0)] for start in STARTS[1:]}
    rig.s3.range_faults[FIRST] = [says(error("403 Forbidden", "AccessDenied"))]

    refusal = rig.send()

    assert refusal.outcome == (422, "SOURCE_REFUSED")
    assert refusal.seconds < 5
    rig.assert_clean()
    rig.s3.range_faults.clear()
    rig.assert_heals_whole()


def test_ranges_that_are_asked_for_end_with_the_one_that_fails(
    place: CloudPlace, s3: ScriptedS3
) -> None:
    """Also before they are answered."""
    with many(place, s3, seconds=30) as rig:
        s3.range_faults = {start: [silent] * 9 for start in STARTS[1:]}
        s3.range_faults[FIRST] = [says(error("403 Forbidden", "AccessDenied"))]

        refusal = rig.send()

        assert refusal.outcome == (422, "SOURCE_REFUSED")
        assert refusal.seconds < 5


@pytest.mark.parametrize("slow", [stalled(100), dripping(100)], ids=["stalls", "drips"])
def test_slow_ranges_are_given_up_when_the_time_is_over(
    place: CloudPlace, s3: ScriptedS3, slow: Fault
) -> None:
    s3.range_faults = {start: [slow] * 9 for start in STARTS[1::2]}
    with many(place, s3, seconds=1.5) as rig:
        refusal = rig.send()

        assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
        assert refusal.seconds < 4
        rig.assert_nothing_happened()
        s3.range_faults.clear()
    with many(place, s3) as rig:
        rig.assert_heals_whole()


def test_a_range_below_the_minimum_pace_is_asked_for_anew_while_the_others_get_on(
    place: CloudPlace, s3: ScriptedS3
) -> None:
    s3.range_faults[MIDDLE] = [dripping(100)]
    with many(place, s3, source_pace=MinimumPace(seconds=0.5, bytes=RANGE)) as rig:
        assert rig.send().outcome == (200, "landed")

        assert len(rig.fetched()) == len(STARTS) + 1
        rig.assert_landed_whole()


def test_ranges_that_are_below_the_minimum_pace_together_end_the_message(
    place: CloudPlace, s3: ScriptedS3
) -> None:
    s3.range_faults = {start: [dripping(100)] * 9 for start in STARTS}
    with many(place, s3, source_pace=MinimumPace(seconds=0.5, bytes=RANGE)) as rig:
        refusal = rig.send()

        assert refusal.outcome == (503, "SOURCE_UNAVAILABLE")
        assert refusal.seconds < 4
        rig.assert_nothing_happened()
        s3.range_faults.clear()
        rig.assert_heals_whole()


def test_sigterm_ends_all_streams(place: CloudPlace, s3: ScriptedS3) -> None:
    s3.range_faults = {start: [dripping(0)] * 9 for start in STARTS[2:]}
    with (
        many(place, s3, clock=lambda: time.monotonic() - GRACE_SECONDS) as rig,
        ThreadPoolExecutor() as pool,
    ):
        sending = pool.submit(rig.send)
        while len(rig.parts()) < 2:
            time.sleep(0.01)
        started = time.monotonic()
        rig.admission.drain()  # and the grace is over

        refusal = sending.result()

        assert time.monotonic() - started < 5
        assert refusal.outcome == (503, "DRAINING")
        rig.assert_nothing_happened()
        assert len(rig.parts()) == 2  # which the next instance need not fetch
    s3.range_faults.clear()
    before = len(s3.asked)
    with many(place, s3) as rig:
        assert rig.send().outcome == (200, "landed")

        assert len(s3.asked) - before == 1 + len(STARTS) - 2
        rig.assert_landed_whole()


def test_the_answer_that_showed_the_headers_is_hung_up(rig: ManyRig) -> None:
    """It would fill buffers for nothing, for as long as the ranges take."""
    hung_up = Event()

    def until_the_end(connection: socket.socket) -> None:
        with suppress(OSError):
            while connection.recv(4096):
                pass
        hung_up.set()

    seen: list[bool] = []

    def trickle(head: bytes, body: bytes) -> Script:
        def step(connection: socket.socket) -> None:
            sent = 0
            while not hung_up.wait(0.05) and sent < 200:  # some 10 s
                connection.sendall(body[sent : sent + 1])
                sent += 1
            seen.append(hung_up.is_set())
            connection.sendall(body[sent:])

        return [head, step]

    rig.s3.faults = [lambda head, body: [head, body[:1000], until_the_end]]
    rig.s3.range_faults[LAST] = [trickle]

    assert rig.send().outcome == (200, "landed")

    assert seen == [True]
