"""Proof that the bytes which passed are the object: its size and every digest S3 gave."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping

import google_crc32c

from transfer.checksums import Digest, new_crc32, new_crc64nvme
from transfer.errors import WrongBytes
from transfer.message import Message
from transfer.overlapped import Overlapped
from transfer.source import SourceHeaders

OVERLAP_FROM_BYTES = 4 * 1024 * 1024
"""Below, handing blocks to another thread costs more than it saves."""
_SLOW = frozenset({"md5", "multipart-etag", "sha1", "sha256"})
_MD5_ETAG = re.compile(r"[0-9a-f]{32}")
_MULTIPART_ETAG = re.compile(r"[0-9a-f]{32}-(?P<parts>[1-9]\d{0,4})")


class Hashes:
    """Hashes each byte of an object, or of one part of it, once and in order."""

    def __init__(self, digests: Mapping[str, Digest], start: int = 0) -> None:
        """`start` is where in the object the first byte stands. A CRC32C is always computed."""
        self._digests = {**digests, "crc32c": google_crc32c.Checksum()}
        self._hashed = start

    @property
    def crc32c(self) -> str:
        """Of what was hashed so far, in base64, as Cloud Storage writes it."""
        return base64.b64encode(self.digest("crc32c")).decode()

    def digest(self, name: str) -> bytes:
        """Of what was hashed so far."""
        return self._digests[name].digest()

    def update(self, start: int, block: bytes) -> None:
        """Take the bytes from offset `start` on; what was hashed before is skipped."""
        new = block[self._hashed - start :] if start < self._hashed else block
        if not new:
            return
        self._hashed += len(new)
        for digest in self._digests.values():
            digest.update(new)


class Proof(Hashes):
    """Compares, at the end, with what S3 gave.

    `names` lists what `check` will prove, known before a byte moves, so that it can
    be written into the very request that creates the object.
    """

    def __init__(self, size: int, expected: Mapping[str, tuple[Digest, bytes]]) -> None:
        super().__init__({name: digest for name, (digest, _) in expected.items()})
        self._size = size
        self.wanted = {name: wanted for name, (_, wanted) in expected.items()}
        """What S3 gave, by the name of the digest."""
        self.names = ("size", *expected)

    def check(self) -> None:
        """Raise WrongBytes unless size and all digests are as S3 said."""
        if self._hashed != self._size:
            raise WrongBytes(
                f"S3 sent {self._hashed} bytes of {self._size}; nothing was landed. Send again."
            )
        for name, wanted in self.wanted.items():
            if self.digest(name) != wanted:
                raise wrong(name)


def wrong(name: str) -> WrongBytes:
    """Return the failure of bytes that have another digest than S3 gave."""
    return WrongBytes(
        f"The bytes do not have the {name} that S3 gave; nothing was landed. "
        "Send again with what HeadObject says now."
    )


def proof_of(message: Message, headers: SourceHeaders, etag: str, size: int) -> Proof:
    """Return the cheapest proof that the message and S3's own headers allow.

    Where S3 gave checksums of the whole object, they are the proof, and no MD5 is computed:
    one digest finds what the other does, and MD5 alone costs more than the whole transfer.
    """
    multipart = _MULTIPART_ETAG.fullmatch(etag) is not None
    expected: dict[str, tuple[Digest, bytes]] = {
        name: (_ALGORITHMS[name](), digest)
        for name, digest in message.checksums.items()
        if _is_full_object(message, name, multipart)
    }
    if not expected and _etag_is_md5(headers):
        expected = _proof_by_etag(etag, message.part_size, size)
    if size >= OVERLAP_FROM_BYTES:
        expected = {
            name: (Overlapped(digest) if name in _SLOW else digest, wanted)
            for name, (digest, wanted) in expected.items()
        }
    return Proof(size, expected)


def _proof_by_etag(etag: str, part_size: int | None, size: int) -> dict[str, tuple[Digest, bytes]]:
    if _MD5_ETAG.fullmatch(etag):
        return {"md5": (_md5(), bytes.fromhex(etag))}
    parts = _MULTIPART_ETAG.fullmatch(etag)
    if parts and part_size and _are_equal(int(parts["parts"]), part_size, size):
        return {"multipart-etag": (MultipartMd5(part_size), bytes.fromhex(etag[:32]))}
    return {}


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


class PartMd5s:
    """The MD5s of the parts of an S3 multipart upload, all of one size, one after the other."""

    def __init__(self, part_size: int) -> None:
        self._part_size = part_size
        self._room = part_size
        self._part = _md5()
        self._before = bytearray()

    def update(self, data: bytes, /) -> None:
        view = memoryview(data)
        while len(view) > self._room:
            self._part.update(view[: self._room])
            view = view[self._room :]
            self._before += self._part.digest()
            self._part, self._room = _md5(), self._part_size
        self._part.update(view)
        self._room -= len(view)

    def digest(self) -> bytes:
        return bytes(self._before) + self._part.digest()


class MultipartMd5(PartMd5s):
    """The ETag of a multipart upload: the MD5 of its parts' MD5s."""

    def digest(self) -> bytes:
        return etag_of_md5s(super().digest())


def etag_of_md5s(md5s: bytes) -> bytes:
    """Return an ETag without the count of its parts."""
    return hashlib.md5(md5s, usedforsecurity=False).digest()


def _md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)


_ALGORITHMS: dict[str, Callable[[], Digest]] = {
    "crc32": new_crc32,
    "crc32c": google_crc32c.Checksum,
    "crc64nvme": new_crc64nvme,
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}
