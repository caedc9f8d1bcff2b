"""The store fails while ranges are written, and when they are composed."""

import math

import pytest

from adapters.gcs_patience import Patience
from tests.faults.places import CloudPlace, cloud_place
from tests.faults.rig import KEY, NAME, body_of
from tests.parts.rig import BODY, PARTS, RANGE, STARTS, ManyRig, many
from tests.servers.cloud_storage_faults import (
    Answer,
    Call,
    Corrupt,
    Drop,
    Fault,
    Hold,
    Keep,
    LoseAnswer,
)
from tests.servers.scripted_s3 import ScriptedS3
from transfer.store import STEP

OTHER = body_of(1000, seed=5)
INJURIES: dict[str, tuple[str, Fault, int]] = {
    "no session": ("create-session", Answer(503), 0),
    "a session whose address is lost": ("create-session", LoseAnswer(), 0),
    "a reset": ("put", Drop(after_bytes=STEP // 2), 0),
    "bytes that are not kept": ("put", Keep(0), 0),
    "a body answered with 503": ("put", Answer(503), 0),
    "a body whose answer is lost": ("put", LoseAnswer(), 0),
    "a session that is lost": ("put", Answer(404), 1),
    "an end answered with 503": ("finalise", Answer(503), 0),
    "an end whose answer is lost": ("finalise", LoseAnswer(), 0),
    "bytes that arrive otherwise": ("put", Corrupt(), 1),
    "a small range answered with 503": ("multipart", Answer(503), 0),
    "a small range whose answer is lost": ("multipart", LoseAnswer(), 0),
    "a small range that arrives otherwise": ("multipart", Corrupt(), 1),
}


@pytest.mark.parametrize(("kind", "fault", "again"), INJURIES.values(), ids=INJURIES)
def test_a_range_whose_upload_fails_is_written_again_and_no_other(
    rig: ManyRig, kind: str, fault: Fault, again: int
) -> None:
    rig.cloud().fault(kind, fault)

    assert rig.send().outcome == (200, "landed")

    whole = [asked for asked in rig.fetched() if asked.start in STARTS]
    assert len(whole) <= len(STARTS) + 1
    if again:
        assert len(whole) == len(STARTS) + 1
    assert rig.place.read(NAME) == BODY
    assert rig.parts() == []
    assert rig.heard_of(rig.place.generation(NAME)) == 1


@pytest.mark.parametrize(
    ("bytes_there", "again"),
    [(BODY[STARTS[-1] :], 0), (BODY[STARTS[-1] :][::-1], 1), (b"x", 1)],
    ids=["the same", "as many", "fewer"],
)
def test_a_range_that_another_wrote_meanwhile_is_taken_if_it_is_the_same(
    rig: ManyRig, bytes_there: bytes, again: int
) -> None:
    def write() -> None:
        folder = rig.parts()[0].rpartition("/")[0]
        rig.cloud().put(f"{folder}/{STARTS[-1]}-{len(BODY) - 1}", bytes_there)

    rig.cloud().fault("multipart", Call(write))

    assert rig.send().outcome == (200, "landed")

    assert len(rig.fetched()) == len(STARTS) + again
    assert rig.cloud().requests["compose"] == 1
    rig.assert_landed_whole()


LASTING: dict[str, Fault] = {"503": Answer(503), "a closed connection": Drop()}


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
@pytest.mark.parametrize("kind", ["list", "create-session", "put", "multipart", "compose"])
def test_a_store_that_is_away_is_told_and_the_retry_goes_on(
    rig: ManyRig, kind: str, fault: Fault
) -> None:
    rig.cloud().fault(kind, fault, times=math.inf, skip=4 if kind == "put" else 0)

    refusal = rig.send()

    assert refusal.outcome == (503, "STORE_UNAVAILABLE")
    assert refusal.retry_after
    assert rig.place.read(NAME) is None
    assert rig.place.heard() == []
    rig.cloud().clear_faults()
    there, before = len(rig.parts()), len(rig.fetched())
    assert rig.send().outcome == (200, "landed")
    assert len(rig.fetched()) - before == len(STARTS) - there
    assert rig.place.read(NAME) == BODY
    assert rig.parts() == []


def test_a_store_that_may_not_be_used_is_an_operators_matter(rig: ManyRig) -> None:
    rig.cloud().fault("compose", Answer(403))

    assert rig.send().outcome == (500, "MISCONFIGURED")

    rig.assert_nothing_happened()
    rig.assert_heals_whole()


def test_ranges_whose_digests_cannot_be_recorded_land_all_the_same(rig: ManyRig) -> None:
    rig.cloud().fault("patch", Answer(503), times=math.inf)

    assert rig.send().outcome == (200, "landed")

    rig.assert_landed(BODY, marked=False)
    assert rig.parts() == []


def test_a_range_without_a_record_is_fetched_again(rig: ManyRig) -> None:
    """Its writer died before it could say what the range is."""
    rig.cloud().fault("compose", Answer(403))
    rig.send()
    bare = rig.parts()[3]
    rig.cloud().put(bare, rig.cloud().content(bare))
    before = len(rig.fetched())

    assert rig.send().outcome == (200, "landed")

    assert len(rig.fetched()) - before == 1
    rig.assert_landed_whole()


RECORDS = {
    "no Base64": "?",
    "too short": "AAAA",
    "of other bytes": "AAAAAAAAAAA=",
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_that_is_wrong_lands_nothing_wrong(rig: ManyRig, record: str) -> None:
    rig.cloud().fault("compose", Answer(403))
    rig.send()
    rig.cloud().patch(rig.parts()[3], metadata={"landfall-crc64nvme-0": record})

    if record == "AAAAAAAAAAA=":
        assert rig.send().outcome == (503, "SOURCE_CORRUPT")
        rig.assert_clean()
    rig.assert_heals_whole()


@pytest.mark.parametrize("status", [401, 403, 412, 503])
def test_temporary_objects_that_cannot_be_deleted_are_left_for_the_lifecycle_rule(
    rig: ManyRig, status: int
) -> None:
    rig.cloud().fault("delete", Answer(status), times=math.inf)

    assert rig.send().outcome == (200, "landed")

    rig.assert_landed(BODY)
    assert len(rig.parts()) == len(STARTS)
    assert all(name.startswith(PARTS) for name in set(rig.cloud().objects) - {NAME})
    rig.cloud().clear_faults()
    assert rig.send().outcome == (200, "already-landed")
    rig.assert_landed_whole()  # the repeat tidies up


@pytest.mark.parametrize("status", [401, 403, 412, 503])
def test_temporary_objects_that_cannot_be_listed_are_left_as_well(
    rig: ManyRig, status: int
) -> None:
    rig.cloud().fault("list", Answer(status), times=math.inf, skip=1)

    assert rig.send().outcome == (200, "landed")

    rig.assert_landed(BODY)


def test_one_silence_at_the_start_of_a_range_ends_nothing(s3: ScriptedS3) -> None:
    patience = Patience(call_seconds=6.0, answer_seconds=0.8)
    with cloud_place(patience=patience) as place, many(place, s3) as rig:
        rig.cloud().fault("create-session", Hold(seconds=1.2), Drop())

        assert rig.send().outcome == (200, "landed")

        assert len(rig.fetched()) == len(STARTS)
        rig.assert_landed_whole()


def test_a_compose_that_fails_once_is_asked_again(rig: ManyRig) -> None:
    rig.cloud().fault("compose", Answer(503))

    assert rig.send().outcome == (200, "landed")

    rig.assert_landed_whole()


@pytest.mark.parametrize("times", [1, math.inf], ids=["once", "again and again"])
def test_a_compose_whose_answer_is_lost_is_found_at_the_destination(
    rig: ManyRig, times: float
) -> None:
    rig.cloud().fault("compose", LoseAnswer(), times=times)

    assert rig.send().outcome == (200, "already-landed")

    assert len(rig.fetched()) == len(STARTS)
    rig.assert_landed_whole()


def test_another_object_in_the_way_of_a_compose_starts_the_protocol_again(rig: ManyRig) -> None:
    rig.cloud().fault("compose", Call(lambda: rig.cloud().put(NAME, OTHER)))

    assert rig.send().outcome == (200, "landed")

    assert len(rig.fetched()) == len(STARTS)  # the ranges were found
    [heard] = rig.place.heard()
    assert "overwroteGeneration" in heard
    rig.assert_landed_whole()


def test_a_mark_in_the_way_of_a_compose_starts_the_protocol_again(rig: ManyRig) -> None:
    rig.cloud().put(NAME, OTHER)
    rig.cloud().fault("compose", Call(lambda: rig.cloud().patch(NAME, metadata={"a": "b"})))

    assert rig.send().outcome == (200, "landed")

    assert rig.cloud().requests["compose"] == 2
    rig.assert_landed_whole()


LOSSES = ["deleted", "replaced"]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_temporary_object_that_is_another_by_the_compose_is_fetched_again(
    rig: ManyRig, loss: str
) -> None:
    def lose() -> None:
        part = rig.parts()[2]
        if loss == "deleted":
            rig.cloud().delete(part)
        else:
            rig.cloud().put(part, OTHER)

    rig.cloud().fault("compose", Call(lose))

    assert rig.send().outcome == (200, "landed")

    assert len(rig.fetched()) == len(STARTS) + 1
    rig.assert_landed_whole()


def test_another_worker_that_takes_ranges_away_for_ever_ends_in_503(rig: ManyRig) -> None:
    def lose() -> None:
        rig.cloud().delete(rig.parts()[0])

    rig.cloud().fault("compose", Call(lose), times=math.inf)

    assert rig.send().outcome == (503, "STORE_UNAVAILABLE")

    rig.assert_nothing_happened()
    rig.cloud().clear_faults()
    rig.assert_heals_whole()


def test_what_was_composed_of_other_bytes_is_never_announced(
    rig: ManyRig, place: CloudPlace
) -> None:
    def rot() -> None:
        part = rig.cloud().bucket.find(rig.parts()[0], {}).path
        part.write_bytes(bytes(RANGE))

    rig.cloud().fault("compose", Call(rot))

    assert rig.send().outcome == (503, "STORE_UNAVAILABLE")

    rig.assert_clean()
    rig.assert_heals_whole()


def test_the_former_object_stays_when_ranges_are_wrong(rig: ManyRig) -> None:
    rig.cloud().put(NAME, OTHER, metadata={"s3-etag": "former", "landfall-notified": "1"})
    rig.s3.put(KEY, BODY)
    message = rig.message(ChecksumCRC64NVME="AAAAAAAAAAA=")

    assert rig.send(message).outcome == (503, "SOURCE_CORRUPT")

    assert rig.place.read(NAME) == OTHER
    assert rig.parts() == []
    assert rig.place.leftovers() == 0
    assert rig.place.heard() == []
