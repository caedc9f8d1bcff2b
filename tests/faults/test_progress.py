"""Step 6: what breaks off again and again, but gets on each time, lands all the same."""

import pytest

from tests.faults.places import CloudPlace
from tests.faults.rig import KEY, Rig, body_of
from tests.servers.cloud_storage_faults import Answer, Drop, Fault, Keep
from tests.servers.scripted_s3 import cut, error, says
from transfer.store import STEP

TIMES = 8
BODY = body_of((TIMES + 2) * STEP)
STORE_BREAKS: dict[str, tuple[Fault, ...]] = {
    "closed after some bytes": (Drop(after_bytes=STEP + 1000),),
    "kept in part": (Keep(STEP),),
}


@pytest.mark.row("22b")
def test_a_source_that_gets_on_is_asked_for_the_rest_any_number_of_times(rig: Rig) -> None:
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [cut(STEP)] * TIMES

    assert rig.send().outcome == (200, "landed")

    assert [asked.start for asked in rig.s3.asked] == [n * STEP for n in range(TIMES + 1)]
    rig.assert_landed(BODY)


@pytest.mark.row("19")
@pytest.mark.row("22b")
def test_a_source_that_is_busy_once_after_each_part_is_asked_any_number_of_times(rig: Rig) -> None:
    busy = says(error("503 Slow Down", "SlowDown"))
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [cut(STEP), busy] * TIMES

    assert rig.send().outcome == (200, "landed")

    assert len(rig.s3.asked) == 2 * TIMES + 1
    rig.assert_landed(BODY)


@pytest.mark.row("22b")
@pytest.mark.parametrize("faults", STORE_BREAKS.values(), ids=STORE_BREAKS)
def test_an_upload_that_gets_on_is_continued_any_number_of_times(
    in_cloud: Rig, cloud: CloudPlace, faults: tuple[Fault, ...]
) -> None:
    in_cloud.s3.put(KEY, BODY)
    cloud.cloud.fault("put", *faults, times=TIMES)

    assert in_cloud.send().outcome == (200, "landed")

    assert cloud.cloud.requests["create-session"] == 1
    in_cloud.assert_landed(BODY)


@pytest.mark.row("22b")
def test_an_upload_that_does_not_get_on_is_given_up_at_the_fourth_interruption(
    in_cloud: Rig, cloud: CloudPlace
) -> None:
    in_cloud.s3.put(KEY, BODY)
    cloud.cloud.fault("put", Drop(after_bytes=STEP + 1000))
    cloud.cloud.fault("put", Answer(503), times=3)

    assert in_cloud.send().outcome == (503, "STORE_UNAVAILABLE")

    assert cloud.cloud.requests["put"] == 4
    in_cloud.assert_nothing_happened()
    in_cloud.assert_heals(BODY)
