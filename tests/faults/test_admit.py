"""There is no room for the message, too many came, or the process is about to end."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.faults.places import Place
from tests.faults.rig import KEY, LARGE, Answer, Rig, body_of, running, wait_until
from tests.servers.scripted_s3 import ScriptedS3, held, stalled
from transfer.admission import GRACE_SECONDS

BODY = body_of(LARGE)


@contextmanager
def one_transfer_running(rig: Rig) -> Iterator[tuple[Future[Answer], threading.Event]]:
    """A message whose source has stopped in mid-body until the event is set."""
    reached, release = threading.Event(), threading.Event()
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [held(LARGE // 2, reached, release)]
    with ThreadPoolExecutor() as pool:
        try:
            sending = pool.submit(rig.send)
            assert reached.wait(10)
            yield sending, release
        finally:
            release.set()


@pytest.mark.row("6")
def test_a_message_too_many_is_turned_away_at_once(place: Place, s3: ScriptedS3) -> None:
    with running(place, s3, MAX_TRANSFERS="1", seconds=20) as rig:
        with one_transfer_running(rig) as (sending, release):
            refusals = [rig.send() for _ in range(5)]
            release.set()

            assert {refusal.outcome for refusal in refusals} == {(503, "OVERLOADED")}
            assert all(refusal.retry_after for refusal in refusals)
            assert sorted(refusal.seconds for refusal in refusals)[2] < 0.05
            assert sending.result().outcome == (200, "landed")
        assert len(s3.asked) == 1
        rig.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("6")
def test_a_key_that_sends_too_often_is_told_when_to_come_back(place: Place, s3: ScriptedS3) -> None:
    s3.put(KEY, BODY)
    with running(place, s3, MAX_MESSAGES_PER_MINUTE="1") as rig:
        assert rig.send().outcome == (200, "landed")

        refusal = rig.send()

        assert refusal.outcome == (429, "RATE_LIMITED")
        assert refusal.retry_after is not None
        assert 1 <= refusal.retry_after <= 61
        rig.assert_landed(BODY)


@pytest.mark.row("7")
def test_a_process_about_to_end_takes_no_message(place: Place, s3: ScriptedS3) -> None:
    s3.put(KEY, BODY)
    with running(place, s3) as rig:
        rig.admission.drain()

        refusal = rig.send()

        assert refusal.outcome == (503, "DRAINING")
        assert refusal.retry_after == 1
        assert refusal.seconds < 1
        rig.assert_nothing_happened()
        assert s3.asked == []
    with running(place, s3) as another:
        another.assert_heals(BODY)


def ending_soon() -> float:
    """A clock by which the grace of a process that drains is over in half a second."""
    return time.monotonic() - GRACE_SECONDS + 0.5


@pytest.mark.row("42")
def test_a_transfer_that_cannot_end_in_time_is_given_up_cleanly(
    place: Place, s3: ScriptedS3
) -> None:
    s3.put(KEY, BODY)
    s3.faults = [stalled(LARGE // 2)] * 9
    with running(place, s3, clock=ending_soon) as rig, ThreadPoolExecutor() as pool:
        sending = pool.submit(rig.send)
        wait_until(lambda: s3.asked)
        rig.admission.drain()

        given_up = sending.result(10)

        assert given_up.outcome == (503, "DRAINING")
        assert given_up.seconds < 3
        rig.assert_nothing_happened()
    s3.faults = []
    with running(place, s3) as another:
        another.assert_heals(BODY)


@pytest.mark.row("42")
def test_a_transfer_that_can_end_in_time_does(place: Place, s3: ScriptedS3) -> None:
    with running(place, s3) as rig:
        with one_transfer_running(rig) as (sending, release):
            rig.admission.drain()
            release.set()

            assert sending.result().outcome == (200, "landed")
        rig.assert_landed(BODY)
