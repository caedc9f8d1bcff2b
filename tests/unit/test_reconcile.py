"""The command `reconcile.py`: what it prints, and how it ends."""

import base64
from hashlib import sha256
from pathlib import Path

import google_crc32c
import pytest

from adapters.directory_store import DirectoryStore
from reconcile import main
from transfer.store import ABSENT, ObjectHeaders


def test_a_walk_over_a_damaged_record_reports_it_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANDING_BUCKET", f"file:{tmp_path}/bucket")
    monkeypatch.setenv("NOTIFICATION_TOPIC", f"sqlite:{tmp_path}/notifications.db")
    store = DirectoryStore(tmp_path / "bucket")
    crc32c = base64.b64encode(google_crc32c.value(b"data").to_bytes(4, "big")).decode()
    for name in ("a", "b"):
        store.create(name, 4, ObjectHeaders(), ABSENT).finish(b"data", crc32c)
    digest = sha256(b"a").hexdigest()
    (tmp_path / f"bucket/.landfall/records/{digest[:2]}/{digest}.json").write_bytes(b"{")

    first, told = main(["walk"]), capsys.readouterr().out
    second = main(["walk"])

    assert (first, second) == (1, 0)
    assert "1 had no readable record" in told
    assert "1 was announced, or is gone" in told
