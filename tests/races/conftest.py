"""The stage for the races, once for each store and for small and large objects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.gcs_store import GcsStore
from tests.races.places import Cloud, Directory
from tests.races.stage import Place, Stage
from tests.servers.cloud_storage import CloudStorage
from transfer.store import STEP

SMALL, LARGE = 11, STEP + 11


@pytest.fixture(params=[SMALL, LARGE], ids=["small", "large"])
def size(request: pytest.FixtureRequest) -> int:
    chosen: int = request.param
    return chosen


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudStorage]:
    with CloudStorage(bucket="landing") as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        # Google's client asks for the bucket in a thread of its own, which outlives a test.
        monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
        yield server


@pytest.fixture(params=["directory", "cloud"])
def place(request: pytest.FixtureRequest, tmp_path: Path, size: int) -> Place:
    if request.param == "directory":
        return Directory(tmp_path / "landing")
    server: CloudStorage = request.getfixturevalue("cloud")
    return Cloud(server, GcsStore("landing"), is_large=size > STEP)


@pytest.fixture
def stage(place: Place, size: int) -> Stage:
    return Stage(place, size)
