"""How long a message waits for its source, and for how few bytes."""

import math
from typing import Self

import pytest

from tests.unit.transfer.test_budget import Clock
from transfer.budget import Budget
from transfer.errors import SourceTooSlow, SourceUnavailable
from transfer.integrity import Hashes
from transfer.reading import BLOCK, SLOW_BLOCK, Reader
from transfer.source import SourceHeaders
from transfer.source_wait import DEFAULT, SLOW_SECONDS, MinimumPace, SourceWait

PACE = MinimumPace(seconds=30, bytes=30_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wait(clock: Clock) -> SourceWait:
    return SourceWait(PACE, clock)


def receive(wait: SourceWait, clock: Clock, seconds: float, count: int) -> None:
    wait.begin()
    clock.now += seconds
    wait.end(count)


def test_a_source_that_sends_a_byte_now_and_then_is_given_up(
    wait: SourceWait, clock: Clock
) -> None:
    for _ in range(2):
        receive(wait, clock, 15, 1)

    with pytest.raises(SourceTooSlow, match="S3 sent less than 29 KiB in 30 s") as refusal:
        wait.begin()

    assert refusal.value.retry_after == 30


def test_a_source_at_the_minimum_pace_goes_on_for_as_long_as_it_takes(
    wait: SourceWait, clock: Clock
) -> None:
    for _ in range(100):
        receive(wait, clock, 29, 30_000)


def test_what_was_fast_before_may_be_slow_for_no_longer(wait: SourceWait, clock: Clock) -> None:
    receive(wait, clock, 1, 10**9)
    receive(wait, clock, 31, 1)

    with pytest.raises(SourceTooSlow):
        wait.begin()


def test_only_waiting_for_the_source_counts(wait: SourceWait, clock: Clock) -> None:
    """As of a store that takes a minute for each block."""
    for _ in range(50):
        receive(wait, clock, 0.5, 1000)
        clock.now += 60


def test_the_account_goes_on_over_new_connections(wait: SourceWait, clock: Clock) -> None:
    """As of a source that breaks off after each few bytes, or is slow to answer each time."""

    def ask() -> None:
        clock.now += 8
        raise SourceUnavailable("broken off")

    for _ in range(3):
        with pytest.raises(SourceUnavailable):
            wait.while_asking(ask)
        receive(wait, clock, 2, 10)

    with pytest.raises(SourceTooSlow):
        wait.while_asking(ask)


def test_a_wait_under_way_has_an_end_that_another_thread_can_read(
    wait: SourceWait, clock: Clock
) -> None:
    assert wait.ends() == math.inf
    receive(wait, clock, 10, 1)
    assert wait.ends() == math.inf

    wait.begin()

    assert wait.ends() == clock.now + 20


def test_a_read_that_was_slow_is_noticed(wait: SourceWait, clock: Clock) -> None:
    seen = []
    for seconds in (SLOW_SECONDS / 2, SLOW_SECONDS * 2, SLOW_SECONDS / 2):
        receive(wait, clock, seconds, 30_000)
        seen.append(wait.slow)

    assert seen == [False, True, False]


def test_a_slow_stream_is_borne_while_others_get_on(wait: SourceWait, clock: Clock) -> None:
    other = wait.branch()
    for _ in range(3):
        receive(wait, clock, 30, 0)
        receive(other, clock, 1, 30_000)
        wait.begin()
        wait.end(0)


def test_streams_that_are_too_slow_together_are_given_up(wait: SourceWait, clock: Clock) -> None:
    other = wait.branch()
    receive(other, clock, 10, 10_000)
    receive(wait, clock, 30, 10_000)

    with pytest.raises(SourceTooSlow):
        wait.begin()


def test_the_same_request_does_not_try_again(clock: Clock) -> None:
    budget, too_slow = Budget(clock, clock.sleep), SourceTooSlow("slow")

    with pytest.raises(SourceTooSlow) as raised:
        budget.spend(too_slow)

    assert raised.value is too_slow
    assert clock.slept == []


def test_branches_of_a_budget_share_the_account(clock: Clock) -> None:
    budget = Budget(clock, clock.sleep, pace=PACE)
    slow, fast = (budget.branch(lambda: False) for _ in range(2))

    slow.source.begin()
    assert slow.ends() == clock.now + 30
    assert fast.ends() == math.inf
    clock.now += 30
    slow.source.end(0)
    receive(fast.source, clock, 1, 30_000)

    slow.source.begin()


class SlowObject:
    """Takes five seconds for each read, then half a second."""

    headers, etag, size = SourceHeaders({}), "etag", 10 * BLOCK

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.asked: list[int] = []

    def read(self, limit: int) -> bytes:
        self.asked.append(limit)
        self._clock.now += 5 if len(self.asked) < 3 else 0.5
        return bytes(limit)

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_little_is_asked_for_at_once_while_the_source_is_slow(clock: Clock) -> None:
    """What is cut off costs a new request; at the minimum pace this little is not cut off."""
    slow = SlowObject(clock)
    budget = Budget(clock, clock.sleep)
    reader = Reader(slow, lambda _: slow, Hashes({}), budget)

    for _ in reader.blocks(0, 2 * BLOCK + 2 * SLOW_BLOCK):
        pass

    assert slow.asked == [BLOCK, SLOW_BLOCK, SLOW_BLOCK, BLOCK]
    assert DEFAULT.bytes > SLOW_BLOCK
