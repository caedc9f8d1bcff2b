"""What every store promises, in the same words for all of them."""

import base64
import hashlib

import pytest

from tests.contract.conftest import (
    HEADERS,
    Place,
    begin,
    body_end,
    broken_off,
    content_of,
    crc32c,
    finish,
    go_on,
    land,
    pieces,
)
from transfer.errors import Misconfigured, SourceUnavailable, TokenMoved
from transfer.store import ABSENT, STEP, Store

SIZES = [0, 1, STEP, STEP + 1, 3 * STEP + 1]
SMALL_AND_LARGE = pytest.mark.parametrize("size", [11, STEP + 11])


class TestLanding:
    def test_an_absent_object_is_none(self, store: Store) -> None:
        assert store.stat("nothing/here") is None

    @pytest.mark.parametrize("size", SIZES)
    def test_an_object_comes_back_as_it_was_sent(self, place: Place, size: int) -> None:
        data = content_of(size)

        landed = land(place.store, "folder/name.png", data, headers=HEADERS)

        assert place.content("folder/name.png") == data
        assert landed.name == "folder/name.png"
        assert landed.size == size
        assert landed.crc32c == crc32c(data)
        assert landed.md5 == base64.b64encode(hashlib.md5(data).digest()).decode()
        assert landed.headers == HEADERS
        assert landed.generation > 0
        assert landed.metageneration == 1
        assert landed.created.utcoffset() is not None
        assert landed.updated.utcoffset() is not None
        assert place.leftovers() == 0

    @pytest.mark.parametrize("size", SIZES)
    def test_stat_says_what_finish_said(self, store: Store, size: int) -> None:
        landed = land(store, "name", content_of(size), headers=HEADERS)

        assert store.stat("name") == landed

    @SMALL_AND_LARGE
    def test_an_object_needs_no_headers(self, store: Store, size: int) -> None:
        landed = land(store, "name", content_of(size))

        assert landed.metadata == {}
        assert landed.headers.cache_control is None

    def test_nothing_is_visible_before_the_end(self, place: Place) -> None:
        data = content_of(2 * STEP + 1)

        upload = begin(place.store, "name", data)

        assert place.store.stat("name") is None
        upload.abort()

    @SMALL_AND_LARGE
    def test_an_aborted_upload_leaves_nothing(self, place: Place, size: int) -> None:
        upload = begin(place.store, "name", content_of(size))

        upload.abort()

        assert place.store.stat("name") is None
        assert place.leftovers() == 0

    @SMALL_AND_LARGE
    def test_abort_may_come_twice_and_after_the_end(self, place: Place, size: int) -> None:
        data = content_of(size)
        upload = begin(place.store, "name", data)
        landed = finish(upload, data)

        upload.abort()
        upload.abort()

        assert place.store.stat("name") == landed
        assert place.content("name") == data

    @SMALL_AND_LARGE
    def test_nothing_lands_under_a_wrong_checksum(self, place: Place, size: int) -> None:
        data = content_of(size)
        upload = begin(place.store, "name", data)

        with pytest.raises(TokenMoved):
            upload.finish(data[body_end(data) :], crc32c(b"other bytes"))

        assert place.store.stat("name") is None
        assert place.leftovers() == 0


class TestBrokenSources:
    @pytest.mark.parametrize(
        "failure",
        [SourceUnavailable("cut"), OSError("disk"), ValueError("code"), KeyboardInterrupt()],
    )
    def test_what_the_blocks_raise_comes_out_unchanged(
        self, place: Place, failure: BaseException
    ) -> None:
        data = content_of(3 * STEP + 1)
        upload = place.store.create("name", len(data), HEADERS, ABSENT)

        with pytest.raises(type(failure)) as raised:
            upload.send(broken_off(data, STEP + 5, failure), 0, body_end(data))
        upload.abort()

        assert raised.value is failure
        assert place.store.stat("name") is None
        assert place.leftovers() == 0

    @pytest.mark.parametrize("sent", [0, 1000, STEP, 2 * STEP + 1000])
    def test_an_interrupted_upload_goes_on_where_it_stopped(self, place: Place, sent: int) -> None:
        data = content_of(4 * STEP + 7)
        upload = place.store.create("name", len(data), HEADERS, ABSENT)
        with pytest.raises(SourceUnavailable):
            upload.send(broken_off(data, sent, SourceUnavailable("cut")), 0, body_end(data))

        persisted = upload.persisted()
        go_on(upload, data, persisted)
        landed = finish(upload, data)

        assert persisted <= sent
        assert persisted % STEP == 0
        assert place.content("name") == data
        assert place.store.stat("name") == landed

    def test_an_upload_may_be_sent_in_parts(self, place: Place) -> None:
        data = content_of(3 * STEP + 7)
        upload = place.store.create("name", len(data), HEADERS, ABSENT)

        for start in (0, STEP, 2 * STEP):
            assert upload.persisted() == start
            upload.send(pieces(data, start, start + STEP), start, start + STEP)
        finish(upload, data)

        assert place.content("name") == data


class TestCheck:
    def test_a_store_that_may_be_written_passes(self, store: Store) -> None:
        store.check()

    def test_a_check_leaves_objects_and_uploads_alone(self, place: Place) -> None:
        data = content_of(STEP + 1)
        there = land(place.store, "name", b"data")
        upload = begin(place.store, "other", data)

        place.store.check()

        assert place.store.stat("name") == there
        assert finish(upload, data).size == len(data)

    def test_a_missing_bucket_is_told_with_what_to_do(self, misplaced: Store) -> None:
        with pytest.raises(Misconfigured, match="create it, or correct LANDING_BUCKET"):
            misplaced.check()

    @pytest.mark.parametrize("size", [1, STEP + 1])
    def test_no_write_passes_where_the_check_fails(self, misplaced: Store, size: int) -> None:
        with pytest.raises(Misconfigured, match="LANDING_BUCKET"):
            misplaced.stat("name")
        with pytest.raises(Misconfigured, match="LANDING_BUCKET"):
            land(misplaced, "name", content_of(size))
