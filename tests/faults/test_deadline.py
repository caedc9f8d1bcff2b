"""A message ends when its time is over, whichever neighbour keeps it waiting, and however long
the neighbour alone would be waited for."""

from collections.abc import Iterator
from threading import Event

import pytest
from google.cloud import storage

from adapters.gcs_patience import DEFAULT, Patience
from adapters.gcs_store import GcsStore
from tests.faults.places import CloudPlace, cloud_place
from tests.faults.rig import KEY, LARGE, Rig, body_of, running, wait_until
from tests.servers.cloud_storage_faults import Answer, Drop, Hold
from tests.servers.scripted_s3 import ScriptedS3, cut, dripping

SECONDS = 2.0
MARGIN_SECONDS = 2.5
BODY, SMALL = body_of(LARGE), body_of(1000)


@pytest.fixture
def patient(s3: ScriptedS3) -> Iterator[Rig]:
    """Its store is as patient as in production, its messages are not."""
    with cloud_place(patience=DEFAULT) as place, running(place, s3, seconds=SECONDS) as rig:
        yield rig


@pytest.mark.row("25")
@pytest.mark.row("29")
@pytest.mark.parametrize(
    ("kind", "silent"),
    [
        ("create-session", True),
        ("put", True),
        ("status", True),
        ("status", False),
        ("multipart", True),
    ],
)
def test_an_upload_is_given_up_when_the_time_is_over(patient: Rig, kind: str, silent: bool) -> None:
    assert isinstance(patient.place, CloudPlace)
    body = SMALL if kind == "multipart" else BODY
    patient.s3.put(KEY, body)
    server = patient.place.cloud
    server.fault(kind, *([Hold(seconds=4), Drop()] if silent else [Answer(503)]), times=99)
    if kind == "status":
        server.fault("put", Drop(after_bytes=1000), times=99)

    refusal = patient.send()

    assert refusal.outcome == (503, "STORE_UNAVAILABLE")
    assert refusal.seconds < SECONDS + MARGIN_SECONDS
    patient.assert_nothing_happened()
    server.clear_faults()
    patient.assert_heals(body)


@pytest.mark.row("33")
def test_an_end_that_is_not_answered_in_time_is_in_doubt(patient: Rig) -> None:
    assert isinstance(patient.place, CloudPlace)
    patient.s3.put(KEY, BODY)
    hold = Hold(seconds=10)
    patient.place.cloud.fault("finalise", hold)

    refusal = patient.send()

    assert refusal.outcome == (503, "STORE_UNAVAILABLE")
    assert refusal.seconds < SECONDS + MARGIN_SECONDS
    assert patient.place.heard() == []
    assert patient.place.leftovers() == 1  # it may be done yet, so it is not aborted
    hold.release.set()
    wait_until(lambda: patient.place.leftovers() == 0)
    patient.assert_landed(BODY, copies=0, marked=False)
    patient.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("25")
def test_source_and_store_share_the_time(patient: Rig) -> None:
    assert isinstance(patient.place, CloudPlace)
    patient.s3.put(KEY, BODY)
    patient.s3.faults = [cut(1000), dripping(0), dripping(0)]
    patient.place.cloud.fault("put", Hold(seconds=0.5), Drop())

    refusal = patient.send()

    assert refusal.outcome in {(503, "SOURCE_UNAVAILABLE"), (503, "STORE_UNAVAILABLE")}
    assert refusal.seconds < SECONDS + MARGIN_SECONDS
    patient.assert_nothing_happened()
    patient.s3.faults = []
    patient.assert_heals(BODY)


@pytest.mark.row("9")
def test_credentials_that_do_not_come_hold_no_message(s3: ScriptedS3, cloud: CloudPlace) -> None:
    """As of a metadata server that says nothing."""
    s3.put(KEY, BODY)
    released = Event()

    def new_client() -> storage.Client:
        released.wait(20)
        return cloud.new_storage_client()

    cloud.store = GcsStore("landing", new_client, Patience(call_seconds=0.4))
    with running(cloud, s3) as rig:
        refusal = rig.send()

        assert refusal.outcome == (503, "STORE_UNAVAILABLE")
        assert refusal.seconds < 2
        rig.assert_nothing_happened()
        released.set()
        rig.assert_heals(BODY)
