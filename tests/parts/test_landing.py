"""What lands by ranges, how, and what does not."""

import base64
import hashlib
import json
import logging
from collections.abc import Callable
from threading import Barrier
from typing import Any

import pytest

from tests.faults.places import CloudPlace
from tests.faults.rig import KEY, NAME
from tests.parts.rig import (
    BODY,
    RANGE,
    STARTS,
    STREAMS,
    Digests,
    ManyRig,
    crc32_of,
    crc32c_of,
    crc64_of,
    many,
    multipart_etag,
)
from tests.servers.cloud_storage_faults import Call
from tests.servers.scripted_s3 import Asked, ScriptedS3
from transfer.pace import Pace

CRCS = {"crc32": crc32_of, "crc32c": crc32c_of, "crc64nvme": crc64_of}
SPANS = {(start, min(start + RANGE, len(BODY))) for start in STARTS}


@pytest.mark.parametrize("proof", CRCS)
def test_an_object_with_a_checksum_of_the_whole_lands_by_ranges(rig: ManyRig, proof: str) -> None:
    rig.digests = CRCS[proof]

    answer = rig.send()

    assert answer.outcome == (200, "landed")
    assert answer.json["verified"] == ["size", proof]
    assert answer.json["object"]["md5Hash"] is None  # a composed object has none
    assert answer.json["object"]["crc32c"] == crc32c_of(BODY)["ChecksumCRC32C"]
    assert rig.cloud().objects[NAME]["componentCount"] == len(STARTS)
    assert {(asked.start, asked.end) for asked in rig.fetched()} == SPANS
    assert {asked.if_match for asked in rig.fetched()} == {rig.s3.objects[KEY].etag}
    rig.assert_landed_whole()
    assert rig.send().outcome == (200, "already-landed")
    assert len(rig.fetched()) == len(STARTS)


def test_an_object_with_many_entries_of_metadata_lands_by_ranges_with_all_of_them(
    rig: ManyRig,
) -> None:
    said: dict[str, str | None] = {f"x-amz-meta-{n}": "" for n in range(1000)}
    rig.s3.put(KEY, BODY, **said, **{"x-amz-meta-gr\xf6\xdfe": "1"})

    assert rig.send().outcome == (200, "landed")

    rig.assert_landed_whole()
    metadata = rig.place.metadata(NAME) or {}
    assert {name for name in metadata if "-" not in name} == {str(n) for n in range(1000)}


@pytest.mark.parametrize(
    ("part_size", "length"),
    [(RANGE, RANGE), (100_000, 600_000), (3 * RANGE + 5, 3 * RANGE + 5)],
    ids=["as a range", "less than a range", "more than a range"],
)
def test_an_object_with_a_multipart_etag_lands_by_ranges_of_whole_parts(
    rig: ManyRig, part_size: int, length: int
) -> None:
    rig.s3.put(KEY, BODY, etag=multipart_etag(BODY, part_size))
    rig.digests = lambda _: {"PartSize": part_size}

    answer = rig.send()

    assert answer.outcome == (200, "landed")
    assert answer.json["verified"] == ["size", "multipart-etag"]
    starts = range(0, len(BODY), length)
    assert sorted(asked.start for asked in rig.fetched()) == list(starts)
    rig.assert_landed_whole()


def test_all_that_goes_beside_the_bytes_is_there_at_once(rig: ManyRig, s3: ScriptedS3) -> None:
    s3.put(
        KEY,
        BODY,
        Content_Type="image/png",
        Cache_Control="private",
        Content_Encoding="gzip",
        x_amz_meta_bird="heron",
    )
    seen: list[Any] = []
    rig.cloud().fault("patch", Call(lambda: seen.append(rig.cloud().objects.get(NAME))), skip=9)

    assert rig.send().outcome == (200, "landed")

    [composed] = seen  # as it was before its mark
    assert composed["metageneration"] == "1"
    assert composed["contentType"] == "image/png"
    assert composed["cacheControl"] == "private"
    assert composed["contentEncoding"] == "gzip"
    assert composed["metadata"] == {
        "bird": "heron",
        "s3-origin": s3.origin,
        "s3-bucket": "pictures",
        "s3-key": KEY,
        "s3-etag": s3.objects[KEY].etag,
        "landfall-verified": "size,crc64nvme",
        "landfall-crc32c": crc32c_of(BODY)["ChecksumCRC32C"],
    }


