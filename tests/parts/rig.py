"""A whole Landfall that lands everything by ranges, between servers that misbehave."""

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import google_crc32c
from awscrt.checksums import crc64nvme

from tests.faults.places import CloudPlace
from tests.faults.rig import HASTY_SECONDS, KEY, Rig, body_of, running
from tests.servers.scripted_s3 import Asked, ScriptedS3
from transfer.pace import Pace
from transfer.parallel import Parallel
from transfer.source import RangedSource
from transfer.store import STEP, ComposingStore

RANGE = 2 * STEP
"""Bytes of each range but the last: enough for a resumable upload."""
BODY = body_of(8 * RANGE + 1000)
NEWER = body_of(8 * RANGE + 1001, seed=1)
STARTS = list(range(0, len(BODY), RANGE))
FIRST, MIDDLE, LAST = STARTS[0], STARTS[4], STARTS[-1]
STREAMS = 4
PACE = Pace(probe_seconds=0, max_streams=STREAMS)
"""No time to show how fast it is: so it counts as slow."""
PARTS = ".landfall/parts/"

Digests = dict[str, str | int]


def crc64_of(body: bytes) -> Digests:
    return {"ChecksumCRC64NVME": base64.b64encode(crc64nvme(body).to_bytes(8)).decode()}


def crc32_of(body: bytes) -> Digests:
    return {"ChecksumCRC32": base64.b64encode(zlib.crc32(body).to_bytes(4)).decode()}


def crc32c_of(body: bytes) -> Digests:
    return {"ChecksumCRC32C": base64.b64encode(google_crc32c.value(body).to_bytes(4)).decode()}


def multipart_etag(body: bytes, part_size: int) -> str:
    parts = [body[at : at + part_size] for at in range(0, len(body), part_size)]
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f"{hashlib.md5(digests).hexdigest()}-{len(parts)}"


class ManyRig(Rig):
    """Messages say the digests of what S3 holds now; what was fetched can be told."""

    digests: Callable[[bytes], Digests] = staticmethod(crc64_of)

    def message(self, **fields: Any) -> bytes:
        there = self.s3.objects.get(KEY)
        known: dict[str, Any] = {}
        if there is not None:
            known = {"ChecksumType": "FULL_OBJECT", **self.digests(there.body)}
        return super().message(**(known | fields))

    def cloud(self) -> Any:
        assert isinstance(self.place, CloudPlace)
        return self.place.cloud

    def parts(self) -> list[str]:
        """Temporary objects that are there."""
        return [name for name in self.cloud().objects if name.startswith(PARTS)]

    def fetched(self) -> list[Asked]:
        """The ranges that S3 was asked for; those of the whole object are left out."""
        return [asked for asked in self.s3.asked if asked.end is not None]

    def assert_nothing_visible(self) -> None:
        assert [name for name in self.cloud().objects if not name.startswith(PARTS)] == []
        assert self.place.heard() == []

    def assert_clean(self) -> None:
        """Nothing is visible, and nothing invisible is left."""
        self.assert_nothing_happened()
        assert self.parts() == []

    def assert_landed_whole(self, body: bytes = BODY, copies: int = 1) -> None:
        self.assert_landed(body, copies)
        assert self.parts() == []

    def assert_heals_whole(self, body: bytes = BODY, outcome: str = "landed") -> None:
        self.assert_heals(body, outcome=outcome)
        assert self.parts() == []


@contextmanager
def many(
    place: CloudPlace, s3: ScriptedS3, pace: Pace = PACE, from_bytes: int = 1, **options: Any
) -> Iterator[ManyRig]:
    """Serve, with ranges of RANGE bytes; `options` are those of `running`."""
    store = place.store
    assert isinstance(store, ComposingStore)

    def new_parallel(source: RangedSource) -> Parallel:
        assert isinstance(store, ComposingStore)
        return Parallel(source, store, from_bytes, RANGE, pace)

    options = {"idle_seconds": HASTY_SECONDS, **options}
    with running(place, s3, new_parallel=new_parallel, **options) as rig:
        yield ManyRig(place, s3, rig.port, rig.admission)
