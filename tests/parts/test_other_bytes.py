"""The store composes other bytes than were verified, and its answer is lost."""

import json
import logging
import math
from collections.abc import Iterator
from datetime import timedelta
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.faults.places import CloudPlace, cloud_place
from tests.faults.rig import API_KEY, BUCKET, KEY, NAME
from tests.parts.rig import BODY, NEWER, RANGE, ManyRig, crc32c_of
from tests.servers.cloud_storage_faults import Answer, Call, LoseAnswer
from transfer.reconciling import Finding, Reconciler
from transfer.store import ComposingStore

SETTINGS: dict[str, dict[str, object]] = {
    "lists tell checksums": {},
    "lists tell none": {"encryption": {"defaultKmsKeyName": "key"}},
}


@pytest.fixture(params=list(SETTINGS))
def place(request: pytest.FixtureRequest) -> Iterator[CloudPlace]:
    with cloud_place(settings=SETTINGS[request.param]) as place:
        yield place


def compose_wrong(rig: ManyRig, times: float = 1) -> None:
    """The bytes of a range rot in the store, whose answer to the compose is lost so many times."""

    def rot() -> None:
        path = rig.cloud().bucket.find(rig.parts()[0], {}).path
        path.write_bytes(bytes(RANGE))

    rig.cloud().fault("compose", Call(rot), LoseAnswer(), times=times)


@pytest.fixture
def wrong(rig: ManyRig) -> ManyRig:
    """What nobody verified is where the object should be, under its record."""
    compose_wrong(rig, math.inf)
    assert rig.send().outcome == (503, "STORE_UNAVAILABLE")
    rig.cloud().clear_faults()
    there = rig.place.read(NAME)
    assert there is not None
    assert there != BODY
    assert len(there) == len(BODY)
    assert rig.place.heard() == []
    return rig


def assert_heals_later(rig: ManyRig, body: bytes = BODY) -> None:
    """The rotten ranges are used once more, found out, and fetched again by the next message."""
    assert rig.send().outcome == (503, "STORE_UNAVAILABLE")
    rig.assert_nothing_visible()
    rig.assert_heals_whole(body)


def test_the_record_holds_the_checksum_of_the_verified_bytes(rig: ManyRig) -> None:
    rig.send()

    metadata = rig.place.metadata(NAME)

    assert metadata is not None
    assert metadata["landfall-crc32c"] == crc32c_of(BODY)["ChecksumCRC32C"]


def test_a_lost_answer_does_not_announce_other_bytes(rig: ManyRig) -> None:
    compose_wrong(rig)

    assert rig.send().outcome == (503, "STORE_UNAVAILABLE")

    rig.assert_clean()
    rig.assert_heals_whole()


def test_other_bytes_that_stayed_are_replaced_by_the_repeat(wrong: ManyRig) -> None:
    assert_heals_later(wrong)


def test_other_bytes_that_cannot_be_deleted_are_replaced_by_the_repeat(rig: ManyRig) -> None:
    compose_wrong(rig)
    rig.cloud().fault("delete", Answer(503), times=math.inf)
    assert rig.send().outcome == (503, "STORE_UNAVAILABLE")
    assert rig.place.read(NAME) is not None
    assert rig.place.heard() == []
    rig.cloud().clear_faults()

    assert_heals_later(rig)


def test_a_newer_version_replaces_them_and_announces_only_itself(wrong: ManyRig) -> None:
    wrong.s3.put(KEY, NEWER)

    assert wrong.send().outcome == (200, "landed")

    assert wrong.place.read(NAME) == NEWER
    assert len(wrong.place.heard()) == 1
    assert wrong.heard_of(wrong.place.generation(NAME)) == 1


def test_a_comparison_calls_them_different(wrong: ManyRig) -> None:
    message = {**json.loads(wrong.message()), "validateOnly": True}

    assert wrong.send(json.dumps(message).encode()).outcome == (200, "different")


def ask(rig: ManyRig, path: str, body: object = None) -> tuple[int, dict[str, object]]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"x-api-key": API_KEY, "Content-Type": "application/json"}
    request = Request(f"http://127.0.0.1:{rig.port}{path}", data, headers)
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_a_question_is_answered_by_different_and_nothing_is_announced(wrong: ManyRig) -> None:
    query = urlencode({"bucket": BUCKET, "key": KEY})

    status, found = ask(wrong, f"/objects?{query}")
    refused, _ = ask(wrong, "/objects:announce", {"bucket": BUCKET, "key": KEY})

    assert (status, found["status"]) == (200, "different")
    assert refused == 404
    assert wrong.place.heard() == []


def test_the_second_net_does_not_announce_them(
    wrong: ManyRig, caplog: pytest.LogCaptureFixture
) -> None:
    store = wrong.place.store
    assert isinstance(store, ComposingStore)

    with caplog.at_level(logging.ERROR):
        found = Reconciler(store, wrong.place.topic, patience=timedelta()).walk()

    assert found == {Finding.FAILED: 1}
    assert "other bytes than were verified" in caplog.text
    assert wrong.place.heard() == []
    assert_heals_later(wrong)
