"""What passes is tried again by every call, as Google's retry strategy asks for.

https://cloud.google.com/storage/docs/retry-strategy
"""

import pytest

from adapters.gcs_patience import DEFAULT, Patience
from adapters.gcs_store import GcsStore
from tests.contract.conftest import land
from tests.contract.gcs_calls import BEGINNINGS, CHANGES, EVERY, READS, THERE, WRITES, Call
from tests.refusals import PASSES, Told
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Drop, Fault, Hold, HoldAnswer
from transfer.errors import TokenMoved, UploadLost

QUICK = Patience(call_seconds=2.0)
HASTY = Patience(call_seconds=6.0, answer_seconds=0.8)
SILENT_SECONDS = 1.2
RETRIED = {**READS, **BEGINNINGS, **WRITES, **CHANGES}
"""A PUT of the body is continued by who sends it, as only the source has the bytes."""


@pytest.fixture
def gcs(cloud: CloudStorage, monkeypatch: pytest.MonkeyPatch) -> GcsStore:
    """It waits for a busy machine."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.url)
    store = GcsStore("landing", patience=QUICK)
    land(store, THERE, b"there")
    return store


@pytest.fixture
def hasty(gcs: GcsStore) -> GcsStore:
    """It does not wait long for a server that is silent."""
    return GcsStore("landing", patience=HASTY)


def each(calls: dict[str, Call]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("kind", "call"), calls.items(), ids=calls)


def asked(cloud: CloudStorage, kind: str) -> int:
    return cloud.requests["put" if kind == "finalise" else kind]


@each(RETRIED)
@pytest.mark.parametrize("case", PASSES.values(), ids=PASSES)
def test_an_answer_that_may_pass_is_not_the_last(
    cloud: CloudStorage, gcs: GcsStore, kind: str, call: Call, case: Told
) -> None:
    cloud.fault(kind, case.fault(), times=2)
    before = asked(cloud, kind)

    call(gcs)

    assert asked(cloud, kind) - before == (4 if kind == "finalise" else 3)  # one is the body


@each(RETRIED)
@pytest.mark.parametrize(
    "faults", [(Drop(),), (Hold(seconds=SILENT_SECONDS), Drop())], ids=["closed", "silent"]
)
def test_a_request_that_is_not_answered_is_sent_again(
    cloud: CloudStorage, hasty: GcsStore, kind: str, call: Call, faults: tuple[Fault, ...]
) -> None:
    cloud.fault(kind, *faults)
    before = asked(cloud, kind)

    call(hasty)

    assert asked(cloud, kind) - before >= 2


@each({**READS, **BEGINNINGS, "patch": CHANGES["patch"]})
def test_what_was_done_in_silence_may_be_done_again(
    cloud: CloudStorage, hasty: GcsStore, kind: str, call: Call
) -> None:
    cloud.fault(kind, HoldAnswer(seconds=SILENT_SECONDS))

    call(hasty)


@each(dict(WRITES))
def test_what_was_written_in_silence_has_the_destination_read(
    cloud: CloudStorage, hasty: GcsStore, kind: str, call: Call
) -> None:
    cloud.fault(kind, HoldAnswer(seconds=SILENT_SECONDS))

    with pytest.raises((TokenMoved, UploadLost)):
        call(hasty)

    assert hasty.stat("new") is not None


def test_by_default_there_is_time_for_another_try_after_a_silence() -> None:
    assert DEFAULT.call_seconds > DEFAULT.answer_seconds + DEFAULT.call_seconds / 48


def test_every_kind_of_call_is_tried() -> None:
    assert set(EVERY) - set(RETRIED) == {"put"}
