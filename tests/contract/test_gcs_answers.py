"""Answers of Cloud Storage that cannot be read leave the outcome in doubt, and nothing worse."""

import time

import pytest

from adapters.gcs_patience import Patience
from adapters.gcs_store import GcsStore
from adapters.gcs_upload import SessionUpload
from adapters.kept_connections import KeptConnections
from tests.servers.raw import RawServer, answer
from transfer.errors import StoreUnavailable, UploadLost

HASTY = Patience(call_seconds=1.0)
UNREADABLE = {
    "nested too deeply": 100_000 * b"[",
    "names nested too deeply": 20_000 * b'{"a":',
    "an integer of too many digits": b'{"generation":' + 5000 * b"1" + b"}",
    "a number beyond all": b'{"bucket":"b","name":"n","generation":1e400}',
    "a list": b"[]",
    "no UTF-8": b'{"a":"\xff"}',
    "nothing": b"",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_cannot_be_read_is_no_object(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer([answer(body)]) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.origin)
        with pytest.raises(StoreUnavailable):
            GcsStore("landing", patience=HASTY).stat("name")


def upload_to(server: RawServer) -> SessionUpload:
    ends = time.monotonic() + 10
    return SessionUpload(KeptConnections(), f"{server.origin}/session", "landing", 5, HASTY, ends)


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_the_end_of_an_upload_that_cannot_be_read_is_in_doubt(body: bytes) -> None:
    with RawServer([answer(body)]) as server, pytest.raises(UploadLost):
        upload_to(server).finish(b"heron", "AAAAAA==")


def test_a_range_of_too_many_digits_is_none() -> None:
    head = answer(b"", "308 Resume Incomplete", Range=f"bytes=0-{5000 * '1'}")
    with RawServer([head]) as server:
        assert upload_to(server).persisted() == 0
