"""What the directory store needs of a file system, tried out on it.

https://man7.org/linux/man-pages/man2/link.2.html tells how one without hard links refuses.
"""

import errno
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from adapters.directory_record import sync_directory
from transfer.errors import Misconfigured

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


def try_out(folder: Path, link: Callable[[Path, Path], None] = os.link) -> None:
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
        try:
            link(probe, linked)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise Misconfigured(
                f"The file system of {folder} makes no hard links ({error.strerror}): name a "
                "directory on another one, a local one, in LANDING_BUCKET."
            ) from None
        sync_directory(folder)
    finally:
        for path in (probe, linked):
            path.unlink(missing_ok=True)