def test_ranges_are_fetched_at_once(rig: ManyRig, s3: ScriptedS3) -> None:
    """Each answer waits for three others: one stream alone would wait for ever."""
    together = Barrier(STREAMS)

    def wait(_: object) -> None:
        together.wait(20)

    s3.range_faults = {start: [lambda head, body: [head, wait, body]] for start in STARTS[:STREAMS]}

    assert rig.send().outcome == (200, "landed")

    assert not together.broken
    rig.assert_landed_whole()


def test_what_is_announced_is_the_composed_object(rig: ManyRig, place: CloudPlace) -> None:
    rig.send()

    [heard] = rig.place.heard()
    assert heard["objectId"] == NAME
    assert heard["objectGeneration"] == str(rig.place.generation(NAME))
    assert heard["verified"] == "size,crc64nvme"


def sha256_too(body: bytes) -> Digests:
    return {
        **crc64_of(body),
        "ChecksumSHA256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
    }


ONE_STREAM: dict[str, Callable[[bytes], Digests]] = {
    "only an MD5": lambda _: {},
    "a digest that cannot be combined beside one that can": sha256_too,
    "checksums of checksums": lambda body: {**crc64_of(body), "ChecksumType": "COMPOSITE"},
}


@pytest.mark.parametrize("digests", ONE_STREAM.values(), ids=ONE_STREAM)
def test_a_proof_that_cannot_be_combined_makes_it_one_stream(
    rig: ManyRig, digests: Callable[[bytes], Digests]
) -> None:
    rig.digests = digests

    answer = rig.send()

    assert answer.outcome == (200, "landed")
    assert answer.json["object"]["md5Hash"]
    assert rig.s3.asked == [Asked(0, rig.s3.objects[KEY].etag)]
    rig.assert_landed_whole()


def test_without_any_proof_it_is_one_stream(rig: ManyRig) -> None:
    rig.s3.put(KEY, BODY, x_amz_server_side_encryption="aws:kms")
    rig.digests = lambda _: {}

    assert rig.send().json["verified"] == ["size"]

    assert rig.fetched() == []


@pytest.mark.parametrize(("more", "ranges"), [(1, 0), (0, 9)], ids=["smaller", "of that size"])
def test_many_streams_are_for_objects_of_a_size(
    place: CloudPlace, s3: ScriptedS3, more: int, ranges: int
) -> None:
    with many(place, s3, from_bytes=len(BODY) + more) as rig:
        assert rig.send().outcome == (200, "landed")

        assert len(rig.fetched()) == ranges
        rig.assert_landed_whole()


def test_a_stream_that_is_fast_enough_stays_the_only_one(place: CloudPlace, s3: ScriptedS3) -> None:
    fast = Pace(probe_bytes=RANGE, probe_seconds=30, fast=1)
    with many(place, s3, fast) as rig:
        answer = rig.send()

        assert answer.outcome == (200, "landed")
        assert "componentCount" not in rig.cloud().objects[NAME]
        assert 1 <= len(rig.fetched()) < len(STARTS)
        whole = [asked for asked in s3.asked if asked.end is None]
        assert len(whole) == 1  # what showed the headers was read on, and from its start
        rig.assert_landed_whole()


def test_a_message_without_an_etag_lands_by_ranges_of_what_is_there(rig: ManyRig) -> None:
    message = json.loads(rig.message())["inputMessage"]
    for field in ("ETag", "ContentLength"):
        del message[field]

    assert rig.send(json.dumps(message).encode()).outcome == (200, "landed")

    assert {asked.if_match for asked in rig.fetched()} == {rig.s3.objects[KEY].etag}
    rig.assert_landed_whole()


def test_the_log_tells_its_phases(rig: ManyRig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "landfall.requests")

    rig.send()

    phases = caplog.records[-1].__dict__["fields"]["phases"]
    steps = ["check", "stat", "get", "stream", "verify", "finish", "publish", "mark", "tidy"]
    assert list(phases) == steps
