"""What is proven of an object's bytes, and by which digests."""

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import google_crc32c
import pytest
from awscrt.checksums import crc64nvme

from tests.fakes import message_for
from transfer.errors import SourceCorrupt
from transfer.integrity import OVERLAP_FROM_BYTES, MultipartMd5, Proof, proof_of
from transfer.reading import BLOCK
from transfer.source import SourceHeaders

BODY = b"a heron stands in the meadow, still as a reed"
MD5 = hashlib.md5(BODY).hexdigest()
KMS_ETAG = hashlib.md5(b"what KMS made of it").hexdigest()
DIGESTS = {
    "crc32": zlib.crc32(BODY).to_bytes(4, "big"),
    "crc32c": google_crc32c.value(BODY).to_bytes(4, "big"),
    "crc64nvme": crc64nvme(BODY).to_bytes(8, "big"),
    "sha1": hashlib.sha1(BODY).digest(),
    "sha256": hashlib.sha256(BODY).digest(),
}


def proof_for(
    etag: str = MD5, headers: Mapping[str, str] | None = None, size: int = len(BODY), **fields: Any
) -> Proof:
    return proof_of(message_for(BODY, **fields), SourceHeaders(headers or {}), etag, size)


def hashed(proof: Proof, body: bytes = BODY) -> Proof:
    proof.update(0, body)
    return proof


def assert_proves(proof: Proof, *names: str) -> None:
    """It proves these by BODY, and each other body is refused."""
    assert proof.names == ("size", *names)
    hashed(proof).check()


def multipart_etag(body: bytes | bytearray, part_size: int) -> str:
    """As S3 computes it: the MD5 of the parts' MD5s, and how many they are."""
    parts = [body[i : i + part_size] for i in range(0, len(body), part_size)] or [b""]
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f"{hashlib.md5(digests).hexdigest()}-{len(parts)}"


def test_an_etag_of_a_single_upload_is_its_md5() -> None:
    assert_proves(proof_for(), "md5")


@pytest.mark.parametrize("length", [0, 1, 2, 256 * 1024 + 1])
def test_bytes_of_any_number_are_proven(length: int) -> None:
    body = b"x" * length
    proof = proof_for(hashlib.md5(body).hexdigest(), size=length)

    hashed(proof, body).check()

    assert proof.names == ("size", "md5")


def test_other_bytes_of_the_same_size_are_corrupt() -> None:
    with pytest.raises(SourceCorrupt, match="md5"):
        hashed(proof_for(), BODY[:-1] + b"!").check()


@pytest.mark.parametrize("body", [b"", BODY[:-1], BODY + b"!"])
def test_another_size_is_corrupt_whatever_the_digests(body: bytes) -> None:
    with pytest.raises(SourceCorrupt, match=f"sent {len(body)} bytes of {len(BODY)}"):
        hashed(proof_for(KMS_ETAG, {"x-amz-server-side-encryption": "aws:kms"}), body).check()


def test_s3_managed_encryption_keeps_the_md5() -> None:
    assert_proves(proof_for(headers={"x-amz-server-side-encryption": "AES256"}), "md5")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-server-side-encryption": "aws:kms"},
        {"x-amz-server-side-encryption": "aws:kms:dsse"},
        {"x-amz-server-side-encryption-customer-algorithm": "AES256"},
    ],
)
@pytest.mark.parametrize("etag", [KMS_ETAG, f"{KMS_ETAG}-1"])
def test_the_etag_under_kms_or_a_customers_key_proves_nothing(
    headers: Mapping[str, str], etag: str
) -> None:
    assert_proves(proof_for(etag, headers, part_size=len(BODY)))


@pytest.mark.parametrize("etag", ["x", MD5.upper(), MD5[1:], MD5 + "0", f"{MD5}-x", f"-{MD5}"])
def test_an_etag_of_another_form_proves_nothing(etag: str) -> None:
    assert_proves(proof_for(etag, part_size=len(BODY)))


@pytest.mark.parametrize("part_size", [1, 7, 15, len(BODY) - 1, len(BODY), len(BODY) + 1])
def test_a_multipart_etag_of_equal_parts_is_proven(part_size: int) -> None:
    proof = proof_for(multipart_etag(BODY, part_size), part_size=part_size)

    assert_proves(proof, "multipart-etag")


@pytest.mark.parametrize("part_size", [1, 7, 15, len(BODY)])
def test_a_multipart_etag_finds_other_bytes(part_size: int) -> None:
    proof = proof_for(multipart_etag(BODY, part_size), part_size=part_size)

    with pytest.raises(SourceCorrupt, match="multipart-etag"):
        hashed(proof, b"A" + BODY[1:]).check()


