"""Step 9: the topic is away, slow, forbidden, or loses its answer."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import grpc
import pytest

from tests.faults.places import CloudPlace, DirectoryPlace, cloud_place
from tests.faults.rig import KEY, NAME, Rig, body_of, wait_until
from tests.servers.pubsub_protocol import (
    PubSub,
    acknowledge_nothing,
    hang,
    keep_and_hang,
    lose_answer,
    refuse,
)

BODY = body_of(1000)
CODES = grpc.StatusCode
PASSING = [
    CODES.UNAVAILABLE,
    CODES.RESOURCE_EXHAUSTED,
    CODES.INTERNAL,
    CODES.ABORTED,
    CODES.UNKNOWN,
    CODES.DEADLINE_EXCEEDED,
]


@pytest.fixture
def cloud() -> Iterator[CloudPlace]:
    """It does not wait long for a topic that is silent."""
    with cloud_place(try_seconds=0.7, publish_seconds=0.8) as place:
        yield place


@pytest.fixture
def pubsub(cloud: CloudPlace) -> PubSub:
    return cloud.pubsub


@pytest.mark.row("35")
@pytest.mark.parametrize("code", PASSING)
def test_a_topic_that_stays_away_leaves_the_object_to_be_announced(
    in_cloud: Rig, pubsub: PubSub, code: grpc.StatusCode
) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.faults = [refuse(code)] * 99

    refusal = in_cloud.send()

    assert refusal.outcome == (503, "NOTIFY_UNAVAILABLE")
    assert refusal.retry_after
    assert refusal.seconds < 4
    assert 1 < pubsub.calls < 99
    in_cloud.assert_landed(BODY, copies=0, marked=False)
    pubsub.faults = []
    in_cloud.assert_heals(BODY, outcome="already-landed")
    assert len(in_cloud.s3.asked) == 1


@pytest.mark.row("35")
@pytest.mark.parametrize("times", [1, 2])
def test_a_topic_that_is_away_for_a_moment_is_asked_again(
    in_cloud: Rig, pubsub: PubSub, times: int
) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.faults = [refuse(CODES.UNAVAILABLE)] * times

    in_cloud.assert_heals(BODY)

    assert pubsub.calls == times + 1


@pytest.mark.row("35")
def test_a_topic_that_hangs_holds_no_message(in_cloud: Rig, pubsub: PubSub) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.faults = [hang] * 9

    refusal = in_cloud.send()

    assert refusal.outcome == (503, "NOTIFY_UNAVAILABLE")
    assert refusal.seconds < 4
    in_cloud.assert_landed(BODY, copies=0, marked=False)
    pubsub.faults = []
    pubsub.ending.set()
    in_cloud.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("35")
def test_a_topic_that_hangs_holds_none_of_many_messages(in_cloud: Rig, pubsub: PubSub) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.faults = [hang] * 99

    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(lambda _: in_cloud.send(), range(8)))

    assert {refusal.status for refusal in refusals} == {503}
    assert max(refusal.seconds for refusal in refusals) < 8
    pubsub.faults = []
    pubsub.ending.set()
    in_cloud.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("35")
def test_what_may_have_been_published_is_no_success_and_comes_again(
    in_cloud: Rig, pubsub: PubSub
) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.faults = [keep_and_hang] * 9

    assert in_cloud.send().outcome == (503, "NOTIFY_UNAVAILABLE")

    heard = len(pubsub.published)
    assert heard >= 1
    in_cloud.assert_landed(BODY, copies=heard, marked=False)
    pubsub.faults = []
    pubsub.ending.set()
    in_cloud.assert_heals(BODY, outcome="already-landed", copies=heard + 1)


@pytest.mark.row("35")
def test_a_success_that_names_no_message_is_none(in_cloud: Rig, pubsub: PubSub) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.faults = [acknowledge_nothing]

    assert in_cloud.send().outcome == (503, "NOTIFY_UNAVAILABLE")

    in_cloud.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("36")
@pytest.mark.parametrize("times", [1, 2])
def test_an_acknowledgement_that_is_lost_costs_a_copy_with_the_same_id(
    in_cloud: Rig, pubsub: PubSub, times: int
) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.faults = [lose_answer()] * times

    in_cloud.assert_heals(BODY, copies=times + 1)


@pytest.mark.row("35")
def test_a_topic_that_vanishes_is_found_again_without_a_restart(
    in_cloud: Rig, pubsub: PubSub
) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.vanish()

    refusal = in_cloud.send()

    assert refusal.outcome == (503, "NOTIFY_UNAVAILABLE")
    assert refusal.seconds < 4
    in_cloud.assert_landed(BODY, copies=0, marked=False)
    pubsub.start()
    wait_until(lambda: in_cloud.send().status == 200)
    in_cloud.assert_landed(BODY)


@pytest.mark.row("35")
def test_a_topic_that_vanishes_in_the_middle_of_a_call_is_found_again(
    in_cloud: Rig, pubsub: PubSub
) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.faults = [keep_and_hang]
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(in_cloud.send)
        wait_until(lambda: pubsub.published != [])
        pubsub.vanish()

        assert sending.result().outcome == (503, "NOTIFY_UNAVAILABLE")

    pubsub.start()
    wait_until(lambda: in_cloud.send().status == 200)
    in_cloud.assert_landed(BODY, copies=2)


@pytest.mark.row("38")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (CODES.NOT_FOUND, "correct NOTIFICATION_TOPIC"),
        (CODES.PERMISSION_DENIED, "roles/pubsub.publisher"),
        (CODES.UNAUTHENTICATED, "roles/pubsub.publisher"),
    ],
)
def test_a_topic_that_may_not_be_used_is_an_operators_matter(
    in_cloud: Rig,
    pubsub: PubSub,
    code: grpc.StatusCode,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    in_cloud.s3.put(KEY, BODY)
    pubsub.faults = [refuse(code)]

    assert in_cloud.send().outcome == (500, "MISCONFIGURED")

    assert pubsub.calls == 1
    assert words in caplog.text
    assert "a text of the service" not in caplog.text
    in_cloud.assert_landed(BODY, copies=0, marked=False)
    in_cloud.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("35")
def test_a_file_that_somebody_else_holds_leaves_the_object_to_be_announced(
    in_directory: Rig, directory: DirectoryPlace
) -> None:
    in_directory.s3.put(KEY, BODY)
    with closing(sqlite3.connect(directory.file, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")

        refusal = in_directory.send()

        assert refusal.outcome == (503, "NOTIFY_UNAVAILABLE")
        assert refusal.seconds < 3
        another.execute("ROLLBACK")
    in_directory.assert_landed(BODY, copies=0, marked=False)
    in_directory.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("38")
@pytest.mark.parametrize("what", ["a folder", "no database"])
def test_a_file_that_cannot_be_used_is_an_operators_matter(
    in_directory: Rig, directory: DirectoryPlace, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    in_directory.s3.put(KEY, BODY)
    for file in directory.file.parent.glob("notifications.db*"):
        file.unlink()
    if what == "a folder":
        directory.file.mkdir()
    else:
        directory.file.write_bytes(b"somebody's notes" * 100)

    assert in_directory.send().outcome == (500, "MISCONFIGURED")

    assert "correct NOTIFICATION_TOPIC" in caplog.text
    assert in_directory.place.read(NAME) == BODY
    if what == "a folder":
        directory.file.rmdir()
    else:
        directory.file.unlink()
    in_directory.assert_heals(BODY, outcome="already-landed")
