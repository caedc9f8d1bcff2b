"""How many threads there are, and that none outlives its message."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from adapters.gcs_store import GcsStore
from tests.faults.places import CloudPlace
from tests.faults.rig import KEY, running
from tests.parts.rig import PACE, RANGE, STARTS, ManyRig
from tests.servers.raw import Script
from tests.servers.scripted_s3 import ScriptedS3, cut
from transfer.parallel import Parallel
from transfer.source import RangedSource

PATIENCE_SECONDS = 10


def streams() -> int:
    return sum(thread.name == "stream" for thread in threading.enumerate())


def hold_all(s3: ScriptedS3, release: Event) -> None:
    """Let all ranges wait, as long as the test wants."""

    def wait(_: object) -> None:
        release.wait(20)

    def hold(head: bytes, body: bytes) -> Script:
        return [head, wait, body]

    s3.range_faults = {start: [hold] * 9 for start in STARTS}


def wait_for_streams(count: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while streams() != count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_all_objects_together_have_a_bounded_number_of_streams(
    place: CloudPlace, s3: ScriptedS3
) -> None:
    store = place.store
    assert isinstance(store, GcsStore)
    release = Event()
    hold_all(s3, release)

    def new_parallel(source: RangedSource) -> Parallel:
        return Parallel(source, store, 1, RANGE, PACE, max_extra_streams=5)

    with (
        running(place, s3, new_parallel=new_parallel) as running_rig,
        ThreadPoolExecutor() as pool,
    ):
        rig = ManyRig(place, s3, running_rig.port, running_rig.admission)
        first = pool.submit(rig.send)
        wait_for_streams(4)  # its first, and three
        message = rig.message().replace(b"a%20b.png", b"c.png").replace(b"a b.png", b"c.png")
        s3.put(KEY.replace("a b", "c"), s3.objects[KEY].body)
        second = pool.submit(rig.send, message)
        wait_for_streams(7)  # its first, and the two that were left
        time.sleep(0.1)
        assert streams() == 7
        release.set()

        assert first.result().outcome == (200, "landed")
        assert second.result().outcome == (200, "landed")
        wait_for_streams(0)
        again = rig.message()
        s3.put(KEY, s3.objects[KEY].body[::-1])
        assert rig.send(again).outcome == (200, "already-landed")
        assert rig.send().outcome == (200, "landed")  # all were given back


def test_without_a_free_stream_the_first_one_does_it_all(place: CloudPlace, s3: ScriptedS3) -> None:
    store = place.store
    assert isinstance(store, GcsStore)

    def new_parallel(source: RangedSource) -> Parallel:
        return Parallel(source, store, 1, RANGE, PACE, max_extra_streams=0)

    with running(place, s3, new_parallel=new_parallel) as running_rig:
        rig = ManyRig(place, s3, running_rig.port, running_rig.admission)

        assert rig.send().outcome == (200, "landed")

        assert [asked.start for asked in rig.fetched()] == STARTS  # one after the other
        rig.assert_landed_whole()


def test_no_stream_outlives_its_message(rig: ManyRig) -> None:
    rig.s3.range_faults[STARTS[4]] = [cut(0)] * 9

    assert rig.send().outcome == (503, "SOURCE_UNAVAILABLE")

    assert streams() == 0
    assert rig.place.leftovers() == 0  # nor an upload of theirs
