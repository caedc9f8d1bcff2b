"""Large objects stream: memory does not grow with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.s3 import rclone_server
from tests.system.backends import Backend
from tests.system.processes import usage_of
from tests.system.service import message_about, serving

GIBIBYTE = 1024**3
SIZE = 2 * GIBIBYTE
MAX_ADDED_BYTES = 64 * 1024**2
BUCKET = "large"


@pytest.fixture
def signing_s3(tmp_path: Path) -> Iterator[tuple[str, Any]]:
    folder = tmp_path / "s3"
    (folder / BUCKET).mkdir(parents=True)
    for name, size in (("small", 1000), ("sparse", SIZE)):
        with (folder / BUCKET / name).open("wb") as file:
            file.truncate(size)
    with rclone_server(folder) as server:
        yield server.endpoint, server.client


@pytest.mark.timeout(300)
def test_two_gibibytes_land_in_little_memory(
    backend: Backend, signing_s3: tuple[str, Any], tmp_path: Path
) -> None:
    url, s3 = signing_s3
    with serving(tmp_path, backend, S3_ENDPOINTS=url, WEB_CONCURRENCY="1") as service:
        assert service.send(message_about(s3, BUCKET, "small"))[0] == 200
        before = max(usage_of(pid).resident for pid in service.workers())
        message = message_about(s3, BUCKET, "sparse")

        status, answer = service.send(message)

        added = max(usage_of(pid).peak for pid in service.workers()) - before
        assert (status, answer["status"]) == (200, "landed")
        assert answer["object"]["size"] == SIZE
        assert added < MAX_ADDED_BYTES, f"{added / 1024**2:.1f} MiB"
