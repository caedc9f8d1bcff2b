"""Whichever way Cloud Storage acts where no document decides, objects land and are announced."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.rig import KEY, LARGE, NAME, Answer, Rig, body_of, running
from tests.faults.ways import LIMITED, UNKNOWN, assert_settles, place_that, server_of
from tests.servers.cloud_storage_faults import Call, Corrupt, Drop, Fault, LoseAnswer
from tests.servers.scripted_s3 import ScriptedS3, cut
from transfer.store import STEP

SMALL, BIG, NEWER = body_of(1000), body_of(LARGE), body_of(LARGE + 1, seed=1)
SIZES = pytest.mark.parametrize("body", [SMALL, BIG], ids=["small", "large"])


@pytest.fixture(params=list(UNKNOWN))
def either(request: pytest.FixtureRequest, s3: ScriptedS3) -> Iterator[Rig]:
    with place_that(UNKNOWN[request.param]) as place, running(place, s3) as rig:
        yield rig


@pytest.fixture(params=list(LIMITED))
def limited(request: pytest.FixtureRequest, s3: ScriptedS3) -> Iterator[Rig]:
    with place_that(LIMITED[request.param]) as place, running(place, s3) as rig:
        yield rig


INJURIES: dict[str, dict[str, list[Fault]]] = {
    "none": {},
    "bytes that change": {"put": [Corrupt()], "multipart": [Corrupt()]},
    "an end that changes": {"finalise": [Corrupt()]},
    "a refusal whose answer is lost": {
        "finalise": [Corrupt(), LoseAnswer()],
        "multipart": [Corrupt(), LoseAnswer()],
    },
    "an answer that is lost": {"finalise": [LoseAnswer()], "multipart": [LoseAnswer()]},
    "a reset in the body": {"put": [Drop(after_bytes=STEP + 9)], "multipart": [Drop()]},
    "a reset at the end": {"finalise": [Drop()], "multipart": [Drop(after_bytes=9)]},
}


@pytest.mark.row("29c")
@SIZES
@pytest.mark.parametrize("injuries", INJURIES.values(), ids=INJURIES)
def test_whatever_the_store_does_where_nothing_is_documented_the_object_lands(
    either: Rig, body: bytes, injuries: dict[str, list[Fault]]
) -> None:
    either.s3.put(KEY, body)
    for kind, faults in injuries.items():
        server_of(either).fault(kind, *faults)

    assert_settles(either, body)

    assert either.send().outcome == (200, "already-landed")
    assert_settles(either, body)


@pytest.mark.row("29c")
@SIZES
@pytest.mark.parametrize("kind", ["create-session", "finalise", "multipart"])
def test_another_who_is_faster_is_replaced_under_its_own_token(
    either: Rig, body: bytes, kind: str
) -> None:
    either.s3.put(KEY, body)
    server = server_of(either)
    server.fault(kind, Call(lambda: server.put(NAME, b"a stranger's")))

    assert either.send().outcome == (200, "landed")

    either.assert_landed(body)


@pytest.mark.row("29c")
def test_an_upload_that_is_given_up_leaves_nothing_and_the_repeat_lands(either: Rig) -> None:
    either.s3.put(KEY, BIG)
    either.s3.faults = [cut(at) for at in (STEP + 1, 0, 0, 0, 0)]

    assert either.send().outcome[0] == 503

    either.assert_nothing_happened()
    either.s3.faults.clear()
    either.assert_heals(BIG)


@pytest.mark.row("39b")
@SIZES
def test_an_object_lands_within_the_limits_of_its_name(limited: Rig, body: bytes) -> None:
    limited.s3.put(KEY, body)

    assert limited.send().outcome == (200, "landed")

    assert_settles(limited, body)


@pytest.mark.row("39b")
@SIZES
def test_a_newer_version_lands_within_the_limits(limited: Rig, body: bytes) -> None:
    limited.s3.put(KEY, body)
    assert_settles(limited, body)
    limited.s3.put(KEY, NEWER)

    assert_settles(limited, NEWER)

    assert len({heard["ce-id"] for heard in limited.place.heard()}) == 2


@pytest.mark.row("39b")
@SIZES
def test_somebody_who_wrote_just_now_holds_nothing_up_for_good(limited: Rig, body: bytes) -> None:
    """The write that uses the limit up comes between the upload and its end."""
    limited.s3.put(KEY, body)
    server = server_of(limited)

    def write() -> None:
        server.bucket.limits.admit("landing", NAME, "write")
        server.put(NAME, b"a stranger's")

    for kind in ("finalise", "multipart"):
        server.fault(kind, Call(write))

    assert_settles(limited, body)


@pytest.mark.row("39b")
@SIZES
def test_equal_messages_at_once_end_right_within_the_limits(limited: Rig, body: bytes) -> None:
    limited.s3.put(KEY, body)
    together = threading.Barrier(6)

    def send(_: int) -> Answer:
        together.wait(10)
        return limited.send()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))

    assert {answer.outcome for answer in answers} <= {
        (200, "landed"),
        (200, "already-landed"),
        (503, "STORE_UNAVAILABLE"),
    }
    assert_settles(limited, body)
    assert len({heard["ce-id"] for heard in limited.place.heard()}) == 1
