"""Digests of ranges prove the whole, are kept as metadata, and are known again."""

import base64
import hashlib
import zlib
from collections.abc import Mapping, Sequence

import google_crc32c
import pytest
from awscrt.checksums import crc64nvme

from tests.fakes import message_for
from transfer.combining import MAX_VALUE, CombinedProof, RangeDigests, combined_proof
from transfer.errors import SourceCorrupt
from transfer.integrity import proof_of
from transfer.ranges import MAX_RANGES
from transfer.source import SourceHeaders

BODY = bytes(range(256)) * 40 + b"the tail"
CUTS: list[list[int]] = [[5000], [1], [len(BODY) - 1], [1, 2, 3], [4000, 8000, 8001]]
S3_PART = 1000
WANTED = {
    "crc32": zlib.crc32(BODY).to_bytes(4),
    "crc32c": google_crc32c.value(BODY).to_bytes(4),
    "crc64nvme": crc64nvme(BODY).to_bytes(8),
}
CRC32C = base64.b64encode(WANTED["crc32c"]).decode()


def etag_of(body: bytes) -> bytes:
    parts = [body[at : at + S3_PART] for at in range(0, len(body), S3_PART)]
    return hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).digest()


def proof_by(wanted: Mapping[str, bytes]) -> CombinedProof:
    return CombinedProof(wanted, S3_PART if "multipart-etag" in wanted else None)


def digests_of(proof: CombinedProof, cuts: Sequence[int], body: bytes = BODY) -> list[RangeDigests]:
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        hashes = proof.hashes(start)
        hashes.update(start, body[start:end])
        found.append(proof.digests(end - start, hashes))
    return found


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("name", WANTED)
def test_the_checksums_of_ranges_make_that_of_the_whole(name: str, cuts: list[int]) -> None:
    proof = proof_by({name: WANTED[name]})

    assert proof.check(digests_of(proof, cuts)) == CRC32C


def test_all_checksums_are_proven_together() -> None:
    proof = proof_by(WANTED)

    assert proof.check(digests_of(proof, [5000])) == CRC32C


@pytest.mark.parametrize("cuts", [[1000], [1000, 2000], [7000], [10000]])
def test_the_md5s_of_whole_parts_make_a_multipart_etag(cuts: list[int]) -> None:
    proof = proof_by({"multipart-etag": etag_of(BODY)})

    assert proof.check(digests_of(proof, cuts)) == CRC32C


@pytest.mark.parametrize("at", [0, 4999, 5000, len(BODY) - 1])
@pytest.mark.parametrize("name", [*WANTED, "multipart-etag"])
def test_other_bytes_in_any_range_are_found(name: str, at: int) -> None:
    proof = proof_by({**WANTED, "multipart-etag": etag_of(BODY)})
    proof = proof_by({name: proof.wanted[name]})
    other = BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]

    with pytest.raises(SourceCorrupt, match=name):
        proof.check(digests_of(proof, [5000], other))


@pytest.mark.parametrize("name", [*WANTED, "multipart-etag"])
def test_ranges_in_another_order_are_found(name: str) -> None:
    proof = proof_by({name: etag_of(BODY) if name == "multipart-etag" else WANTED[name]})

    with pytest.raises(SourceCorrupt):
        proof.check(digests_of(proof, [5000])[::-1])


@pytest.mark.parametrize("name", [*WANTED, "multipart-etag"])
def test_what_is_recorded_of_a_range_is_known_again(name: str) -> None:
    proof = proof_by({name: etag_of(BODY) if name == "multipart-etag" else WANTED[name]})
    for digests in digests_of(proof, [5000]):
        crc32c = base64.b64encode(digests.values["crc32c"]).decode()

        record = proof.record(digests)

        assert proof.recorded(digests.length, crc32c, record) == digests
        assert bool(record) == (name != "crc32c")  # which the store knows by itself


def test_the_md5s_of_ten_thousand_parts_fit_into_the_metadata() -> None:
    """S3's most. All custom metadata of an object may have 8 KiB."""
    proof = CombinedProof({"multipart-etag": b""}, 1)
    parts = -(-10_000 // MAX_RANGES)
    digests = RangeDigests(parts, {"multipart-etag": bytes(16 * parts), "crc32c": bytes(4)})

    record = proof.record(digests)

    assert all(len(value) <= MAX_VALUE for value in record.values())
    assert sum(len(name) + len(value) for name, value in record.items()) < 8 * 1024
    assert proof.recorded(parts, "AAAAAA==", record) == digests


RECORDS: dict[str, dict[str, str]] = {
    "none": {},
    "empty": {"landfall-crc64nvme-0": ""},
    "no Base64": {"landfall-crc64nvme-0": "?" * 12},
    "too short": {"landfall-crc64nvme-0": "AAAAAA=="},
    "too long": {"landfall-crc64nvme-0": "AAAAAAAAAAA=", "landfall-crc64nvme-1": "AAAA"},
    "of another algorithm": {"landfall-crc32-0": "AAAAAA=="},
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_range_without_a_whole_record_is_unknown(record: dict[str, str]) -> None:
    proof = proof_by({"crc64nvme": WANTED["crc64nvme"]})

    assert proof.recorded(10, "AAAAAA==", record) is None


def test_a_record_of_fewer_parts_than_the_range_has_is_unknown() -> None:
    proof = CombinedProof({"multipart-etag": b""}, S3_PART)
    record = proof.record(RangeDigests(S3_PART, {"multipart-etag": bytes(16)}))

    assert proof.recorded(S3_PART, "AAAAAA==", record) is not None
    assert proof.recorded(S3_PART + 1, "AAAAAA==", record) is None


SHA = hashlib.sha256(BODY).digest()
PLAIN = hashlib.md5(BODY).hexdigest()
MULTIPART = f"{etag_of(BODY).hex()}-{-(-len(BODY) // S3_PART)}"
CASES: dict[str, tuple[str, dict[str, bytes], set[str] | None]] = {
    "a checksum": (PLAIN, {"crc32c": WANTED["crc32c"]}, {"crc32c"}),
    "three checksums": (PLAIN, WANTED, set(WANTED)),
    "a multipart ETag": (MULTIPART, {}, {"multipart-etag"}),
    "a checksum and a multipart ETag": (
        MULTIPART,
        {"crc64nvme": WANTED["crc64nvme"]},
        {"crc64nvme"},
    ),
    "an MD5": (PLAIN, {}, None),
    "SHA-256": (PLAIN, {"sha256": SHA}, None),
    "SHA-256 and a checksum": (PLAIN, {"sha256": SHA, "crc32": WANTED["crc32"]}, None),
    "nothing": ("x", {}, None),
}


@pytest.mark.parametrize(("etag", "checksums", "names"), CASES.values(), ids=CASES)
def test_ranges_prove_all_that_one_stream_would_or_nothing(
    etag: str, checksums: dict[str, bytes], names: set[str] | None
) -> None:
    message = message_for(BODY, checksums=checksums, part_size=S3_PART)
    proof = proof_of(message, SourceHeaders({}), etag, len(BODY))

    combined = combined_proof(proof, message.part_size)

    assert (combined and set(combined.wanted)) == names
    if combined is not None:
        combined.check(digests_of(combined, [5000]))
        assert (combined.s3_part_size is not None) == ("multipart-etag" in combined.wanted)
