"""Landing by ranges, whichever way Cloud Storage acts where no document decides."""

from collections.abc import Iterator

import pytest

from tests.faults.rig import KEY
from tests.faults.ways import LIMITED, UNKNOWN, assert_settles, place_that
from tests.parts.rig import BODY, NEWER, ManyRig, many
from tests.servers.cloud_storage_faults import Corrupt, Drop, Fault, LoseAnswer
from tests.servers.scripted_s3 import ScriptedS3

WAYS = UNKNOWN | LIMITED
INJURIES: dict[str, dict[str, list[Fault]]] = {
    "none": {},
    "a range that changes": {"put": [Corrupt()]},
    "an end that changes": {"finalise": [Corrupt()]},
    "a refusal whose answer is lost": {"finalise": [Corrupt(), LoseAnswer()]},
    "answers that are lost": {"finalise": [LoseAnswer()], "compose": [LoseAnswer()]},
    "resets": {"finalise": [Drop()], "compose": [Drop()], "patch": [Drop()]},
}


@pytest.fixture(params=list(WAYS))
def rig(request: pytest.FixtureRequest, s3: ScriptedS3) -> Iterator[ManyRig]:
    with place_that(WAYS[request.param]) as place, many(place, s3) as rig:
        yield rig


@pytest.mark.parametrize("injuries", INJURIES.values(), ids=INJURIES)
def test_a_large_object_lands_and_its_newer_version_after_it(
    rig: ManyRig, injuries: dict[str, list[Fault]]
) -> None:
    for kind, faults in injuries.items():
        rig.cloud().fault(kind, *faults)

    assert_settles(rig, BODY)

    rig.s3.put(KEY, NEWER)
    assert_settles(rig, NEWER)
    assert rig.send().outcome == (200, "already-landed")
    assert len({heard["ce-id"] for heard in rig.place.heard()}) == 2
