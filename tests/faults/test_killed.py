"""kill -9 of a gunicorn worker at each moment that matters, and what the repeat makes of it."""

import fcntl
import os
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.faults.places import CloudPlace, DirectoryPlace, Place
from tests.faults.rig import KEY, LARGE, NAME, SETTINGS, Rig, body_of, wait_until
from tests.servers.cloud_storage_faults import Drop, Hold, HoldAnswer
from tests.servers.scripted_s3 import ScriptedS3, held
from tests.system.service import Service, serving
from transfer.admission import Admission
from transfer.store import STEP

BODY = body_of(LARGE)
PATIENCE_SECONDS = 15


class KillRig(Rig):
    """A service of one worker, which can be killed."""

    service: Service

    def kill(self) -> None:
        [worker] = self.service.workers()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: worker not in self.service.workers())

    def wait_for_another(self) -> None:
        """Until another worker serves."""
        wait_until(self._serves)

    def _serves(self) -> bool:
        try:
            return self.service.send(b"", method="GET", path="/readyz", key=None)[0] == 200
        except (OSError, HTTPException):
            return False


@pytest.fixture
def killable(place: Place, s3: ScriptedS3, tmp_path: Path) -> Iterator[KillRig]:
    folder = tmp_path / "service"
    folder.mkdir()
    s3.put(KEY, BODY)
    settings = {**SETTINGS, "S3_ENDPOINTS": s3.origin, "WEB_CONCURRENCY": "1"}
    with serving(folder, place, **settings) as service:
        rig = KillRig(place, s3, service.port, Admission(1))
        rig.service = service
        yield rig


@contextmanager
def sending(rig: KillRig) -> Iterator[Future[Any]]:
    """A message on its way, whose sender hears nothing when the worker dies."""
    with ThreadPoolExecutor() as pool:
        future = pool.submit(rig.send)
        yield future
        with pytest.raises((OSError, HTTPException)):
            future.result(PATIENCE_SECONDS)


@pytest.mark.row("1")
@pytest.mark.row("43")
def test_a_death_before_the_end_leaves_nothing_visible(killable: KillRig) -> None:
    reached, release = Event(), Event()
    killable.s3.faults = [held(2 * STEP, reached, release)]
    with sending(killable):
        assert reached.wait(PATIENCE_SECONDS)
        killable.kill()
        release.set()
    killable.wait_for_another()

    assert killable.place.read(NAME) is None
    assert killable.place.metadata(NAME) is None
    assert killable.place.heard() == []
    orphans = killable.place.leftovers()
    assert orphans <= 1
    assert killable.send().outcome == (200, "landed")
    killable.assert_landed(BODY, leftovers=orphans)


@contextmanager
def stopped_after_the_commit(rig: KillRig) -> Iterator[None]:
    """The object is visible, and the worker does not get on."""
    place = rig.place
    if isinstance(place, DirectoryPlace):
        with closing(sqlite3.connect(place.file, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            with sending(rig):
                wait_until(lambda: place.metadata(NAME) is not None)
                yield
            another.execute("ROLLBACK")
        return
    assert isinstance(place, CloudPlace)
    hold = HoldAnswer()
    place.cloud.fault("finalise", hold)
    with sending(rig):
        assert hold.reached.wait(PATIENCE_SECONDS)
        yield
        hold.release.set()


@pytest.mark.row("34")
def test_a_death_after_the_commit_leaves_the_object_to_be_announced(killable: KillRig) -> None:
    with stopped_after_the_commit(killable):
        killable.kill()
    killable.wait_for_another()

    killable.assert_landed(BODY, copies=0, marked=False)
    killable.assert_heals(BODY, outcome="already-landed")
    assert len(killable.s3.asked) == 1


@pytest.mark.row("34")
@pytest.mark.row("12")
def test_a_death_after_the_commit_is_healed_by_the_next_version(killable: KillRig) -> None:
    with stopped_after_the_commit(killable):
        killable.kill()
    killable.wait_for_another()
    former, newer = killable.place.generation(NAME), body_of(LARGE, seed=1)
    killable.s3.put(KEY, newer)

    killable.assert_heals(newer)

    assert killable.heard_of(former) == 1


@contextmanager
def stopped_after_the_acknowledgement(rig: KillRig) -> Iterator[None]:
    """The notification is out, and the mark is not made."""
    place = rig.place
    if isinstance(place, DirectoryPlace):
        with closing(sqlite3.connect(place.file, isolation_level=None)) as another, sending(rig):
            another.execute("BEGIN IMMEDIATE")
            wait_until(lambda: place.metadata(NAME) is not None)
            with place.lock_of(NAME).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                another.execute("ROLLBACK")
                wait_until(lambda: len(place.heard()) == 1)
                yield
        return
    assert isinstance(place, CloudPlace)
    hold = Hold()
    place.cloud.fault("patch", hold, Drop())
    with sending(rig):
        assert hold.reached.wait(PATIENCE_SECONDS)
        yield
        hold.release.set()


@pytest.mark.row("37")
def test_a_death_after_the_acknowledgement_costs_a_copy_with_the_same_id(
    killable: KillRig,
) -> None:
    with stopped_after_the_acknowledgement(killable):
        killable.kill()
    killable.wait_for_another()

    killable.assert_landed(BODY, copies=1, marked=False)
    killable.assert_heals(BODY, outcome="already-landed", copies=2)
