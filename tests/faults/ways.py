"""The ways in which Cloud Storage may act where no document decides, and what holds in each."""

from contextlib import AbstractContextManager
from typing import Literal

from adapters.gcs_patience import Patience
from tests.faults.places import CloudPlace, cloud_place
from tests.faults.rig import NAME, Rig
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_rules import Ways

UNKNOWN = {
    "a wrong hash is 400": Ways(),
    "a wrong hash is 412": Ways(hash_refusal=412),
    "sessions are refused at their beginning": Ways(early_preconditions=True),
    "a refused session names an object": Ways(after_refusal="object"),
    "a refused session names an object, by 412": Ways(after_refusal="object", hash_refusal=412),
    "a refused session stays open": Ways(after_refusal="open"),
    "a refused session stays open, by 412": Ways(after_refusal="open", hash_refusal=412),
    "a cancelled session is 404": Ways(after_cancel=404, cancel_again=404),
    "a cancelled session is 499": Ways(after_cancel=499, cancel_again=204),
    "odd chunks are kept": Ways(odd_chunks="kept"),
}
PATIENCE = Patience(call_seconds=2.4)
LIMIT_SECONDS = 0.2
"""Against the patience as one second is against the real one."""
LIMITS: tuple[Literal["separate", "shared"], ...] = ("separate", "shared")
LIMITED: dict[str, Ways] = {
    f"{limits}, {'410' if ends else '429'} at the end": Ways(
        limits=limits, limit_seconds=LIMIT_SECONDS, limit_ends_sessions=ends
    )
    for limits in LIMITS
    for ends in (False, True)
}


def place_that(ways: Ways) -> AbstractContextManager[CloudPlace]:
    return cloud_place(patience=PATIENCE, ways=ways)


def server_of(rig: Rig) -> CloudStorage:
    assert isinstance(rig.place, CloudPlace)
    return rig.place.cloud


def assert_settles(rig: Rig, body: bytes, tries: int = 5) -> None:
    """Sent until it is done, the message lands, each generation under one id; a failure is 503."""
    answer = rig.send()
    while answer.status != 200 and tries:
        assert answer.outcome == (503, "STORE_UNAVAILABLE")
        tries -= 1
        answer = rig.send()
    assert answer.outcome[0] == 200
    assert rig.place.read(NAME) == body
    assert rig.place.leftovers() == 0
    assert rig.heard_of(rig.place.generation(NAME)) >= 1
    assert len({heard["objectGeneration"] for heard in rig.place.heard()}) == len(
        {heard["ce-id"] for heard in rig.place.heard()}
    )
