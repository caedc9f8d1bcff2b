"""A disk of a few megabytes, mounted where only one service sees it."""

import errno
import os
import subprocess
from contextlib import suppress
from pathlib import Path

_MOUNT = 'mount -t tmpfs -o size="$1",mode=700 tmpfs "$2" && shift 2 && exec "$@"'


_NAMESPACE = ("unshare", "--map-root-user", "--mount")


class NoNamespace(Exception):
    """No disk can be mounted here; the text says why."""


def on_small_disk(folder: Path, size: int) -> list[str]:
    """Return a command under which this folder is a disk of so many bytes, and empty.

    It mounts in a namespace of its own: no rights are needed where the system lets its users
    make one, and nothing stays mounted when the service has ended, however it did.

    Raises:
        NoNamespace
    """
    command = [*_NAMESPACE, "sh", "-c", _MOUNT, "sh", str(size), str(folder)]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise NoNamespace(f"A small disk needs a mount namespace: {tried.stderr.strip()}")
    return command


class SmallDisk:
    """The disk of a service that runs so, from outside."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid = pid
        self._folder = folder
        self.path = Path(f"/proc/{pid}/root{folder}")
        self._filler = self.path / "filler"

    def fill(self, room: int = 0) -> None:
        """Leave so much room, and no more."""
        statistics = os.statvfs(self.path)
        size = statistics.f_bavail * statistics.f_frsize - room
        with self._filler.open("ab", buffering=0) as file:
            while size > 0:
                try:
                    size -= file.write(bytes(min(size, 64 * 1024)))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    break

    def free(self) -> None:
        with suppress(FileNotFoundError):
            self._filler.unlink()

    def set_read_only(self, read_only: bool) -> None:
        enter = ["nsenter", f"--target={self._pid}", "--mount", "--user", "--preserve-credentials"]
        option = "remount,ro" if read_only else "remount,rw"
        subprocess.run([*enter, "mount", "-o", option, self._folder], check=True, timeout=10)
