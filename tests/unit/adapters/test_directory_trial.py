"""A file system is tried out before anything lands on it, and nothing stays."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.beneath import Beneath, Folder
from adapters.directory_trial import try_out
from transfer.errors import Misconfigured


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with Beneath(tmp_path).folder(()) as opened:
        yield opened


def test_nothing_stays(folder: Folder, tmp_path: Path) -> None:
    try_out(folder, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_hard_links_is_refused(folder: Folder, tmp_path: Path) -> None:
    def link(folder: Folder, name: str, to: Folder, other: str) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    with pytest.raises(Misconfigured, match=r"makes no hard links.*LANDING_BUCKET"):
        try_out(folder, tmp_path, link)

    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_meanwhile_is_told_as_such(folder: Folder, tmp_path: Path) -> None:
    def link(folder: Folder, name: str, to: Folder, other: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left"):
        try_out(folder, tmp_path, link)
