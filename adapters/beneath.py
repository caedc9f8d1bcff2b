"""Files beneath one directory, whatever others plant there: nothing outside is ever reached.

Each part of a path is opened from the directory above it, and no symbolic link is followed. A
folder that is swapped for a link between two steps is an error then, and never a way out, which
a check of the path before its use cannot promise: https://github.com/golang/go/issues/67002,
https://man7.org/linux/man-pages/man2/openat.2.html (rationale).
"""

import errno
import os
import stat
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.private_files import FILE_MODE, FOLDER_MODE, give_to_owner, make_folders
from transfer.errors import Misconfigured
from transfer.printable import printable

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY
_CAREFUL = os.O_NOFOLLOW | os.O_NONBLOCK  # or opening a FIFO would wait for its other end
_NO_FILE = (errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.EOPNOTSUPP, errno.ENODEV)


class NotPlain(Exception):
    """Something else stands where a plain file should be: a link, a folder, a FIFO, a device."""


class Folder:
    """An open directory. Names are of its own entries, and are never followed as links."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def entry(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        return os.listdir(self.descriptor)  # noqa: PTH208 - pathlib takes no descriptor

    def open_new(self, name: str) -> int:
        """Return a descriptor to write a file that was not there."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(name, flags, FILE_MODE, dir_fd=self.descriptor)
        give_to_owner(descriptor, self.descriptor)
        return descriptor

    def open_plain(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Return a descriptor of the plain file that is there.

        Raises:
            NotPlain
            FileNotFoundError, OSError
        """
        try:
            descriptor = os.open(name, flags | _CAREFUL, dir_fd=self.descriptor)
        except OSError as error:
            if error.errno in _NO_FILE:
                raise NotPlain from None
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotPlain
        return descriptor

    def move(self, name: str, to: "Folder", new_name: str) -> None:
        """Replace what is there; a link there is replaced itself."""
        os.rename(name, new_name, src_dir_fd=self.descriptor, dst_dir_fd=to.descriptor)

    def link(self, name: str, to: "Folder", new_name: str) -> None:
        """Raise FileExistsError if anything is there, be it a link."""
        os.link(
            name,
            new_name,
            src_dir_fd=self.descriptor,
            dst_dir_fd=to.descriptor,
            follow_symlinks=False,
        )

    def remove(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self.descriptor)
        except FileNotFoundError:
            pass

    def sync(self) -> None:
        """Make renames and new entries durable: syncing a file does not cover its name."""
        os.fsync(self.descriptor)


class Beneath:
    """One directory, opened at its first use and held from then on.

    It may itself be a link: where it is, is the operator's choice.
    """

    def __init__(self, root: Path) -> None:
        self.path = root.absolute()
        self._opening = threading.Lock()
        self._root: int | None = None
        self._durable: set[Sequence[str]] = set()

    def confirm(self) -> None:
        """See that the path still names the directory that is held.

        Raises:
            Misconfigured: It was moved away, or another stands there. Nothing is written to either.
        """
        held = os.fstat(self._held())
        try:
            named = self.path.stat()
        except FileNotFoundError:
            named = None
        if named is None or not os.path.samestat(held, named):
            raise Misconfigured(
                f"The landing directory {self.path} was moved or replaced while Landfall used it: "
                "put it back, or restart Landfall."
            )

    @contextmanager
    def folder(self, parts: Sequence[str], make: bool = False) -> Iterator[Folder]:
        """Open the folder at this path.

        With `make`, folders that are missing are made, and the entries of all are made durable:
        another process may have made one just now, and died.

        Raises:
            Misconfigured: A link is on the way.
            FileNotFoundError, NotADirectoryError, OSError
        """
        descriptor = self._walk(parts, make)
        try:
            yield Folder(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def standing(self, *parts: str) -> Iterator[Folder]:
        """Open a folder that is made where it is missing, and is durable."""
        try:
            descriptor = self._walk(parts, make=parts not in self._durable)
        except FileNotFoundError:  # somebody has removed it
            descriptor = self._walk(parts, make=True)
        self._durable.add(parts)
        try:
            yield Folder(descriptor)
        finally:
            os.close(descriptor)

    def _held(self) -> int:
        with self._opening:
            if self._root is None:
                make_folders(self.path)
                with_name = os.open(self.path.parent, _DIRECTORY)
                try:
                    os.fsync(with_name)
                finally:
                    os.close(with_name)
                self._root = os.open(self.path, _DIRECTORY)
                weakref.finalize(self, os.close, self._root)
            return self._root

    def _walk(self, parts: Sequence[str], make: bool) -> int:
        """Hold two descriptors at most: a path may have some five hundred parts."""
        root = descriptor = self._held()
        try:
            for depth, part in enumerate(parts):
                below = self._step(descriptor, part, parts[: depth + 1], make)
                if descriptor != root:
                    os.close(descriptor)
                descriptor = below
        except BaseException:
            if descriptor != root:
                os.close(descriptor)
            raise
        return descriptor if descriptor != root else os.dup(root)

    def _step(self, above: int, part: str, path: Sequence[str], make: bool) -> int:
        flags = _DIRECTORY | os.O_NOFOLLOW
        try:
            below = os.open(part, flags, dir_fd=above)
        except FileNotFoundError:
            if not make:
                raise
            below = _made(part, above)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP) and _is_link(part, above):
                raise Misconfigured(
                    f"{printable(str(self.path.joinpath(*path)))} is a symbolic link, and none is "
                    "followed beneath the landing directory: put a folder or a bind mount there."
                ) from None
            raise
        if make:
            try:
                os.fsync(above)
            except OSError:
                os.close(below)
                raise
        return below


def _made(part: str, above: int) -> int:
    try:
        os.mkdir(part, FOLDER_MODE, dir_fd=above)
        is_ours = True
    except FileExistsError:  # made by another meanwhile
        is_ours = False
    below = os.open(part, _DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    if is_ours:
        give_to_owner(below, above)
    return below


def _is_link(part: str, above: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(part, dir_fd=above, follow_symlinks=False).st_mode)
    except FileNotFoundError:  # it was one perhaps, and is gone
        return False
