"""Every write is conditional: on a stale token nothing changes, in any store."""

import pytest

from tests.contract.conftest import (
    HEADERS,
    Place,
    begin,
    body_end,
    content_of,
    crc32c,
    finish,
    land,
)
from transfer.errors import TokenMoved
from transfer.store import ABSENT, STEP, ObjectHeaders, Store, StoredObject, Token


class TestTokens:
    @pytest.fixture(params=[11, STEP + 11], ids=["small", "large"])
    def data(self, request: pytest.FixtureRequest) -> bytes:
        return content_of(request.param, seed=2)

    @pytest.fixture
    def there(self, store: Store) -> StoredObject:
        return land(store, "name", b"the first", headers=HEADERS)

    def assert_intact(self, place: Place, there: StoredObject) -> None:
        assert place.store.stat("name") == there
        assert place.content("name") == b"the first"
        assert place.leftovers() == 0

    def test_an_object_is_not_created_twice(
        self, place: Place, there: StoredObject, data: bytes
    ) -> None:
        with pytest.raises(TokenMoved):
            land(place.store, "name", data, ABSENT)

        self.assert_intact(place, there)

    def test_the_right_token_replaces_all_of_the_object(
        self, place: Place, there: StoredObject, data: bytes
    ) -> None:
        headers = ObjectHeaders(content_type="text/plain", metadata={"only": "this"})

        landed = land(place.store, "name", data, there.token, headers)

        assert landed.generation > there.generation
        assert landed.metageneration == 1
        assert place.store.stat("name") == landed
        assert landed.headers == headers
        assert place.content("name") == data

    @pytest.mark.parametrize(("generation", "metageneration"), [(1, 0), (-1, 0), (0, 1)])
    def test_an_object_stays_when_the_token_is_stale(
        self, place: Place, there: StoredObject, data: bytes, generation: int, metageneration: int
    ) -> None:
        stale = Token(there.generation + generation, there.metageneration + metageneration)

        with pytest.raises(TokenMoved):
            land(place.store, "name", data, stale)

        self.assert_intact(place, there)

    def test_a_token_is_stale_once_it_was_used(
        self, place: Place, there: StoredObject, data: bytes
    ) -> None:
        landed = land(place.store, "name", data, there.token)

        with pytest.raises(TokenMoved):
            land(place.store, "name", b"a third", there.token)

        assert place.store.stat("name") == landed

    def test_a_token_for_an_absent_object_creates_nothing(
        self, place: Place, there: StoredObject, data: bytes
    ) -> None:
        with pytest.raises(TokenMoved):
            land(place.store, "another", data, there.token)

        assert place.store.stat("another") is None

    def test_a_patch_meanwhile_makes_the_token_stale(
        self, place: Place, there: StoredObject, data: bytes
    ) -> None:
        upload = begin(place.store, "name", data, there.token)
        patched = place.store.patch("name", there.token, {"touched": "by another"})

        with pytest.raises(TokenMoved):
            finish(upload, data)

        self.assert_intact(place, patched)

    def test_a_creation_meanwhile_makes_absence_stale(self, place: Place, data: bytes) -> None:
        upload = begin(place.store, "name", data)
        there = land(place.store, "name", b"the first")

        with pytest.raises(TokenMoved):
            finish(upload, data)

        self.assert_intact(place, there)

    def test_a_wrong_checksum_replaces_nothing(
        self, place: Place, there: StoredObject, data: bytes
    ) -> None:
        upload = begin(place.store, "name", data, there.token)

        with pytest.raises(TokenMoved):
            upload.finish(data[body_end(data) :], crc32c(b"other bytes"))

        self.assert_intact(place, there)


class TestPatch:
    def test_entries_are_set_and_others_kept(self, place: Place) -> None:
        there = land(place.store, "name", b"data", headers=HEADERS)

        patched = place.store.patch("name", there.token, {"new": "ü", "empty": "no more"})

        assert patched.metadata == {**HEADERS.metadata, "new": "ü", "empty": "no more"}
        assert patched.token == Token(there.generation, there.metageneration + 1)
        assert patched.updated >= there.updated
        assert patched.created == there.created
        assert patched.headers.cache_control == HEADERS.cache_control
        assert (patched.size, patched.crc32c, patched.md5) == (there.size, there.crc32c, there.md5)
        assert place.store.stat("name") == patched
        assert place.content("name") == b"data"

    @pytest.mark.parametrize(("generation", "metageneration"), [(1, 0), (-1, 0), (0, 1)])
    def test_a_stale_token_patches_nothing(
        self, store: Store, generation: int, metageneration: int
    ) -> None:
        there = land(store, "name", b"data", headers=HEADERS)
        stale = Token(there.generation + generation, there.metageneration + metageneration)

        with pytest.raises(TokenMoved):
            store.patch("name", stale, {"new": "entry"})

        assert store.stat("name") == there

    def test_metageneration_zero_is_not_checked(self, store: Store) -> None:
        there = land(store, "name", b"data")
        store.patch("name", there.token, {"one": "1"})

        patched = store.patch("name", Token(there.generation, 0), {"two": "2"})

        assert patched.metadata == {"one": "1", "two": "2"}
        assert patched.metageneration == there.metageneration + 2

    @pytest.mark.parametrize("token", [ABSENT, Token(1, 1), Token(1, 0)])
    def test_an_absent_object_is_not_patched(self, store: Store, token: Token) -> None:
        with pytest.raises(TokenMoved):
            store.patch("name", token, {"new": "entry"})

        assert store.stat("name") is None
