"""Which failures end the whole run, and which end only the work for their object."""

import pytest

from forwarder.sync.bringing import (
    Status,
)
from forwarder.sync.listing import CannotWork
from forwarder.sync.verdict import FAILURES_IN_A_ROW, SUSPECTS
from tests.unit.forwarder.sync.house import LANDED, LISTED, house, not_forwarded


@pytest.mark.parametrize(
    "reason",
    [
        "API_KEY_INVALID",
        "API_KEY_MISSING",
        "API_KEY_UNREADABLE",
        "AWS_CONFIGURATION",
        "BUCKET_NOT_ALLOWED",
        "CREDENTIALS",
        "METHOD_NOT_ALLOWED",
        "NOT_FOUND",
        "NOT_JSON",
    ],
)
def test_what_all_would_meet_ends_the_run_at_once(reason: str) -> None:
    there = house(not_forwarded(reason))

    with pytest.raises(CannotWork, match=f"'heron-meadow/a': because of {reason}"):
        there.bringing.bring(LISTED)

    assert len(there.forwarder.calls) == 1


@pytest.mark.parametrize("reason", ["MISCONFIGURED", "HTTP_200", "HTTP_403", "HTTP_404"])
def test_what_one_object_may_cause_ends_the_run_only_when_three_meet_it_and_none_gets_through(
    reason: str,
) -> None:
    there = house(not_forwarded(reason))

    for _ in range(SUSPECTS - 1):
        assert there.bringing.bring(LISTED).reason == reason

    with pytest.raises(
        CannotWork, match=f"3 objects failed and none got through.*because of {reason}"
    ):
        there.bringing.bring(LISTED)
    assert there.pauses == []


def test_a_run_in_which_nothing_got_through_cannot_work() -> None:
    there = house(not_forwarded("MISCONFIGURED"))
    there.bringing.bring(LISTED)

    with pytest.raises(CannotWork, match="no object got through, the last: because of MISCONF"):
        there.bringing.end()


def test_a_run_in_which_one_got_through_ends_well() -> None:
    there = house(not_forwarded("MISCONFIGURED"), LANDED)

    there.bringing.bring(LISTED)
    there.bringing.bring(LISTED)

    there.bringing.end()


def test_an_outage_ends_the_run_after_some_objects() -> None:
    there = house(not_forwarded("ENDPOINT_UNREACHABLE"))

    for _ in range(FAILURES_IN_A_ROW - 1):
        there.bringing.bring(LISTED)

    with pytest.raises(CannotWork, match="20 objects failed in a row"):
        there.bringing.bring(LISTED)


def test_a_success_in_between_shows_that_it_is_none() -> None:
    failing = [not_forwarded("URL_REFUSED")] * (FAILURES_IN_A_ROW - 1)
    there = house(*failing, LANDED, *failing, LANDED)

    statuses = [there.bringing.bring(LISTED).status for _ in range(2 * FAILURES_IN_A_ROW)]

    assert statuses.count(Status.BEFORE) == 2


def test_many_archived_objects_are_no_outage() -> None:
    there = house(not_forwarded("SOURCE_REFUSED"))

    for _ in range(3 * FAILURES_IN_A_ROW):
        assert there.bringing.bring(LISTED).status is Status.FAILED


def test_a_run_that_ends_does_not_try_again() -> None:
    there = house(not_forwarded("OVERLOADED"), ends=True)

    assert there.bringing.bring(LISTED).status is Status.FAILED
    assert len(there.forwarder.calls) == 1


def test_an_unexpected_error_fails_its_object_and_its_text_stays_untold(
    caplog: pytest.LogCaptureFixture,
) -> None:
    there = house(ValueError("https://secret"))

    result = there.bringing.bring(LISTED)

    assert (result.reason, result.text) == (
        "UNEXPECTED",
        "unexpected ValueError: please report it",
    )
    assert "secret" not in caplog.text
    assert "_next" in caplog.text
