"""Steps 5 to 8 at Cloud Storage: the upload breaks, and the end of it is lost, refused or late."""

import math
from collections.abc import Iterator

import pytest

from tests.faults.places import CloudPlace, cloud_place
from tests.faults.rig import KEY, LARGE, NAME, Rig, body_of, running
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import (
    Answer,
    Call,
    Corrupt,
    Drop,
    Fault,
    Keep,
    LoseAnswer,
)
from tests.servers.cloud_storage_rules import Ways
from tests.servers.scripted_s3 import Asked, ScriptedS3
from transfer.store import STEP

BODY = body_of(LARGE)
SMALL = body_of(1000)
SIZES = pytest.mark.parametrize("body", [SMALL, BODY], ids=["small", "large"])


@pytest.fixture
def server(cloud: CloudPlace) -> CloudStorage:
    return cloud.cloud


BROKEN: dict[str, tuple[Fault, ...]] = {
    "408": (Answer(408),),
    "429": (Answer(429),),
    "500": (Answer(500),),
    "503": (Answer(503),),
    "closed before a byte": (Drop(),),
    "closed after some bytes": (Drop(after_bytes=STEP + 1000),),
    "kept in part": (Keep(STEP),),
    "kept, but not answered": (LoseAnswer(),),
}


@pytest.mark.row("29")
@pytest.mark.parametrize("faults", BROKEN.values(), ids=BROKEN)
def test_a_broken_upload_goes_on_from_the_last_byte_that_is_kept(
    in_cloud: Rig, server: CloudStorage, faults: tuple[Fault, ...]
) -> None:
    etag = in_cloud.s3.put(KEY, BODY)
    server.fault("put", *faults)

    assert in_cloud.send().outcome == (200, "landed")

    assert server.requests["create-session"] == 1
    starts = [asked.start for asked in in_cloud.s3.asked]
    assert starts[0] == 0
    assert all(start % STEP == 0 for start in starts)
    assert in_cloud.s3.asked == [Asked(start, etag) for start in starts]
    in_cloud.assert_landed(BODY)
    in_cloud.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("29")
def test_only_what_is_missing_is_fetched_again(in_cloud: Rig, server: CloudStorage) -> None:
    in_cloud.s3.put(KEY, BODY)
    server.fault("put", Keep(2 * STEP))

    in_cloud.assert_heals(BODY)

    assert [asked.start for asked in in_cloud.s3.asked] == [0, 2 * STEP]


ENDS: dict[str, tuple[Fault, ...]] = {
    "408": (Answer(408),),
    "429": (Answer(429),),
    "503": (Answer(503),),
    "closed": (Drop(),),
}


@pytest.mark.row("29")
@SIZES
@pytest.mark.parametrize("faults", ENDS.values(), ids=ENDS)
def test_an_end_that_did_not_arrive_is_sent_again(
    in_cloud: Rig, server: CloudStorage, body: bytes, faults: tuple[Fault, ...]
) -> None:
    in_cloud.s3.put(KEY, body)
    server.fault("finalise", *faults)
    server.fault("multipart", *faults)

    answer = in_cloud.send()

    assert answer.status == 200
    in_cloud.assert_landed(body)
    in_cloud.assert_heals(body, outcome="already-landed")


@pytest.mark.row("29")
@pytest.mark.parametrize("kind", ["create-session", "put", "finalise", "multipart", "status"])
@pytest.mark.parametrize("faults", [(Answer(503),), (Drop(),)], ids=["503", "closed"])
def test_a_store_that_keeps_failing_is_given_up_without_a_trace(
    in_cloud: Rig, server: CloudStorage, kind: str, faults: tuple[Fault, ...]
) -> None:
    body = SMALL if kind == "multipart" else BODY
    in_cloud.s3.put(KEY, body)
    server.fault(kind, *faults, times=math.inf)
    if kind == "status":
        server.fault("put", Drop(after_bytes=STEP), times=math.inf)

    answer = in_cloud.send()

    assert answer.outcome == (503, "STORE_UNAVAILABLE")
    assert answer.retry_after
    in_cloud.assert_nothing_happened()
    server.clear_faults()
    in_cloud.assert_heals(body)


