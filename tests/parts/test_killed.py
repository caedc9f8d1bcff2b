"""kill -9 between two ranges: the next worker fetches only what is missing."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from threading import Event

import pytest

from tests.faults.places import CloudPlace
from tests.faults.rig import KEY, SETTINGS, body_of
from tests.parts.rig import ManyRig
from tests.servers.raw import Script
from tests.servers.scripted_s3 import ScriptedS3, held
from tests.system.service import serving
from transfer.admission import Admission
from transfer.ranges import MIN_RANGE_BYTES

BODY = body_of(3 * MIN_RANGE_BYTES + 1)
LAST = 2 * MIN_RANGE_BYTES
SECONDS = 30


def wait_until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def slow_to_begin(head: bytes, body: bytes) -> Script:
    return [lambda _: time.sleep(0.3), head, body]


def test_a_worker_killed_between_two_ranges_leaves_the_finished_ones_to_the_next(
    place: CloudPlace, s3: ScriptedS3, tmp_path: Path
) -> None:
    reached, release = Event(), Event()
    s3.put(KEY, BODY)
    s3.range_faults[0] = [slow_to_begin]  # or one stream would be fast enough
    s3.range_faults[LAST] = [held(1_000_000, reached, release)]
    settings = {**SETTINGS, "S3_ENDPOINTS": s3.origin, "PARALLEL_FROM_BYTES": "20000000"}
    with serving(tmp_path, place, WEB_CONCURRENCY="1", **settings) as service:
        rig = ManyRig(place, s3, service.port, Admission(1))
        [worker] = service.workers()
        with ThreadPoolExecutor() as pool:
            sending = pool.submit(rig.send)
            assert reached.wait(SECONDS)
            wait_until(lambda: rig.cloud().requests["patch"] == 3)  # so three are recorded
            os.kill(worker, signal.SIGKILL)
            with pytest.raises((OSError, HTTPException)):
                sending.result(SECONDS)
            release.set()
        rig.assert_nothing_visible()
        assert len(rig.parts()) == 3
        before = len(rig.fetched())
        wait_until(lambda: worker not in service.workers() and service.workers())

        assert rig.send().outcome == (200, "landed")

        [again] = rig.fetched()[before:]
        assert (again.start, again.end) == (LAST, LAST + MIN_RANGE_BYTES)
        rig.assert_landed(BODY, leftovers=1)  # the session of the one that was killed
        assert rig.parts() == []
