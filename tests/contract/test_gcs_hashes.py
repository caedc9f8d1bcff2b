"""Where Cloud Storage tells no hash: of objects that others encrypted, and perhaps elsewhere."""

import math
from collections.abc import Callable

import pytest

from adapters.gcs_store import GcsStore
from tests.contract.conftest import HEADERS, content_of, land
from tests.fakes import FakeSource, FakeTopic, impatient_budget, message_for
from tests.servers.cloud_storage import CloudStorage
from transfer.errors import UploadLost
from transfer.landing import Landing
from transfer.object_name import ObjectName
from transfer.reconciling import Finding, Reconciler
from transfer.store import ABSENT, STEP

BODY, KEY = b"body", "a.bin"
NAME = f"source/{KEY}"


@pytest.fixture
def secret(cloud: CloudStorage) -> None:
    """What stands where the object will land."""
    cloud.put(NAME, b"theirs")
    cloud.bucket.encrypt(NAME)


@pytest.mark.usefixtures("secret")
def test_it_is_described_without_its_hashes(gcs: GcsStore) -> None:
    there = gcs.stat(NAME)

    assert there is not None
    assert (there.size, there.crc32c, there.md5) == (len(b"theirs"), "", None)
    assert list(gcs.walk("")) == [there]
    assert gcs.patch(NAME, there.token, {"a": "b"}).crc32c == ""


@pytest.mark.usefixtures("secret")
def test_a_message_replaces_it(cloud: CloudStorage, gcs: GcsStore) -> None:
    landing = Landing(
        FakeSource(BODY), gcs, FakeTopic(), ObjectName("{bucket}/{key}"), 10**9, impatient_budget
    )

    outcome = landing.land(message_for(BODY, KEY))

    assert outcome.status == "landed"
    assert cloud.content(NAME) == BODY


@pytest.mark.usefixtures("secret")
def test_the_second_net_passes_it_by(gcs: GcsStore) -> None:
    land(gcs, "z", BODY)

    assert Reconciler(gcs, FakeTopic()).walk() == {Finding.KNOWN: 2}


def compose(store: GcsStore) -> None:
    part = store.stat("part")
    assert part is not None
    store.compose("name", [part], HEADERS, ABSENT, math.inf)


WRITES: dict[str, Callable[[GcsStore], object]] = {
    "in one request": lambda store: land(store, "name", BODY),
    "by a session": lambda store: land(store, "name", content_of(STEP + 1, seed=1)),
    "by composing": compose,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_was_written_is_in_doubt_until_its_checksum_is_told(
    cloud: CloudStorage, gcs: GcsStore, write: Callable[[GcsStore], object]
) -> None:
    land(gcs, "part", BODY)
    cloud.bucket.tells_what_it_wrote = False

    with pytest.raises(UploadLost):
        write(gcs)

    there = gcs.stat("name")
    assert there is not None
    assert there.crc32c
