"""What the operating system's errors mean for the directory store."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transfer.errors import LandfallError, Misconfigured, StoreUnavailable

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


def why_not_written(error: OSError, root: Path) -> LandfallError:
    """Return what to do about an error that a trial of the whole directory met."""
    if error.errno in FULL:
        return StoreUnavailable(FULL_WORDS)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return StoreUnavailable("Too many files are open: raise the limit (ulimit -n).")
    return Misconfigured(
        f"The landing directory {root} cannot be written ({error.strerror}): "
        "create it, or correct LANDING_BUCKET or the rights there."
    )
