"""Folders and files that no other user of the machine may open."""

import os
import stat
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_folders(path: Path) -> None:
    """Make the directory and those above it that are missing. One that is there stays as it is."""
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        try:
            folder.mkdir(FOLDER_MODE)
        except FileExistsError:  # another process made it meanwhile
            continue
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            give_to_owner(descriptor, folder.parent)
        finally:
            os.close(descriptor)


def give_to_owner(made: int, beside: int | Path) -> None:
    """Where root made something in another user's directory, give it to that user.

    Else a reconciler or a container that runs as root would leave files that the service, or the
    person whose directory it is, cannot open. SQLite does the same with its own files. Only for
    what was made just now: what was there may be a hard link to a file that is nobody's business.
    """
    if os.geteuid() != 0:
        return
    owner = os.stat(beside)  # noqa: PTH116 - it may be a descriptor
    if owner.st_uid == 0:
        return
    try:
        os.fchown(made, owner.st_uid, owner.st_gid)
    except PermissionError:  # a root without that right, as in some containers
        pass


def open_to_others(path: Path) -> str | None:
    """Return in words what other users of the machine may do there; None if nothing."""
    try:
        found = path.stat()
    except OSError:
        return None  # what uses it will say so
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid not in (0, os.geteuid()) and os.geteuid() != 0:
        return f"{path} belongs to another user (uid {found.st_uid}), who may change all of it"
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"{path} may be written by other users of this machine (mode {mode:o})"
    if mode & _OTHERS:
        return f"{path} may be read by other users of this machine (mode {mode:o})"
    return None
