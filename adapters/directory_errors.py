"""What the operating system's errors mean for the directory store."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from transfer.errors import Misconfigured, StoreUnavailable

FULL = (errno.ENOSPC, errno.EDQUOT)
FULL_WORDS = "The landing directory is full: make room on its disk. No restart is needed."


@contextmanager
def translated() -> Iterator[None]:
    """Turn the operating system's errors into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise Misconfigured(
                "The landing directory may not be written: correct its rights or LANDING_BUCKET."
            ) from None
        if error.errno in FULL:
            raise StoreUnavailable(FULL_WORDS) from None
        raise StoreUnavailable(f"The landing directory failed ({error.strerror}).") from None
