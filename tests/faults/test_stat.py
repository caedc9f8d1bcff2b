"""Steps 1 to 3: what the destination says, and what becomes of what is there already."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import grpc
import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud import storage

from adapters.gcs_store import GcsStore
from tests.faults.places import PATIENCE, CloudPlace, DirectoryPlace, Place
from tests.faults.rig import KEY, LARGE, NAME, Rig, body_of, running
from tests.servers.cloud_storage_faults import Answer, Call, Drop, Fault, LoseAnswer
from tests.servers.pubsub_protocol import refuse
from tests.servers.scripted_s3 import ScriptedS3

BODY = body_of(LARGE)
OTHER = body_of(LARGE + 1, seed=1)
AWAY: dict[str, tuple[Fault, ...]] = {
    "408": (Answer(408),),
    "429": (Answer(429),),
    "500": (Answer(500),),
    "503": (Answer(503),),
    "a closed connection": (Drop(),),
}
FAULTS = pytest.mark.parametrize("faults", AWAY.values(), ids=AWAY)
TWO_FAULTS = pytest.mark.parametrize("faults", [(Answer(503),), (Drop(),)], ids=["503", "closed"])


@pytest.mark.row("8")
@FAULTS
def test_a_store_that_cannot_be_read_is_told_and_nothing_is_fetched(
    in_cloud: Rig, cloud: CloudPlace, faults: tuple[Fault, ...]
) -> None:
    in_cloud.s3.put(KEY, BODY)
    cloud.cloud.fault("stat", *faults, times=math.inf)

    answer = in_cloud.send()

    assert answer.outcome == (503, "STORE_UNAVAILABLE")
    assert answer.retry_after
    assert answer.seconds < 5
    assert in_cloud.s3.asked == []
    in_cloud.assert_nothing_happened()
    cloud.cloud.clear_faults()
    in_cloud.assert_heals(BODY)


@pytest.mark.row("8")
@pytest.mark.parametrize("fault", [Answer(408), Answer(429), Answer(503), Drop()])
def test_a_store_that_fails_once_is_asked_again(
    in_cloud: Rig, cloud: CloudPlace, fault: Fault
) -> None:
    in_cloud.s3.put(KEY, BODY)
    cloud.cloud.fault("stat", fault)

    in_cloud.assert_heals(BODY)


@pytest.mark.row("8")
def test_a_directory_that_cannot_be_read_is_told_and_nothing_is_fetched(
    in_directory: Rig, directory: DirectoryPlace
) -> None:
    in_directory.s3.put(KEY, BODY)
    lock = directory.lock_of(NAME)
    lock.mkdir(parents=True)  # where a file must be

    answer = in_directory.send()

    assert answer.outcome == (503, "STORE_UNAVAILABLE")
    assert answer.retry_after
    assert in_directory.s3.asked == []
    in_directory.assert_nothing_happened()
    lock.rmdir()
    in_directory.assert_heals(BODY)


FORBIDDEN: dict[str, Fault] = {
    "401": Answer(401),
    "403": Answer(403),
    "no bucket": Answer(404, "The specified bucket does not exist."),
}


@pytest.mark.row("9")
@pytest.mark.parametrize("fault", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_store_that_may_not_be_used_is_an_operators_matter(
    in_cloud: Rig, cloud: CloudPlace, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    in_cloud.s3.put(KEY, BODY)
    cloud.cloud.fault("stat", fault, times=math.inf)

    assert in_cloud.send().outcome == (500, "MISCONFIGURED")

    in_cloud.assert_nothing_happened()
    assert any(words in caplog.text for words in ("objectUser", "create it", "gcloud auth"))
    cloud.cloud.clear_faults()
    in_cloud.assert_heals(BODY)


@pytest.mark.row("9")
@pytest.mark.parametrize(
    "error", [auth.DefaultCredentialsError("canary"), auth.RefreshError("canary")]
)
def test_without_a_token_it_is_an_operators_matter_until_there_is_one(
    cloud: CloudPlace, s3: ScriptedS3, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    s3.put(KEY, BODY)
    missing = [error, error]  # the second for the check at the start

    def new_client() -> storage.Client:
        if missing:
            raise missing.pop()
        client: storage.Client = cloud.new_storage_client()
        return client

    cloud.store = GcsStore("landing", new_client, PATIENCE)
    with running(cloud, s3) as rig:
        assert rig.send().outcome == (500, "MISCONFIGURED")

        rig.assert_nothing_happened()
        assert "run as a service account" in caplog.text
        assert "canary" not in caplog.text
        rig.assert_heals(BODY)


@pytest.mark.row("9")
def test_a_landing_directory_that_cannot_be_is_an_operators_matter(
    tmp_path: Path, s3: ScriptedS3, caplog: pytest.LogCaptureFixture
) -> None:
    s3.put(KEY, BODY)
    (tmp_path / "landing").touch()
    place = DirectoryPlace(tmp_path / "landing")  # below a file
    place.topic = DirectoryPlace(tmp_path).topic
    with running(place, s3) as rig:
        assert rig.send().outcome == (500, "MISCONFIGURED")

        assert "correct its rights or LANDING_BUCKET" in caplog.text
        (tmp_path / "landing").unlink()
        place.file = tmp_path / "notifications.db"
        rig.assert_heals(BODY)


@pytest.mark.row("10")
def test_a_repeat_moves_and_announces_nothing_but_writes(rig: Rig, body: bytes) -> None:
    rig.s3.put(KEY, body)
    assert rig.send().outcome == (200, "landed")
    first = rig.place.metadata(NAME)

    answer = rig.send()

    assert answer.outcome == (200, "already-landed")
    second = rig.place.metadata(NAME)
    assert first
    assert second
    assert first["landfall-notified"] == second["landfall-notified"]
    assert first["landfall-touched"] != second["landfall-touched"]
    assert len(rig.s3.asked) == 1
    rig.assert_landed(body)


@contextmanager
def deaf_topic(place: Place) -> Iterator[None]:
    """Nothing can be published meanwhile."""
    if isinstance(place, DirectoryPlace):
        with closing(sqlite3.connect(place.file, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            yield
            another.execute("ROLLBACK")
        return
    assert isinstance(place, CloudPlace)
    place.pubsub.faults = [refuse(grpc.StatusCode.CANCELLED)]
    yield
    place.pubsub.faults = []


@pytest.mark.row("11")
@pytest.mark.row("35")
def test_what_landed_unannounced_is_announced_by_the_repeat(rig: Rig, body: bytes) -> None:
    rig.s3.put(KEY, body)
    with deaf_topic(rig.place):
        answer = rig.send()

        assert answer.outcome == (503, "NOTIFY_UNAVAILABLE")
        assert answer.retry_after
    rig.assert_landed(body, copies=0, marked=False)

    rig.assert_heals(body, outcome="already-landed")

    assert len(rig.s3.asked) == 1  # there was no second download


@pytest.mark.row("12")
def test_an_unannounced_predecessor_is_announced_before_it_is_replaced(rig: Rig) -> None:
    rig.s3.put(KEY, BODY)
    with deaf_topic(rig.place):
        assert rig.send().outcome == (503, "NOTIFY_UNAVAILABLE")
    former = rig.place.generation(NAME)
    rig.s3.put(KEY, OTHER)

    rig.assert_heals(OTHER)

    heard = [attributes["objectGeneration"] for attributes in rig.place.heard()]
    assert heard == [str(former), str(rig.place.generation(NAME))]
    assert rig.heard_of(former) == 1
    assert rig.place.heard()[1]["overwroteGeneration"] == str(former)


@pytest.mark.row("12")
@TWO_FAULTS
def test_a_predecessor_is_announced_and_replaced_though_its_mark_fails(
    in_cloud: Rig, cloud: CloudPlace, faults: tuple[Fault, ...]
) -> None:
    in_cloud.s3.put(KEY, BODY)
    with deaf_topic(cloud):
        in_cloud.send()
    former = cloud.generation(NAME)
    in_cloud.s3.put(KEY, OTHER)
    cloud.cloud.fault("patch", *faults, times=math.inf)

    assert in_cloud.send().outcome == (200, "landed")

    in_cloud.assert_landed(OTHER, marked=False)
    assert in_cloud.heard_of(former) == 1


@pytest.mark.row("10")
@TWO_FAULTS
def test_a_repeat_that_cannot_write_is_no_success(
    in_cloud: Rig, cloud: CloudPlace, faults: tuple[Fault, ...]
) -> None:
    """Its own compare-and-set is what makes a slower worker's token stale."""
    in_cloud.s3.put(KEY, BODY)
    in_cloud.send()
    cloud.cloud.fault("patch", *faults, times=math.inf)

    assert in_cloud.send().outcome == (503, "STORE_UNAVAILABLE")

    cloud.cloud.clear_faults()
    in_cloud.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("10")
@pytest.mark.parametrize("lost", [False, True], ids=["another's", "its own, whose answer was lost"])
def test_a_repeat_that_meets_a_write_starts_again(
    in_cloud: Rig, cloud: CloudPlace, lost: bool
) -> None:
    in_cloud.s3.put(KEY, BODY)
    in_cloud.send()
    touch = Call(lambda: cloud.cloud.patch(NAME, metadata={"landfall-touched": "another"}))
    cloud.cloud.fault("patch", LoseAnswer() if lost else touch)

    in_cloud.assert_heals(BODY, outcome="already-landed")


def test_a_failure_that_google_has_no_name_for_is_no_success(
    cloud: CloudPlace, s3: ScriptedS3
) -> None:
    s3.put(KEY, BODY)

    def new_client() -> storage.Client:
        raise api.Unknown("canary")

    cloud.store = GcsStore("landing", new_client, PATIENCE)
    with running(cloud, s3) as rig:
        assert rig.send().outcome == (503, "STORE_UNAVAILABLE")
        rig.assert_nothing_happened()
