"""What a request counts as: in time or late, announced or not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes import message_for
from transfer.phases import Phase
from transfer.store import ObjectHeaders, StoredObject
from transfer.watching import Request

EVENT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
SIZE = 50_000_000  # five seconds more
PUBLISHED, UNPUBLISHED = (Phase("publish", 1, 2, failed=failed) for failed in (False, True))


def answered(
    outcome: str, *, after: float, event: datetime | None = EVENT, publish: Phase | None = PUBLISHED
) -> Request:
    """A request about an object of S3 that was answered so long after its event."""
    landed = StoredObject(
        "landing", "n", 1, 1, SIZE, "", None, ObjectHeaders(), EVENT + timedelta(seconds=2), EVENT
    )
    return Request(
        "POST", "/processmessage", 0,
        message=message_for(b"x", event_time=event, size=SIZE),
        phases=[publish] if publish else [],
        landed=landed if "landed" in outcome else None,
        outcome=outcome,
        ended=1_000_000_000,
        answered_at=EVENT.timestamp() + after,
    )  # fmt: skip


@pytest.mark.parametrize(("after", "good"), [(65.0, True), (65.1, False)])
def test_a_landing_has_a_minute_and_its_size_at_ten_megabytes_a_second(
    after: float, good: bool
) -> None:
    assert answered("landed", after=after).in_time is good


def test_without_an_event_the_request_alone_counts() -> None:
    quick = answered("landed", after=10**6, event=None)

    assert quick.in_time is True
    assert replace(quick, ended=66 * 10**9).in_time is False


def test_a_failure_counts_once_the_time_is_over() -> None:
    assert answered("failed", after=30).in_time is None
    assert answered("failed", after=66).in_time is False
    assert answered("failed", after=30, event=None).in_time is None
    assert replace(answered("failed", after=30, event=None), ended=66 * 10**9).in_time is False


def test_a_repeat_counts_only_if_it_announced() -> None:
    assert answered("already-landed", after=30).in_time is True
    assert answered("already-landed", after=30, publish=None).in_time is None


@pytest.mark.parametrize("outcome", ["superseded", "refused", "compared-missing"])
def test_what_is_not_landed_does_not_count(outcome: str) -> None:
    assert answered(outcome, after=10**6).in_time is None


def test_a_comparison_that_fails_does_not_count() -> None:
    assert replace(answered("failed", after=10**6), compares=True).in_time is None


def test_a_request_without_a_message_does_not_count() -> None:
    assert Request("GET", "/", 0, outcome="failed").in_time is None


def test_the_lag_is_from_the_event_to_the_landing() -> None:
    assert answered("landed", after=30).lag == 2.0
    assert answered("landed", after=30, event=None).lag is None
    assert answered("superseded", after=30).lag is None
    assert answered("landed", after=30, event=EVENT + timedelta(hours=1)).lag == 0.0


def test_only_a_landing_brought_bytes_over() -> None:
    assert answered("landed", after=1).bytes == SIZE
    assert answered("already-landed", after=1).bytes == 0


def test_what_could_not_be_published_is_unannounced() -> None:
    assert answered("failed", after=1, publish=UNPUBLISHED).unannounced
    assert not answered("landed", after=1).unannounced
