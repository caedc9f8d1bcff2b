"""A whole Landfall over both stores, started afresh for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.places import CloudPlace, DirectoryPlace, Place, cloud_place
from tests.faults.rig import HASTY_SECONDS, SIZES, Rig, body_of, running
from tests.servers.scripted_s3 import ScriptedS3


@pytest.fixture(autouse=True)
def no_background_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client asks for the bucket in a thread of its own, which outlives a test."""
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")


@pytest.fixture
def s3() -> Iterator[ScriptedS3]:
    with ScriptedS3() as s3:
        yield s3


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryPlace:
    return DirectoryPlace(tmp_path)


@pytest.fixture
def cloud() -> Iterator[CloudPlace]:
    with cloud_place() as place:
        yield place


@pytest.fixture(params=["directory", "cloud"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each store with the topic that goes with it."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def rig(place: Place, s3: ScriptedS3) -> Iterator[Rig]:
    with running(place, s3) as rig:
        yield rig


@pytest.fixture
def hasty(place: Place, s3: ScriptedS3) -> Iterator[Rig]:
    """It does not wait long for a source that is silent."""
    with running(place, s3, idle_seconds=HASTY_SECONDS) as rig:
        yield rig


@pytest.fixture
def in_directory(directory: DirectoryPlace, s3: ScriptedS3) -> Iterator[Rig]:
    with running(directory, s3) as rig:
        yield rig


@pytest.fixture
def in_cloud(cloud: CloudPlace, s3: ScriptedS3) -> Iterator[Rig]:
    with running(cloud, s3) as rig:
        yield rig


@pytest.fixture(params=list(SIZES.values()), ids=list(SIZES))
def body(request: pytest.FixtureRequest) -> bytes:
    return body_of(request.param)