@pytest.mark.row("9")
@pytest.mark.parametrize("kind", ["create-session", "put", "finalise", "multipart"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_store_that_may_not_be_written_is_an_operators_matter(
    in_cloud: Rig, server: CloudStorage, kind: str, status: int
) -> None:
    body = SMALL if kind == "multipart" else BODY
    in_cloud.s3.put(KEY, body)
    server.fault(kind, Answer(status), times=math.inf)

    assert in_cloud.send().outcome == (500, "MISCONFIGURED")

    in_cloud.assert_nothing_happened()
    server.clear_faults()
    in_cloud.assert_heals(body)


@pytest.mark.row("30")
@pytest.mark.parametrize("kind", ["put", "finalise"])
def test_an_upload_that_the_store_forgets_is_begun_again(
    in_cloud: Rig, server: CloudStorage, kind: str
) -> None:
    in_cloud.s3.put(KEY, BODY)
    server.fault(kind, Call(server.forget_sessions))

    assert in_cloud.send().outcome == (200, "landed")

    assert server.requests["create-session"] == 2
    in_cloud.assert_landed(BODY)
    in_cloud.assert_heals(BODY, outcome="already-landed")


@pytest.mark.row("30")
@pytest.mark.parametrize("kind", ["put", "finalise"])
def test_a_store_that_keeps_forgetting_is_given_up(
    in_cloud: Rig, server: CloudStorage, kind: str
) -> None:
    in_cloud.s3.put(KEY, BODY)
    server.fault(kind, Call(server.forget_sessions), times=math.inf)

    assert in_cloud.send().outcome == (503, "STORE_UNAVAILABLE")

    in_cloud.assert_nothing_happened()
    server.clear_faults()
    in_cloud.assert_heals(BODY)


@pytest.mark.row("30")
def test_an_end_that_was_done_before_the_upload_was_forgotten_is_found(
    in_cloud: Rig, server: CloudStorage
) -> None:
    in_cloud.s3.put(KEY, BODY)
    server.fault("finalise", LoseAnswer())
    server.fault("status", Call(server.forget_sessions))

    assert in_cloud.send().outcome == (200, "already-landed")

    assert len(in_cloud.s3.asked) == 1
    in_cloud.assert_landed(BODY)


@pytest.fixture(params=[400, 412])
def strict(request: pytest.FixtureRequest, s3: ScriptedS3) -> Iterator[Rig]:
    """The store may refuse a wrong checksum in either way."""
    with cloud_place(ways=Ways(hash_refusal=request.param)) as place, running(place, s3) as rig:
        yield rig


@pytest.mark.row("31")
@pytest.mark.parametrize(
    ("kind", "body"),
    [("multipart", SMALL), ("put", BODY), ("finalise", BODY)],
    ids=["small", "the body", "the end"],
)
def test_bytes_that_change_on_their_way_to_the_store_never_land(
    strict: Rig, kind: str, body: bytes
) -> None:
    assert isinstance(strict.place, CloudPlace)
    strict.s3.put(KEY, body)
    strict.place.cloud.fault(kind, Corrupt())

    refusal = strict.send()

    assert refusal.outcome == (503, "STORE_UNAVAILABLE")
    assert refusal.retry_after
    strict.assert_nothing_happened()
    strict.assert_heals(body)


@pytest.mark.row("33")
@SIZES
def test_an_end_that_is_done_but_not_answered_is_found_and_announced(
    in_cloud: Rig, server: CloudStorage, body: bytes
) -> None:
    in_cloud.s3.put(KEY, body)
    server.fault("finalise", LoseAnswer())
    server.fault("multipart", LoseAnswer())

    assert in_cloud.send().outcome == (200, "already-landed")

    assert len(in_cloud.s3.asked) == 1
    in_cloud.assert_landed(body)
    in_cloud.assert_heals(body, outcome="already-landed")


@pytest.mark.row("33")
def test_an_end_in_doubt_is_told_as_such_and_found_by_the_repeat(
    in_cloud: Rig, server: CloudStorage
) -> None:
    in_cloud.s3.put(KEY, BODY)
    server.fault("finalise", LoseAnswer())
    server.fault("status", Answer(503), times=math.inf)
    server.fault("stat", Answer(503), skip=1, times=math.inf)

    assert in_cloud.send().outcome == (503, "STORE_UNAVAILABLE")

    in_cloud.assert_landed(BODY, copies=0, marked=False)
    server.clear_faults()
    in_cloud.assert_heals(BODY, outcome="already-landed")
    assert len(in_cloud.s3.asked) == 1


@pytest.mark.row("32")
@SIZES
def test_another_who_lands_first_is_replaced_under_its_own_token(
    in_cloud: Rig, server: CloudStorage, body: bytes
) -> None:
    in_cloud.s3.put(KEY, body)
    theirs = Call(lambda: server.put(NAME, b"a stranger's"))
    server.fault("finalise", theirs)
    server.fault("multipart", theirs)

    assert in_cloud.send().outcome == (200, "landed")

    in_cloud.assert_landed(body)
    assert len(in_cloud.place.heard()) == 1
    assert in_cloud.place.heard()[0]["overwroteGeneration"]


@pytest.mark.row("32")
@SIZES
def test_others_who_never_stop_are_left_alone_in_the_end(
    in_cloud: Rig, server: CloudStorage, body: bytes
) -> None:
    in_cloud.s3.put(KEY, body)
    theirs = Call(lambda: server.put(NAME, b"a stranger's"))
    for kind in ("finalise", "multipart"):
        server.fault(kind, theirs, times=math.inf)

    assert in_cloud.send().outcome == (503, "STORE_UNAVAILABLE")

    assert len(in_cloud.s3.asked) == 6
    assert in_cloud.place.read(NAME) == b"a stranger's"
    assert in_cloud.place.leftovers() == 0
    assert in_cloud.place.heard() == []
    server.clear_faults()
    in_cloud.assert_heals(body)
