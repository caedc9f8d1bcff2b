"""Proof of an object that comes in ranges: what the digests of the ranges make together."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from transfer.checksums import Digest, combined_crc, new_crc32, new_crc64nvme
from transfer.integrity import Hashes, PartMd5s, Proof, etag_of_md5s, wrong

MAX_VALUE = 4000
"""Characters of one metadata value; Cloud Storage takes 4 KiB.
https://cloud.google.com/storage/docs/objects#custom-metadata"""
_CRCS: dict[str, Callable[[], Digest]] = {"crc32": new_crc32, "crc64nvme": new_crc64nvme}
"""Besides CRC32C, which is always computed."""
_CRC_BYTES = {"crc32": 4, "crc32c": 4, "crc64nvme": 8}
_COMBINABLE = {"multipart-etag", *_CRC_BYTES}


@dataclass(frozen=True)
class RangeDigests:
    """What was computed over one range."""

    length: int
    values: Mapping[str, bytes]


@dataclass(frozen=True)
class CombinedProof:
    """What S3 gave for the whole, and how ranges prove it."""

    wanted: Mapping[str, bytes]
    s3_part_size: int | None
    """With a multipart ETag, each range is some whole parts of this size."""

    def hashes(self, start: int) -> Hashes:
        """Return what hashes the range that begins there."""
        digests = {name: _CRCS[name]() for name in self.wanted if name in _CRCS}
        if self.s3_part_size is not None:
            digests["multipart-etag"] = PartMd5s(self.s3_part_size)
        return Hashes(digests, start)

    def digests(self, length: int, hashes: Hashes) -> RangeDigests:
        return RangeDigests(length, {name: hashes.digest(name) for name in self._names})

    def record(self, digests: RangeDigests) -> dict[str, str]:
        """Return, as metadata, what the store does not know of a range by itself."""
        record = {}
        for name in self._recorded:
            text = base64.b64encode(digests.values[name]).decode()
            for at in range(0, len(text), MAX_VALUE):
                record[_field(name, at // MAX_VALUE)] = text[at : at + MAX_VALUE]
        return record

    def recorded(
        self, length: int, crc32c: str, metadata: Mapping[str, str]
    ) -> RangeDigests | None:
        """Return the digests of a range that is there already, if it has them all."""
        texts = {name: _text(name, metadata) for name in self._recorded} | {"crc32c": crc32c}
        try:
            values = {name: base64.b64decode(text, validate=True) for name, text in texts.items()}
        except (binascii.Error, ValueError):
            return None
        if any(len(value) != self._bytes(name, length) for name, value in values.items()):
            return None
        return RangeDigests(length, values)

    def check(self, ranges: Sequence[RangeDigests]) -> str:
        """Return the CRC32C of the whole, in base64.

        Raises:
            SourceCorrupt: The ranges, in this order, are not what S3 gave digests for.
        """
        found = {name: _combined(name, ranges) for name in self._names}
        for name, wanted in self.wanted.items():
            if found[name] != wanted:
                raise wrong(name)
        return base64.b64encode(found["crc32c"]).decode()

    def _bytes(self, name: str, length: int) -> int:
        """How long the digest of a range is."""
        if name == "multipart-etag" and self.s3_part_size is not None:
            return 16 * -(-length // self.s3_part_size)
        return _CRC_BYTES[name]

    @property
    def _recorded(self) -> list[str]:
        return [name for name in self.wanted if name != "crc32c"]

    @property
    def _names(self) -> list[str]:
        return [*self._recorded, "crc32c"]


def combined_proof(proof: Proof, s3_part_size: int | None) -> CombinedProof | None:
    """Return how ranges prove all that `proof` does, or None if they cannot."""
    if not proof.wanted or not proof.wanted.keys() <= _COMBINABLE:
        return None
    return CombinedProof(proof.wanted, s3_part_size if "multipart-etag" in proof.wanted else None)


def _combined(name: str, ranges: Sequence[RangeDigests]) -> bytes:
    if name == "multipart-etag":
        return etag_of_md5s(b"".join(digests.values[name] for digests in ranges))
    parts = [(digests.values[name], digests.length) for digests in ranges]
    return reduce(lambda a, b: (combined_crc(name, a[0], *b), a[1] + b[1]), parts)[0]


def _field(name: str, number: int) -> str:
    return f"landfall-{name}-{number}"


def _text(name: str, metadata: Mapping[str, str]) -> str:
    text, number = "", 0
    while (piece := metadata.get(_field(name, number))) is not None:
        text, number = text + piece, number + 1
    return text
