"""Proof that the bytes which passed are the object: its size and every digest S3 gave."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Protocol

import google_crc32c

from transfer.checksums import new_crc32, new_crc64nvme
from transfer.errors import SourceCorrupt
from transfer.message import Message
from transfer.source import SourceHeaders

_MD5_ETAG = re.compile(r"[0-9a-f]{32}")
_MULTIPART_ETAG = re.compile(r"[0-9a-f]{32}-(?P<parts>[1-9]\d{0,4})")


class Digest(Protocol):
    """What hashlib's objects are."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class Proof:
    """Hashes each byte of an object once, in order, and compares at the end.

    `names` lists what `check` will prove, known before a byte moves, so that it can
    be written into the very request that creates the object.
    """

    def __init__(self, size: int, expected: dict[str, tuple[Digest, bytes]]) -> None:
        self._size = size
        self._expected = expected
        self._crc32c = google_crc32c.Checksum()
        self._hashed = 0
        self.names = ("size", *expected)

    @property
    def crc32c(self) -> str:
        """Of what was hashed so far, in base64, as Cloud Storage writes it."""
        return base64.b64encode(self._crc32c.digest()).decode()

    def update(self, start: int, block: bytes) -> None:
        """Take the bytes from offset `start` on; what was hashed before is skipped."""
        new = block[self._hashed - start :] if start < self._hashed else block
        if not new:
            return
        self._hashed += len(new)
        self._crc32c.update(new)
        for name, (digest, _) in self._expected.items():
            if name != "crc32c":
                digest.update(new)

    def check(self) -> None:
        """Raise SourceCorrupt unless size and all digests are as S3 said."""
        if self._hashed != self._size:
            raise SourceCorrupt(
                f"S3 sent {self._hashed} bytes of {self._size}; nothing was landed. Send again."
            )
        for name, (digest, expected) in self._expected.items():
            found = self._crc32c.digest() if name == "crc32c" else digest.digest()
            if found != expected:
                raise SourceCorrupt(
                    f"The bytes do not have the {name} that S3 gave; nothing was landed. "
                    "Send again with what HeadObject says now."
                )


def proof_of(message: Message, headers: SourceHeaders, etag: str, size: int) -> Proof:
    """Return the strongest proof that the message and S3's own headers allow."""
    expected: dict[str, tuple[Digest, bytes]] = {}
    parts = _MULTIPART_ETAG.fullmatch(etag)
    if _etag_is_md5(headers):
        if _MD5_ETAG.fullmatch(etag):
            expected["md5"] = (_md5(), bytes.fromhex(etag))
        elif (
            parts and message.part_size and _are_equal(int(parts["parts"]), message.part_size, size)
        ):
            expected["multipart-etag"] = (MultipartMd5(message.part_size), bytes.fromhex(etag[:32]))
    for name, digest in message.checksums.items():
        if _is_full_object(message, name, multipart=parts is not None):
            expected[name] = (_ALGORITHMS[name](), digest)
    return Proof(size, expected)


def _are_equal(count: int, part_size: int, size: int) -> bool:
    """Whether `count` parts can all have this size, the last one excepted."""
    return count == max(1, -(-size // part_size))


def _etag_is_md5(headers: SourceHeaders) -> bool:
    """An ETag is no MD5 under KMS or customer keys.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    encryption = headers.get("x-amz-server-side-encryption")
    customer = headers.get("x-amz-server-side-encryption-customer-algorithm")
    return encryption in (None, "AES256") and customer is None


def _is_full_object(message: Message, algorithm: str, multipart: bool) -> bool:
    """Without a ChecksumType: single uploads and CRC64NVME are always over the whole object.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """
    if message.full_object is not None:
        return message.full_object
    return algorithm == "crc64nvme" or not multipart


class MultipartMd5:
    """The ETag of a multipart upload: MD5 over the MD5s of its parts, all of one size."""

    def __init__(self, part_size: int) -> None:
        self._part_size = part_size
        self._room = part_size
        self._part = _md5()
        self._whole = _md5()

    def update(self, data: bytes, /) -> None:
        view = memoryview(data)
        while len(view) > self._room:
            self._part.update(view[: self._room])
            view = view[self._room :]
            self._whole.update(self._part.digest())
            self._part, self._room = _md5(), self._part_size
        self._part.update(view)
        self._room -= len(view)

    def digest(self) -> bytes:
        whole = self._whole.copy()
        whole.update(self._part.digest())
        return whole.digest()


def _md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)


_ALGORITHMS: dict[str, Callable[[], Digest]] = {
    "crc32": new_crc32,
    "crc32c": google_crc32c.Checksum,
    "crc64nvme": new_crc64nvme,
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}
