"""What the directory store needs of a file system, tried out on it.

https://man7.org/linux/man-pages/man2/link.2.html says how one without hard links refuses.
"""

import errno
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from adapters.beneath import Folder
from transfer.errors import Misconfigured

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


def try_out(
    folder: Folder, shown: Path, link: Callable[[Folder, str, Folder, str], None] = Folder.link
) -> None:
    """Write, sync, and link; nothing stays. `shown` is the folder's path, for people.

    Raises:
        Misconfigured: The file system cannot do it.
        OSError: It may not be written, or is full.
    """
    probe = f"{uuid.uuid4().hex}-probe"
    linked = f"{probe}.linked"
    try:
        with open(folder.open_new(probe), "wb") as file:  # noqa: PTH123 - it is a descriptor
            file.write(b"landfall")
            file.flush()
            os.fsync(file.fileno())
        try:
            link(folder, probe, folder, linked)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise Misconfigured(
                f"The file system of {shown} makes no hard links ({error.strerror}): name a "
                "directory on another one, a local one, in LANDING_BUCKET."
            ) from None
        folder.sync()
    finally:
        for name in (probe, linked):
            folder.remove(name)
