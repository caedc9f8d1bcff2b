"""What Cloud Storage is asked for is what docs/costs.md counts."""

import pytest

from adapters.gcs_store import GcsStore
from tests.fakes import FakeSource, FakeTopic, impatient_budget, message_for
from tests.servers.cloud_storage import CloudStorage
from transfer.landing import Landing
from transfer.object_name import ObjectName
from transfer.store import STEP


@pytest.mark.parametrize(
    ("size", "creation"),
    [(10 * 1024, {"multipart": 1}), (4 * STEP, {"create-session": 1, "put": 2})],
    ids=["10 KiB", "1 MiB"],
)
def test_a_landing_costs_one_look_one_creation_and_one_mark(
    cloud: CloudStorage, gcs: GcsStore, size: int, creation: dict[str, int]
) -> None:
    body = bytes(size)
    landing = Landing(
        FakeSource(body), gcs, FakeTopic(), ObjectName("{key}"), 10**9, impatient_budget
    )

    landing.land(message_for(body))

    assert cloud.requests == {"stat": 1, "patch": 1, **creation}