def test_a_multipart_etag_does_not_depend_on_how_the_bytes_arrive() -> None:
    for step in (1, 3, 7, 8, 100):
        digest = MultipartMd5(7)
        for start in range(0, len(BODY), step):
            digest.update(BODY[start : start + step])

        assert f"{digest.digest().hex()}-7" == multipart_etag(BODY, 7)


def test_an_empty_multipart_upload_is_one_empty_part() -> None:
    proof = proof_for(multipart_etag(b"", 5), size=0, part_size=5)

    hashed(proof, b"").check()

    assert proof.names == ("size", "multipart-etag")


@pytest.mark.parametrize("count", [1, 6, 8, 99999])
def test_a_part_count_that_equal_parts_cannot_make_is_ignored(count: int) -> None:
    assert_proves(proof_for(f"{KMS_ETAG}-{count}", part_size=7))


def test_a_multipart_etag_without_a_part_size_is_ignored() -> None:
    assert_proves(proof_for(multipart_etag(BODY, 7)))


@pytest.mark.parametrize("name", DIGESTS)
def test_each_checksum_is_proven(name: str) -> None:
    assert_proves(proof_for(checksums={name: DIGESTS[name]}), name)


def test_all_checksums_are_proven_together() -> None:
    assert_proves(proof_for(checksums=DIGESTS), *DIGESTS)


@pytest.mark.parametrize("etag", [MD5, multipart_etag(BODY, 7)])
def test_no_md5_is_computed_where_a_checksum_proves_the_whole_object(etag: str) -> None:
    proof = proof_for(etag, part_size=7, full_object=True, checksums={"crc32": DIGESTS["crc32"]})

    assert_proves(proof, "crc32")


@pytest.mark.parametrize("part_size", [None, 5 * 1024 * 1024])
@pytest.mark.parametrize("changed", [None, 0, -1])
def test_a_large_object_is_proven_by_a_digest_that_runs_beside(
    part_size: int | None, changed: int | None
) -> None:
    body = bytearray(10_000 * 17 * BODY)
    assert len(body) > OVERLAP_FROM_BYTES
    etag = multipart_etag(body, part_size) if part_size else hashlib.md5(body).hexdigest()
    proof = proof_for(etag, size=len(body), part_size=part_size)
    if changed is not None:
        body[changed] ^= 1

    for start in range(0, len(body), BLOCK):
        proof.update(start, bytes(body[start : start + BLOCK]))

    with nullcontext() if changed is None else pytest.raises(SourceCorrupt, match=r"etag|md5"):
        proof.check()


@pytest.mark.parametrize("name", DIGESTS)
def test_each_checksum_finds_other_bytes(name: str) -> None:
    wrong = bytes([DIGESTS[name][0] ^ 1]) + DIGESTS[name][1:]

    with pytest.raises(SourceCorrupt, match=f"the {name} that"):
        hashed(proof_for(checksums={name: wrong})).check()


@pytest.mark.parametrize("name", DIGESTS)
@pytest.mark.parametrize("etag", [MD5, multipart_etag(BODY, 7)])
def test_a_composite_checksum_is_ignored(name: str, etag: str) -> None:
    proof = proof_for(etag, full_object=False, checksums={name: b"of checksums"})

    assert name not in proof.names
    hashed(proof).check()


@pytest.mark.parametrize("name", DIGESTS)
def test_a_full_object_checksum_of_a_multipart_upload_is_proven(name: str) -> None:
    etag = multipart_etag(BODY, 7)

    assert_proves(proof_for(etag, full_object=True, checksums={name: DIGESTS[name]}), name)


def test_without_a_type_only_crc64nvme_is_over_a_whole_multipart_upload() -> None:
    assert_proves(proof_for(multipart_etag(BODY, 7), checksums=DIGESTS), "crc64nvme")


def test_a_known_check_value_of_each_crc() -> None:
    digits = b"123456789"
    known = {
        "crc32": bytes.fromhex("cbf43926"),
        "crc32c": bytes.fromhex("e3069283"),
        "crc64nvme": bytes.fromhex("ae8b14860a799888"),
    }

    hashed(proof_for("x", size=9, checksums=known), digits).check()


def test_the_crc32c_for_cloud_storage_is_always_there() -> None:
    proof = hashed(proof_for("x"))

    assert proof.crc32c == b64encode(DIGESTS["crc32c"]).decode()
    assert proof.names == ("size",)


def test_bytes_that_are_read_again_are_hashed_once() -> None:
    proof = proof_for(checksums=DIGESTS)
    for start, end in [(0, 10), (10, 20), (5, 15), (0, 20), (15, 30), (30, 30), (0, len(BODY))]:
        proof.update(start, BODY[start:end])

    proof.check()


def test_a_gap_is_never_taken_for_the_object() -> None:
    proof = proof_for("x")
    proof.update(0, BODY[:10])
    proof.update(11, BODY[11:])

    with pytest.raises(SourceCorrupt):
        proof.check()
