"""What only the Cloud Storage adapter promises: how it meets broken uploads."""

import math
from typing import Literal

import pytest

from adapters.gcs_store import GcsStore
from tests.contract.conftest import (
    HEADERS,
    begin,
    body_end,
    content_of,
    crc32c,
    finish,
    go_on,
    land,
    pieces,
)
from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer, Call, Corrupt, Drop, Fault, Keep, LoseAnswer
from tests.servers.cloud_storage_rules import Ways
from transfer.errors import (
    StoreUnavailable,
    TokenMoved,
    UploadLost,
)
from transfer.store import ABSENT, STEP, Upload

DATA = content_of(4 * STEP + 7)
BODY = body_end(DATA)
SMALL_AND_LARGE = pytest.mark.parametrize("data", [b"small", DATA], ids=["small", "large"])


@pytest.fixture
def upload(gcs: GcsStore) -> Upload:
    """A resumable upload of DATA, of which nothing is sent yet."""
    return gcs.create("name", len(DATA), HEADERS, ABSENT)


class TestBrokenBodies:
    @pytest.mark.parametrize("after", [0, 1000, STEP + 1000, 3 * STEP])
    def test_a_reset_in_mid_body_is_resumed(
        self, cloud: CloudStorage, upload: Upload, after: int
    ) -> None:
        cloud.fault("put", Drop(after_bytes=after))

        with pytest.raises(StoreUnavailable):
            upload.send(pieces(DATA, 0, BODY), 0, BODY)
        persisted = upload.persisted()
        go_on(upload, DATA, persisted)
        landed = finish(upload, DATA)

        assert persisted == after // STEP * STEP
        assert cloud.content("name") == DATA
        assert landed.crc32c == crc32c(DATA)

    def test_resets_again_and_again_are_resumed(self, cloud: CloudStorage, upload: Upload) -> None:
        cloud.fault("put", Drop(after_bytes=STEP + 1000), times=3)
        position = 0

        while position < BODY:
            try:
                position = upload.send(pieces(DATA, position, BODY), position, BODY)
            except StoreUnavailable:
                position = upload.persisted()
        finish(upload, DATA)

        assert cloud.content("name") == DATA
        assert cloud.requests["status"] == 3

    def test_send_says_how_much_of_the_body_was_kept(
        self, cloud: CloudStorage, upload: Upload
    ) -> None:
        cloud.fault("put", Keep(2 * STEP + 1000))

        persisted = upload.send(pieces(DATA, 0, BODY), 0, BODY)
        go_on(upload, DATA, persisted)
        finish(upload, DATA)

        assert persisted == 2 * STEP
        assert cloud.content("name") == DATA

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_busy_service_is_asked_how_far_it_came(
        self, cloud: CloudStorage, upload: Upload, status: int
    ) -> None:
        cloud.fault("put", Answer(status))
        cloud.fault("status", Answer(status))

        with pytest.raises(StoreUnavailable):
            upload.send(pieces(DATA, 0, BODY), 0, BODY)

        assert upload.persisted() == 0
        assert cloud.requests["status"] == 2

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_session_that_is_gone_is_lost(
        self, cloud: CloudStorage, upload: Upload, status: int
    ) -> None:
        cloud.fault("put", Answer(status), times=math.inf)
        cloud.fault("status", Answer(status))

        with pytest.raises(UploadLost):
            upload.send(pieces(DATA, 0, BODY), 0, BODY)
        with pytest.raises(UploadLost):
            upload.persisted()
        with pytest.raises(UploadLost):
            finish(upload, DATA)

    def test_an_abort_leaves_no_open_session(self, cloud: CloudStorage, upload: Upload) -> None:
        go_on(upload, DATA, 0)
        before = cloud.open_sessions

        upload.abort()

        assert (before, cloud.open_sessions) == (1, 0)
        assert cloud.objects == {}

    @pytest.mark.parametrize("fault", [Drop(), LoseAnswer(), Answer(503)])
    def test_a_failed_abort_says_nothing(
        self, cloud: CloudStorage, upload: Upload, fault: Fault
    ) -> None:
        cloud.fault("cancel", fault)

        upload.abort()

        assert cloud.objects == {}


class TestTheEnd:
    def test_a_lost_answer_is_in_doubt_and_the_object_there_once(
        self, cloud: CloudStorage, gcs: GcsStore
    ) -> None:
        upload = begin(gcs, "name", DATA)
        cloud.fault("finalise", LoseAnswer())

        with pytest.raises(UploadLost):
            finish(upload, DATA)

        there = gcs.stat("name")
        assert there is not None
        assert there.crc32c == crc32c(DATA)
        assert cloud.requests["put"] == 2  # the body, and the tail only once

    def test_a_lost_answer_of_a_small_object_looks_like_another_worker(
        self, cloud: CloudStorage, gcs: GcsStore
    ) -> None:
        cloud.fault("multipart", LoseAnswer())

        with pytest.raises(TokenMoved):
            land(gcs, "name", b"small")

        there = gcs.stat("name")
        assert there is not None
        assert there.crc32c == crc32c(b"small")

    @SMALL_AND_LARGE
    @pytest.mark.parametrize("fault", [Drop(), Answer(429), Answer(503)])
    def test_the_end_is_sent_again_if_it_did_not_arrive(
        self, cloud: CloudStorage, gcs: GcsStore, data: bytes, fault: Fault
    ) -> None:
        upload = begin(gcs, "name", data)
        cloud.fault("multipart", fault)
        cloud.fault("finalise", fault)

        landed = finish(upload, data)

        assert gcs.stat("name") == landed
        assert cloud.content("name") == data

    @SMALL_AND_LARGE
    @pytest.mark.parametrize("status", [400, 412])
    def test_bytes_that_changed_on_the_way_are_refused(
        self, data: bytes, status: Literal[400, 412], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with CloudStorage(bucket="landing", ways=Ways(hash_refusal=status)) as cloud:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.url)
            gcs = GcsStore("landing")
            upload = begin(gcs, "name", data)

            with pytest.raises(TokenMoved):
                upload.finish(data[body_end(data) :], crc32c(b"what was meant"))

            assert gcs.stat("name") is None
            assert cloud.open_sessions == 0

    @pytest.mark.parametrize("kind", ["put", "finalise"])
    def test_a_bit_that_flips_on_the_way_is_found(
        self, cloud: CloudStorage, gcs: GcsStore, kind: str
    ) -> None:
        cloud.fault(kind, Corrupt())

        with pytest.raises(TokenMoved):
            land(gcs, "name", DATA)

        assert cloud.objects == {}

    def test_another_worker_who_is_faster_wins(self, cloud: CloudStorage, gcs: GcsStore) -> None:
        cloud.fault("finalise", Call(lambda: cloud.put("name", b"theirs")))

        with pytest.raises(TokenMoved):
            land(gcs, "name", DATA)

        assert cloud.content("name") == b"theirs"

    def test_a_session_may_be_refused_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with CloudStorage(bucket="landing", ways=Ways(early_preconditions=True)) as cloud:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.url)
            cloud.put("name", b"theirs")

            with pytest.raises(TokenMoved):
                GcsStore("landing").create("name", len(DATA), HEADERS, ABSENT)

    @SMALL_AND_LARGE
    def test_an_object_may_have_no_md5(self, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        with CloudStorage(bucket="landing", md5=False) as cloud:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.url)

            assert land(GcsStore("landing"), "name", data).md5 is None
