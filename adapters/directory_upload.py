"""An object in the making in the directory store: a temporary file."""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import google_crc32c

from transfer.errors import LandfallError, TokenMoved, UploadLost
from transfer.store import STEP, StoredObject


class DirectoryUpload:
    """Appends to a file nobody else sees, and hands it over when its checksum is right."""

    def __init__(
        self,
        descriptor: int,
        publish: Callable[[os.stat_result, str, str], StoredObject],
        discard: Callable[[], None],
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """`publish` gets what was written, its CRC32C and its MD5."""
        self._publish = publish
        self._discard = discard
        self._translated = translated
        self._file = open(descriptor, "wb", buffering=0)  # noqa: SIM115 - `abort` closes it
        self._crc32c = google_crc32c.Checksum()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._length = 0
        self._broken = False

    def send(self, blocks: Iterator[bytes], start: int, end: int) -> int:
        for block in blocks:
            new = block[max(0, self._length - start) :]  # more is here than `persisted` admits
            start += len(block)
            with self._translated():
                self._append(new)
        return self._length // STEP * STEP

    def persisted(self) -> int:
        if self._broken:
            raise UploadLost("The landing directory did not take all bytes.")
        return self._length // STEP * STEP

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        try:
            with self._translated():
                self._append(tail)
                os.fsync(self._file.fileno())
                if base64.b64encode(self._crc32c.digest()).decode() != crc32c:
                    raise TokenMoved  # as Cloud Storage: the caller looks which it is
                written = os.fstat(self._file.fileno())
                md5 = base64.b64encode(self._md5.digest()).decode()
                return self._publish(written, crc32c, md5)
        finally:
            self.abort()

    def abort(self) -> None:
        try:
            self._file.close()
            self._discard()
        except (OSError, LandfallError):
            pass  # leftovers are invisible, and swept when they are old

    def _append(self, block: bytes) -> None:
        view = memoryview(block)
        self._broken = True
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError:  # the disk is full, perhaps for a moment only: none of it was written
            self._file.seek(self._length)
            self._file.truncate()
            self._broken = False
            raise
        self._broken = False
        self._crc32c.update(block)
        self._md5.update(block)
        self._length += len(block)
