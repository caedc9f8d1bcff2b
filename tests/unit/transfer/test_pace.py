"""How many streams the first one asks for."""

import time
from threading import Thread

import pytest

from transfer.pace import Meter, Pace

MB = 1_000_000


@pytest.mark.parametrize(
    ("rate", "streams"),
    [(0, 16), (1, 16), (5 * MB, 16), (75 * MB, 16), (80 * MB, 15), (100 * MB, 12), (200 * MB, 6),
     (299 * MB, 5), (300 * MB, 1), (600 * MB, 1), (5000 * MB, 1)],
)  # fmt: skip
def test_as_many_streams_as_make_enough(rate: float, streams: int) -> None:
    assert Pace().streams(rate) == streams


def test_a_stream_that_moves_enough_is_judged_at_once() -> None:
    meter = Meter(Pace(probe_bytes=1000, probe_seconds=30, fast=1))
    started = time.monotonic()
    Thread(target=meter.count, args=(1000,)).start()

    assert meter.streams() == 1

    assert time.monotonic() - started < 10


@pytest.mark.parametrize("moved", [0, 999])
def test_a_stream_that_moves_little_is_judged_when_its_time_is_over(moved: int) -> None:
    meter = Meter(Pace(probe_bytes=1000, probe_seconds=0.05, enough=10**9))
    started = time.monotonic()
    meter.count(moved)

    assert meter.streams() == 16

    assert time.monotonic() - started >= 0.05
