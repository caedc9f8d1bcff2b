"""A slow source is read to its end, over plain connections and over TLS, if it keeps the pace."""

import re
import socket
import time

import pytest

from tests.contract.source_side import Side, url_at
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, Script, answer
from transfer.budget import Budget
from transfer.errors import SourceTooSlow
from transfer.integrity import Hashes
from transfer.reading import Reader
from transfer.source import SourceObject
from transfer.source_wait import MinimumPace

BODY = bytes(range(256)) * 256
PACE = MinimumPace(seconds=0.5, bytes=2048)


class Slow(RawServer):
    """Sends pieces of a body with pauses, from wherever it is asked for."""

    def __init__(self, side: Side, piece: int, pause_seconds: float) -> None:
        super().__init__([], tls=side.server_tls)
        self._piece, self._pause = piece, pause_seconds

    def script_for(self, head: bytes, script: Script) -> Script:
        found = re.search(rb"Range: bytes=(\d+)-", head)
        rest = BODY[int(found[1]) if found else 0 :]

        def step(connection: socket.socket) -> None:
            for at in range(0, len(rest), self._piece):
                connection.sendall(rest[at : at + self._piece])
                time.sleep(self._pause)

        whole = answer(rest)
        if found:
            where = f"bytes {len(BODY) - len(rest)}-{len(BODY) - 1}/{len(BODY)}"
            whole = answer(rest, "206 Partial Content", Content_Range=where)
        return [whole[: -len(rest)], step]


@pytest.fixture(scope="module", params=["plain", "tls"])
def side(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Side:
    authority = Authority(tmp_path_factory.mktemp("tls")) if request.param == "tls" else None
    return Side(authority)


def read(side: Side, server: Slow, budget: Budget) -> bytes:
    def reopen(start: int) -> SourceObject:
        return side.source.open(
            url_at(server.origin), "etag-1", start, time.monotonic() + 30, budget.ends
        )

    reader = Reader(None, reopen, Hashes({}), budget)
    try:
        return b"".join(reader.blocks(0, len(BODY)))
    finally:
        reader.close()


def test_bytes_that_came_before_a_block_was_cut_off_are_kept(side: Side) -> None:
    """All of it takes more than 0.8 s, and would be one block."""
    with Slow(side, piece=4096, pause_seconds=0.05) as server:
        assert read(side, server, Budget(interruptions=9, pace=PACE)) == BODY

        assert 2 <= len(server.requests) <= 6


def test_a_source_below_the_pace_is_given_up(side: Side) -> None:
    started = time.monotonic()
    with Slow(side, piece=1, pause_seconds=0.05) as server, pytest.raises(SourceTooSlow):
        read(side, server, Budget(pace=PACE))

    assert time.monotonic() - started < PACE.seconds + 3
