"""Sources that break off and uploads that break, inside one message."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.directory_store import DirectoryStore
from tests.fakes import FakeSource, FakeTopic, etag_of, impatient_budget, message_for
from transfer.errors import SourceUnavailable, StoreUnavailable, UploadLost
from transfer.landing import Landing
from transfer.object_name import ObjectName
from transfer.store import STEP, ObjectHeaders, Token, Upload

BODY = bytes(i * 7 % 251 for i in range(4 * STEP + 1000))
NAME = "source/a/b.bin"


class BreakingStore(DirectoryStore):
    """Uploads fail as told: `reset` and `short` keep a block, `stuck` none, `lost` forgets all."""

    def __init__(self, directory: Path, breaks: list[str]) -> None:
        super().__init__(directory)
        self.breaks = breaks

    def create(
        self,
        name: str,
        size: int,
        headers: ObjectHeaders,
        token: Token,
        deadline: float = math.inf,
    ) -> Upload:
        upload = super().create(name, size, headers, token, deadline)
        return _BreakingUpload(upload, self.breaks)


class _BreakingUpload:
    def __init__(self, upload: Upload, breaks: list[str]) -> None:
        self._upload = upload
        self._breaks = breaks
        self.persisted = upload.persisted
        self.finish = upload.finish
        self.abort = upload.abort

    def send(self, blocks: Iterator[bytes], start: int, end: int) -> int:
        if not self._breaks:
            return self._upload.send(blocks, start, end)
        what = self._breaks.pop(0)
        kept = next(blocks)
        if what == "stuck":
            raise StoreUnavailable("stuck")
        reached = self._upload.send(iter([kept]), start, start + len(kept))
        next(blocks)  # read from the source, lost on the way
        if what == "short":
            return reached
        raise UploadLost("forgotten") if what == "lost" else StoreUnavailable("reset")


def landing(source: FakeSource, store: DirectoryStore) -> Landing:
    name = ObjectName("{bucket}/{key}")
    return Landing(source, store, FakeTopic(), name, 10**9, impatient_budget)


def leftovers(folder: Path) -> list[Path]:
    return list((folder / ".landfall" / "uploads").iterdir())


def test_a_source_that_breaks_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    source = FakeSource(BODY, cuts=[STEP + 17, 2 * STEP])

    landing(source, DirectoryStore(tmp_path)).land(message_for(BODY))

    etag = etag_of(BODY)
    assert source.asked == [(etag, 0), (etag, STEP + 17), (etag, 3 * STEP + 17)]
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_source_that_breaks_off_in_the_tail_goes_on_too(tmp_path: Path) -> None:
    source = FakeSource(BODY, cuts=[4 * STEP + 10])

    landing(source, DirectoryStore(tmp_path)).land(message_for(BODY))

    assert source.asked[1][1] == 4 * STEP + 10
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_source_that_keeps_breaking_off_is_given_up(tmp_path: Path) -> None:
    source = FakeSource(BODY, cuts=[1000] * 9)

    with pytest.raises(SourceUnavailable):
        landing(source, DirectoryStore(tmp_path)).land(message_for(BODY))

    assert len(source.asked) == 4
    assert leftovers(tmp_path) == []
    assert not (tmp_path / NAME).exists()


def test_a_source_changed_in_mid_transfer_is_superseded(tmp_path: Path) -> None:
    source = FakeSource(BODY, cuts=[STEP])
    source.on_open = lambda: setattr(source, "body", b"newer")

    outcome = landing(source, DirectoryStore(tmp_path)).land(message_for(BODY))

    assert outcome.status == "superseded"
    assert leftovers(tmp_path) == []


def test_a_message_that_names_no_version_starts_again_with_what_is_there(tmp_path: Path) -> None:
    source = FakeSource(BODY, cuts=[STEP])
    source.on_open = lambda: setattr(source, "body", b"newer")

    outcome = landing(source, DirectoryStore(tmp_path)).land(message_for(None))

    assert outcome.status == "landed"
    assert (tmp_path / NAME).read_bytes() == b"newer"
    assert leftovers(tmp_path) == []


def test_an_unreachable_source_is_asked_again(tmp_path: Path) -> None:
    source = FakeSource(BODY, unreachable=2)

    outcome = landing(source, DirectoryStore(tmp_path)).land(message_for(BODY))

    assert outcome.status == "landed"
    assert len(source.asked) == 3


@pytest.mark.parametrize("what", ["reset", "short"])
def test_a_broken_upload_goes_on_from_what_is_persisted(tmp_path: Path, what: str) -> None:
    source = FakeSource(BODY)

    landing(source, BreakingStore(tmp_path, [what])).land(message_for(BODY))

    assert source.asked[1] == (etag_of(BODY), STEP)
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_forgotten_upload_starts_again(tmp_path: Path) -> None:
    outcome = landing(FakeSource(BODY), BreakingStore(tmp_path, ["lost"])).land(message_for(BODY))

    assert outcome.status == "landed"
    assert (tmp_path / NAME).read_bytes() == BODY
    assert leftovers(tmp_path) == []


def test_an_upload_that_keeps_breaking_is_given_up(tmp_path: Path) -> None:
    body = BODY * 4
    source, store = FakeSource(body), BreakingStore(tmp_path, ["stuck"] * 9)

    with pytest.raises(StoreUnavailable):
        landing(source, store).land(message_for(body))

    assert len(source.asked) == 4
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("what", ["reset", "short"])
def test_an_upload_that_gets_on_may_break_any_number_of_times(tmp_path: Path, what: str) -> None:
    body = BODY * 4
    store = BreakingStore(tmp_path, [what] * 12)

    landing(FakeSource(body), store).land(message_for(body))

    assert store.breaks == []
    assert (tmp_path / NAME).read_bytes() == body


def test_a_source_that_gets_on_may_break_off_any_number_of_times(tmp_path: Path) -> None:
    body = BODY * 4
    source = FakeSource(body, cuts=[STEP] * 12)

    landing(source, DirectoryStore(tmp_path)).land(message_for(body))

    assert [start for _, start in source.asked] == [n * STEP for n in range(13)]
    assert (tmp_path / NAME).read_bytes() == body


def test_progress_before_the_last_interruption_counts_as_well(tmp_path: Path) -> None:
    breaks = ["stuck", "stuck", "stuck", "reset", "stuck", "stuck"]
    store = BreakingStore(tmp_path, list(breaks))

    landing(FakeSource(BODY), store).land(message_for(BODY))

    assert store.breaks == []


def test_what_is_sent_again_is_no_progress(tmp_path: Path) -> None:
    """A store that forgets what it had kept, at the same place each time."""
    store = BreakingStore(tmp_path, ["reset", "lost"] * 9)

    with pytest.raises(StoreUnavailable):
        landing(FakeSource(BODY * 4), store).land(message_for(BODY * 4))

    assert len(store.breaks) > 9


def test_bytes_read_again_are_hashed_once(tmp_path: Path) -> None:
    source = FakeSource(BODY, cuts=[2 * STEP + 5])
    store = BreakingStore(tmp_path, ["reset"])

    landing(source, store).land(message_for(BODY))

    found = store.stat(NAME)
    assert found is not None
    assert found.metadata["landfall-verified"] == "size,md5"
