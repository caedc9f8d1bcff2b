"""Several workers and versions at one destination, all by ranges."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from tests.faults.places import CloudPlace
from tests.faults.rig import KEY, NAME
from tests.parts.rig import BODY, NEWER, STARTS, ManyRig, many
from tests.servers.cloud_storage_faults import Hold
from tests.servers.scripted_s3 import ScriptedS3, held, reset_at_once

PATIENCE_SECONDS = 10


def test_two_workers_with_the_same_message_land_one_object(rig: ManyRig) -> None:
    message = rig.message()
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(rig.send, [message] * 2))

    assert sorted(answer.outcome for answer in answers) in (
        [(200, "already-landed"), (200, "landed")],
        [(200, "already-landed")] * 2,  # its own compose was seen by the other first
    )
    copies = rig.heard_of(rig.place.generation(NAME))
    assert copies in (1, 2)  # of one and the same id
    assert len(rig.place.heard()) == copies  # no other generation was ever announced
    rig.assert_landed_whole(copies=copies)


def test_a_worker_takes_what_another_has_fetched(rig: ManyRig) -> None:
    """The one is stuck in its last range; the other lands the object, and tidies up."""
    reached, release = Event(), Event()
    rig.s3.range_faults[STARTS[-1]] = [held(10, reached, release)]
    message = rig.message()
    with ThreadPoolExecutor() as pool:
        stuck = pool.submit(rig.send, message)
        assert reached.wait(PATIENCE_SECONDS)
        while len(rig.parts()) < len(STARTS) - 1 or rig.cloud().requests["patch"] < 8:
            pass
        before = len(rig.fetched())

        assert rig.send(message).outcome == (200, "landed")

        assert [asked.start for asked in rig.fetched()[before:]] == [STARTS[-1]]
        assert rig.parts() == []
        release.set()
        assert stuck.result().outcome == (200, "already-landed")
    rig.assert_landed_whole()


def test_ranges_of_another_server_are_never_composed_with_the_owners(
    place: CloudPlace, s3: ScriptedS3
) -> None:
    """Bucket, key, ETag and size are the same; only the server and the bytes are not."""
    forged = BODY[:-1] + b"!"
    with (
        ScriptedS3() as forger,
        many(place, s3, S3_ENDPOINTS=f"{s3.origin},{forger.origin}") as rig,
    ):
        forger.put(KEY, forged, etag=s3.objects[KEY].etag)
        forger.range_faults[STARTS[-1]] = [reset_at_once] * 20
        of_the_owner = rig.message()
        of_the_forger = of_the_owner.replace(s3.origin.encode(), forger.origin.encode())
        assert rig.send(of_the_forger).outcome == (503, "SOURCE_UNAVAILABLE")
        assert rig.parts() != []

        assert rig.send(of_the_owner).outcome == (200, "landed")

        assert sorted(asked.start for asked in rig.fetched()) == STARTS
        rig.assert_landed(BODY)


def test_a_version_that_lands_before_the_compose_stays(rig: ManyRig) -> None:
    hold = Hold()
    rig.cloud().fault("compose", hold)
    older = rig.message()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(rig.send, older)
        assert hold.reached.wait(PATIENCE_SECONDS)
        rig.s3.put(KEY, NEWER)
        assert rig.send().outcome == (200, "landed")
        hold.release.set()

        assert slow.result().outcome == (200, "superseded")

    rig.assert_landed_whole(NEWER)
    assert len(rig.place.heard()) == 1


def test_what_is_put_back_meanwhile_is_not_lost_to_a_slow_compose(rig: ManyRig) -> None:
    """A, B, A: the repeat of A changes nothing but the metageneration, and that is enough."""
    assert rig.send().outcome == (200, "landed")
    rig.s3.put(KEY, NEWER)
    hold = Hold()
    rig.cloud().fault("compose", hold)
    newer = rig.message()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(rig.send, newer)
        assert hold.reached.wait(PATIENCE_SECONDS)
        rig.s3.put(KEY, BODY)
        assert rig.send().outcome == (200, "already-landed")
        hold.release.set()

        assert slow.result().outcome == (200, "superseded")

    rig.assert_landed_whole()
    assert len(rig.place.heard()) == 1


def test_an_unannounced_predecessor_is_announced_before_it_is_replaced(rig: ManyRig) -> None:
    rig.cloud().put(NAME, NEWER, metadata={"s3-etag": "e", "s3-bucket": "b", "s3-key": "k"})
    former = rig.place.generation(NAME)

    assert rig.send().outcome == (200, "landed")

    heard = [attributes["objectGeneration"] for attributes in rig.place.heard()]
    assert heard == [str(former), str(rig.place.generation(NAME))]
    rig.assert_landed_whole()
