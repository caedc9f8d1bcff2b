"""Objects of which Cloud Storage tells no hash: others encrypted them with a key of their own."""

import pytest

from adapters.gcs_store import GcsStore
from tests.contract.conftest import land
from tests.fakes import FakeSource, FakeTopic, impatient_budget, message_for
from tests.servers.cloud_storage import CloudStorage
from transfer.landing import Landing
from transfer.object_name import ObjectName
from transfer.reconciling import Finding, Reconciler

BODY, KEY = b"body", "a.bin"
NAME = f"source/{KEY}"


@pytest.fixture(autouse=True)
def secret(cloud: CloudStorage) -> None:
    """What stands where the object will land."""
    cloud.put(NAME, b"theirs")
    cloud.bucket.encrypt(NAME)


def test_it_is_described_without_its_hashes(gcs: GcsStore) -> None:
    there = gcs.stat(NAME)

    assert there is not None
    assert (there.size, there.crc32c, there.md5) == (len(b"theirs"), "", None)
    assert list(gcs.walk("")) == [there]
    assert gcs.patch(NAME, there.token, {"a": "b"}).crc32c == ""


def test_a_message_replaces_it(cloud: CloudStorage, gcs: GcsStore) -> None:
    landing = Landing(
        FakeSource(BODY), gcs, FakeTopic(), ObjectName("{bucket}/{key}"), 10**9, impatient_budget
    )

    outcome = landing.land(message_for(BODY, KEY))

    assert outcome.status == "landed"
    assert cloud.content(NAME) == BODY


def test_the_second_net_passes_it_by(gcs: GcsStore) -> None:
    land(gcs, "z", BODY)

    assert Reconciler(gcs, FakeTopic()).walk() == {Finding.KNOWN: 2}
