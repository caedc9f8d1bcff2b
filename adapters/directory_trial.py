"""What the directory store needs of a file system, tried out on it."""

import errno
import os
import uuid
from pathlib import Path

from adapters.directory_record import sync_directory
from transfer.errors import Misconfigured

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


def try_out(folder: Path) -> None:
    """Write, sync, and link; nothing stays.

    Raises:
        Misconfigured: The file system cannot do it.
        OSError: It may not be written, or is full.
    """
    probe = folder / f"{uuid.uuid4().hex}-probe"
    linked = probe.with_suffix(".linked")
    try:
        with probe.open("wb") as file:
            file.write(b"landfall")
            file.flush()
            os.fsync(file.fileno())
        if probe.with_name(probe.name.upper()).exists():
            raise Misconfigured(
                f"The file system of {folder} takes two names for one if only their case differs, "
                "as S3's keys may: name a case-sensitive one in LANDING_BUCKET."
            )
        _link(probe, linked)
        sync_directory(folder)
    finally:
        for path in (probe, linked):
            path.unlink(missing_ok=True)


def _link(path: Path, other: Path) -> None:
    try:
        os.link(path, other)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        raise Misconfigured(
            f"The file system of {path.parent} makes no hard links ({error.strerror}): name a "
            "local one in LANDING_BUCKET."
        ) from None
