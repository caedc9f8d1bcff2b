"""Publishing under gunicorn: each worker makes a client of its own, and after each fork anew."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.faults.places import CloudPlace
from tests.faults.rig import KEY, SETTINGS, Rig, body_of
from tests.servers.scripted_s3 import ScriptedS3
from tests.system.service import Service, serving
from transfer.admission import Admission

WORKERS = 3
SECONDS = 20


@pytest.fixture
def service(cloud: CloudPlace, s3: ScriptedS3, tmp_path: Path) -> Iterator[Service]:
    settings = {**SETTINGS, "S3_ENDPOINTS": s3.origin, "WEB_CONCURRENCY": str(WORKERS)}
    with serving(tmp_path, cloud, **settings) as service:
        yield service


def send_until(rig: Rig, done: Callable[[], bool]) -> None:
    """Land new objects again and again, several at once, so that every worker gets some."""
    deadline = time.monotonic() + SECONDS

    def send(_: int) -> int:
        try:
            return rig.send().status
        except (OSError, HTTPException):  # its worker was killed
            return 0

    with ThreadPoolExecutor(2 * WORKERS) as pool:
        number = 0
        while not done():
            assert time.monotonic() < deadline
            number += 1
            rig.s3.put(KEY, body_of(1000, seed=number))
            assert set(pool.map(send, range(2 * WORKERS))) <= {0, 200, 503}


def test_every_worker_publishes_also_one_that_comes_later(
    service: Service, cloud: CloudPlace, s3: ScriptedS3
) -> None:
    rig = Rig(cloud, s3, service.port, Admission(1))
    send_until(rig, lambda: len(cloud.pubsub.peers) == WORKERS)  # one connection for each

    os.kill(service.workers()[0], signal.SIGKILL)
    send_until(rig, lambda: len(cloud.pubsub.peers) == WORKERS + 1)

    for process in (service.process.pid, *service.workers()):
        assert Path(f"/proc/{process}").is_dir()
    assert "NOTIFY_UNAVAILABLE" not in service.log.read_text()
