"""Ranges that stall, drip, or stay below the minimum pace."""

import pytest

from tests.faults.places import CloudPlace
from tests.parts.rig import RANGE, STARTS, many
from tests.servers.scripted_s3 import (
    Fault,
    ScriptedS3,
    dripping,
    stalled,
)
from transfer.source_wait import MinimumPace

MIDDLE = STARTS[4]


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
