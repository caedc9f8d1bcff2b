"""So many messages a minute for each key, and the rest waits."""

from dataclasses import dataclass

import pytest

from transfer.errors import RateLimited
from transfer.rate_limit import RateLimit


@dataclass
class Clock:
    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_minutes_worth_may_come_at_once_and_no_more() -> None:
    limit = RateLimit(3, Clock())
    for _ in range(3):
        limit.take("lambda")

    with pytest.raises(RateLimited, match="3 messages a minute"):
        limit.take("lambda")


def test_the_refusal_says_when_the_next_one_is_allowed() -> None:
    clock = Clock()
    limit = RateLimit(6, clock)
    for _ in range(6):
        limit.take("lambda")

    with pytest.raises(RateLimited) as refusal:
        limit.take("lambda")

    assert refusal.value.retry_after == 11
    clock.seconds += refusal.value.retry_after
    limit.take("lambda")


@pytest.mark.parametrize(("passed", "left"), [(0.0, 11), (2.5, 8), (8.5, 2), (9.999, 1)])
def test_the_time_that_passed_is_taken_off(passed: float, left: int) -> None:
    clock = Clock()
    limit = RateLimit(6, clock)
    for _ in range(6):
        limit.take("lambda")

    clock.seconds += passed
    with pytest.raises(RateLimited) as refusal:
        limit.take("lambda")

    assert refusal.value.retry_after == left


def test_refused_messages_are_not_counted() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    for _ in range(60):
        limit.take("lambda")
    for _ in range(100):
        with pytest.raises(RateLimited):
            limit.take("lambda")

    clock.seconds += 1.0
    limit.take("lambda")


def test_silence_saves_up_no_more_than_a_minute() -> None:
    clock = Clock()
    limit = RateLimit(2, clock)
    clock.seconds += 3600
    limit.take("lambda")
    limit.take("lambda")

    with pytest.raises(RateLimited):
        limit.take("lambda")


def test_each_key_has_its_own_limit() -> None:
    limit = RateLimit(1, Clock())
    limit.take("one")

    limit.take("other")
    with pytest.raises(RateLimited):
        limit.take("one")


def test_no_limit_refuses_nobody() -> None:
    limit = RateLimit(0, Clock())

    for _ in range(1000):
        limit.take("lambda")
