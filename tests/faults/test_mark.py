"""Steps 10 and 11: the mark fails, the answer is lost, or several say the same at once."""

import http.client
import math
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest

from adapters.sqlite_topic import SqliteTopic
from tests.faults.places import CloudPlace, DirectoryPlace
from tests.faults.rig import API_KEY, KEY, LARGE, NAME, Rig, body_of, running, wait_until
from tests.faults.test_stat import FAULTS
from tests.servers.cloud_storage_faults import Answer, Call, Fault, LoseAnswer
from tests.servers.scripted_s3 import ScriptedS3, held
from transfer.store import STEP

BODY = body_of(LARGE)


@pytest.mark.row("39")
@FAULTS
def test_a_mark_that_fails_costs_a_copy_and_no_success(
    in_cloud: Rig, cloud: CloudPlace, faults: tuple[Fault, ...]
) -> None:
    in_cloud.s3.put(KEY, BODY)
    cloud.cloud.fault("patch", *faults, times=math.inf)

    assert in_cloud.send().outcome == (200, "landed")

    in_cloud.assert_landed(BODY, marked=False)
    cloud.cloud.clear_faults()
    in_cloud.assert_heals(BODY, outcome="already-landed", copies=2)


@pytest.mark.row("39")
@pytest.mark.parametrize("status", [412, 403, 404])
def test_a_mark_that_is_refused_costs_a_copy_and_no_success(
    in_cloud: Rig, cloud: CloudPlace, status: int
) -> None:
    in_cloud.s3.put(KEY, BODY)
    cloud.cloud.fault("patch", Answer(status))

    assert in_cloud.send().outcome == (200, "landed")

    in_cloud.assert_landed(BODY, marked=False)
    in_cloud.assert_heals(BODY, outcome="already-landed", copies=2)


@pytest.mark.row("39")
def test_a_mark_whose_answer_is_lost_is_a_mark(in_cloud: Rig, cloud: CloudPlace) -> None:
    in_cloud.s3.put(KEY, BODY)
    cloud.cloud.fault("patch", LoseAnswer())

    assert in_cloud.send().outcome == (200, "landed")

    in_cloud.assert_landed(BODY)
    in_cloud.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("39")
def test_an_object_that_was_replaced_before_its_mark_is_a_success_all_the_same(
    in_cloud: Rig, cloud: CloudPlace
) -> None:
    in_cloud.s3.put(KEY, BODY)
    cloud.cloud.fault("patch", Call(lambda: cloud.cloud.put(NAME, b"a stranger's")))

    assert in_cloud.send().outcome == (200, "landed")

    assert in_cloud.place.read(NAME) == b"a stranger's"
    assert len(in_cloud.place.heard()) == 1
    in_cloud.assert_heals(BODY)


@pytest.mark.row("39")
def test_a_directory_that_takes_no_mark_costs_a_copy_and_no_success(
    directory: DirectoryPlace, s3: ScriptedS3
) -> None:
    s3.put(KEY, BODY)
    directory.topic = SqliteTopic(directory.file, busy_seconds=10)
    lock = directory.lock_of(NAME)
    with running(directory, s3) as rig, ThreadPoolExecutor() as pool:
        with closing(sqlite3.connect(directory.file, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            sending = pool.submit(rig.send)
            wait_until(lambda: directory.metadata(NAME))
            lock.unlink()
            lock.mkdir()  # where the file must be
            another.execute("ROLLBACK")

        assert sending.result().outcome == (200, "landed")

        rig.assert_landed(BODY, marked=False)
        lock.rmdir()
        rig.assert_heals(BODY, outcome="already-landed", copies=2)


@pytest.mark.row("40")
@pytest.mark.row("45")
def test_a_sender_who_does_not_wait_for_the_answer_finds_it_done(rig: Rig) -> None:
    reached, release = Event(), Event()
    rig.s3.put(KEY, BODY)
    rig.s3.faults = [held(STEP, reached, release)]
    connection = http.client.HTTPConnection("127.0.0.1", rig.port)
    headers = {"Content-Type": "application/json", "x-api-key": API_KEY}
    connection.request("POST", "/processmessage", rig.message(), headers)
    assert reached.wait(10)
    connection.close()
    release.set()

    wait_until(lambda: "landfall-notified" in (rig.place.metadata(NAME) or {}))
    rig.assert_landed(BODY)
    assert len(rig.s3.asked) == 1
    rig.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("41")
@pytest.mark.parametrize("size", [1, STEP, LARGE])
def test_two_with_the_same_message_land_one_object(rig: Rig, size: int) -> None:
    reached, release = Event(), Event()
    body = body_of(size)
    rig.s3.put(KEY, body)
    rig.s3.faults = [held(size - 1, reached, release)]
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(rig.send)
        assert reached.wait(10)
        assert rig.send().outcome == (200, "landed")
        release.set()
        assert slow.result().status == 200

    rig.assert_landed(body)
    rig.assert_heals(body, outcome="already-landed")


@pytest.mark.row("41")
def test_many_with_the_same_message_at_once_land_one_object(rig: Rig, body: bytes) -> None:
    rig.s3.put(KEY, body)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: rig.send(), range(6)))

    assert all(answer.status in (200, 503) for answer in answers)
    good = [answer for answer in answers if answer.status == 200]
    assert good
    assert len({answer.json["object"]["generation"] for answer in good}) == 1
    copies = len(rig.place.heard())
    assert 1 <= copies <= 6
    rig.assert_landed(body, copies=copies)
