"""The Cloud Storage adapter says why it was refused, whatever the object's name is."""

import math

import pytest

from adapters.gcs_store import GcsStore
from tests.contract.conftest import HEADERS, land
from tests.contract.gcs_calls import CONDITIONAL, DATA, EVERY, READS, THERE, WRITES, Call
from tests.refusals import HASH, INVALID, MISCONFIGURED, PHRASES, Told
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer
from transfer.errors import Misconfigured, StoreUnavailable, TokenMoved, UploadLost
from transfer.store import ABSENT

CONDITION = Answer(412, "At least one of the pre-conditions did not hold.", "conditionNotMet")
POLICY = MISCONFIGURED["organization policy, as a condition"]


@pytest.fixture(autouse=True)
def landed(gcs: GcsStore) -> None:
    land(gcs, THERE, b"there")


def each(calls: object) -> pytest.MarkDecorator:
    assert isinstance(calls, dict)
    return pytest.mark.parametrize(("kind", "call"), calls.items(), ids=calls)


@each(EVERY)
@pytest.mark.parametrize("case", ["retention, by its message", "billing", "requester pays"])
def test_every_call_says_what_an_operator_must_mend(
    cloud: CloudStorage, gcs: GcsStore, kind: str, call: Call, case: str
) -> None:
    refusal = MISCONFIGURED[case]
    cloud.fault(kind, refusal.fault(), times=math.inf)

    with pytest.raises(Misconfigured, match=refusal.words):
        call(gcs)


@each(READS)
def test_a_412_without_a_condition_is_no_condition(
    cloud: CloudStorage, gcs: GcsStore, kind: str, call: Call
) -> None:
    cloud.fault(kind, CONDITION, times=math.inf)

    with pytest.raises(StoreUnavailable, match="412 conditionNotMet"):
        call(gcs)


@each(EVERY)
def test_a_412_of_an_organization_policy_is_an_operators_matter(
    cloud: CloudStorage, gcs: GcsStore, kind: str, call: Call
) -> None:
    cloud.fault(kind, POLICY.fault(), times=math.inf)

    with pytest.raises(Misconfigured, match=POLICY.words):
        call(gcs)


@each(CONDITIONAL)
def test_a_412_of_a_condition_starts_the_protocol_again(
    cloud: CloudStorage, gcs: GcsStore, kind: str, call: Call
) -> None:
    cloud.fault(kind, CONDITION, times=math.inf)

    with pytest.raises(TokenMoved):
        call(gcs)


@each(WRITES)
@pytest.mark.parametrize("case", INVALID.values(), ids=INVALID)
def test_a_refusal_of_something_else_than_the_checksum_is_said_as_what_it_is(
    cloud: CloudStorage, gcs: GcsStore, kind: str, call: Call, case: Told
) -> None:
    cloud.fault(kind, case.fault(), times=math.inf)

    with pytest.raises(StoreUnavailable, match=case.words) as failure:
        call(gcs)

    assert not isinstance(failure.value, UploadLost)  # nothing is in doubt
    assert gcs.stat("new") is None


@each({kind: WRITES[kind] for kind in ("multipart", "finalise")})
@pytest.mark.parametrize("message", HASH.values(), ids=HASH)
@pytest.mark.parametrize("reason", ["invalid", None])
def test_a_refused_checksum_has_the_destination_read(
    cloud: CloudStorage, gcs: GcsStore, kind: str, call: Call, message: str, reason: str | None
) -> None:
    cloud.fault(kind, Answer(400, message, reason))

    with pytest.raises(TokenMoved):
        call(gcs)


@pytest.mark.parametrize("data", [b"small", DATA], ids=["small", "large"])
@pytest.mark.parametrize("phrase", [one for one in PHRASES if "\n" not in one and len(one) < 200])
def test_a_name_that_looks_like_a_refusal_lands_as_any_other(
    cloud: CloudStorage, gcs: GcsStore, phrase: str, data: bytes
) -> None:
    name = f"a/{phrase}.bin"
    assert gcs.stat(name) is None
    there = land(gcs, name, data)
    gcs.patch(name, there.token, {"mine": "yes"})
    assert cloud.content(name) == data
    gcs.compose("whole", [there], HEADERS, ABSENT, math.inf)
    gcs.delete(there)

    gcs.delete(there)  # a 404 that names the object
    assert gcs.stat(name) is None
    with pytest.raises(TokenMoved):
        gcs.patch(name, there.token, {})
    with pytest.raises(TokenMoved):
        gcs.compose("again", [there], HEADERS, ABSENT, math.inf)


def test_a_bucket_that_is_missing_is_told_from_an_object_that_is(gcs: GcsStore) -> None:
    there = gcs.stat(THERE)
    assert there is not None
    gone = GcsStore("another")
    calls = [
        lambda: gone.stat("n"),
        lambda: gone.delete(there),
        lambda: gone.patch("n", there.token, {}),
        lambda: gone.compose("n", [there], HEADERS, ABSENT, math.inf),
        lambda: land(gone, "n", b"small"),
        lambda: land(gone, "n", DATA),
        lambda: list(gone.walk("")),
        gone.check,
        gone.settings,
    ]

    for call in calls:
        with pytest.raises(Misconfigured, match="another does not exist: create it"):
            call()
