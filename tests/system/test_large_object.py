"""Large objects stream: memory does not grow with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.s3 import rclone_server
from tests.system.backends import Backend
from tests.system.service import Service, message_about, serving

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


def resident(service: Service, field: str) -> int:
    """The largest worker's memory in bytes, now (VmRSS) or at its peak (VmHWM)."""
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in service.workers()]
    lines = [line for status in statuses for line in status.splitlines()]
    return max(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


@pytest.mark.timeout(300)
def test_two_gibibytes_land_in_little_memory(
    backend: Backend, signing_s3: tuple[str, Any], tmp_path: Path
) -> None:
    url, s3 = signing_s3
    with serving(tmp_path, backend, S3_ENDPOINTS=url, WEB_CONCURRENCY="1") as service:
        assert service.send(message_about(s3, BUCKET, "small"))[0] == 200
        before = resident(service, "VmRSS")
        message = message_about(s3, BUCKET, "sparse")

        status, answer = service.send(message)

        added = resident(service, "VmHWM") - before
        assert (status, answer["status"]) == (200, "landed")
        assert answer["object"]["size"] == SIZE
        assert added < MAX_ADDED_BYTES, f"{added / 1024**2:.1f} MiB"
