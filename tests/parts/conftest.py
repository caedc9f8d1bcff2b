"""A Landfall over the Cloud-Storage-protocol server that lands by ranges, afresh for each test."""

from collections.abc import Iterator

import pytest

from tests.faults.places import CloudPlace, cloud_place
from tests.faults.rig import KEY
from tests.parts.rig import BODY, ManyRig, many
from tests.servers.scripted_s3 import ScriptedS3


@pytest.fixture(autouse=True)
def no_background_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client asks for the bucket in a thread of its own, which outlives a test."""
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")


@pytest.fixture
def s3() -> Iterator[ScriptedS3]:
    """It holds BODY."""
    with ScriptedS3() as s3:
        s3.put(KEY, BODY)
        yield s3


@pytest.fixture
def place() -> Iterator[CloudPlace]:
    with cloud_place() as place:
        yield place


@pytest.fixture
def rig(place: CloudPlace, s3: ScriptedS3) -> Iterator[ManyRig]:
    with many(place, s3) as rig:
        yield rig
