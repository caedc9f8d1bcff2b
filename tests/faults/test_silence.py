"""Cloud Storage says nothing, at each call that it is asked."""

import math
from collections.abc import Iterator

import pytest

from tests.faults.places import HASTY, CloudPlace, cloud_place
from tests.faults.rig import KEY, LARGE, Rig, body_of, running
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Drop, Hold, HoldAnswer
from tests.servers.scripted_s3 import ScriptedS3

BODY, SMALL = body_of(LARGE), body_of(1000)
LONGER_THAN_IT_IS_WAITED_FOR = HASTY.answer_seconds + 0.3


@pytest.fixture
def in_cloud(s3: ScriptedS3) -> Iterator[Rig]:
    with cloud_place(patience=HASTY) as place, running(place, s3) as rig:
        yield rig


@pytest.fixture
def server(in_cloud: Rig) -> CloudStorage:
    assert isinstance(in_cloud.place, CloudPlace)
    return in_cloud.place.cloud


@pytest.mark.row("8")
@pytest.mark.row("29")
@pytest.mark.parametrize("kind", ["stat", "create-session", "finalise", "multipart"])
def test_a_store_that_stays_silent_is_given_up_without_a_trace(
    in_cloud: Rig, server: CloudStorage, kind: str
) -> None:
    body = SMALL if kind == "multipart" else BODY
    in_cloud.s3.put(KEY, body)
    server.fault(kind, Hold(seconds=LONGER_THAN_IT_IS_WAITED_FOR), Drop(), times=math.inf)

    refusal = in_cloud.send()

    assert refusal.outcome == (503, "STORE_UNAVAILABLE")
    assert refusal.retry_after
    in_cloud.assert_nothing_happened()
    server.clear_faults()
    in_cloud.assert_heals(body)


@pytest.mark.row("29")
@pytest.mark.parametrize("kept", [False, True], ids=["not kept", "kept"])
def test_an_upload_that_is_not_answered_goes_on(
    in_cloud: Rig, server: CloudStorage, kept: bool
) -> None:
    in_cloud.s3.put(KEY, BODY)
    hold = (HoldAnswer if kept else Hold)(seconds=LONGER_THAN_IT_IS_WAITED_FOR)
    server.fault("put", hold, *([] if kept else [Drop()]))

    assert in_cloud.send().outcome == (200, "landed")

    assert server.requests["create-session"] == 1
    in_cloud.assert_landed(BODY)


@pytest.mark.row("33")
@pytest.mark.parametrize("body", [SMALL, BODY], ids=["small", "large"])
def test_an_end_that_is_done_in_silence_is_found(
    in_cloud: Rig, server: CloudStorage, body: bytes
) -> None:
    in_cloud.s3.put(KEY, body)
    for kind in ("finalise", "multipart"):
        server.fault(kind, HoldAnswer(seconds=LONGER_THAN_IT_IS_WAITED_FOR))

    assert in_cloud.send().outcome == (200, "already-landed")

    in_cloud.assert_landed(body)


@pytest.mark.row("39")
def test_a_mark_that_is_not_answered_costs_at_most_a_copy(
    in_cloud: Rig, server: CloudStorage
) -> None:
    in_cloud.s3.put(KEY, BODY)
    hold = Hold(seconds=LONGER_THAN_IT_IS_WAITED_FOR)
    server.fault("patch", hold, Drop(), times=math.inf)

    assert in_cloud.send().outcome == (200, "landed")

    in_cloud.assert_landed(BODY, marked=False)
    server.clear_faults()
    in_cloud.assert_heals(BODY, outcome="already-landed", copies=2)
