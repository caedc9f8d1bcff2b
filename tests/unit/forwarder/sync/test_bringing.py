"""One listed object until it is landed: what is asked, how often, and when it ends."""

import pytest

from forwarder.forwarding import Outcome
from forwarder.sync.bringing import (
    COMPARE_SECONDS,
    FORWARD_SECONDS,
    LONGEST_PAUSE_SECONDS,
    TRIES,
    TRIES_WHILE_BUSY,
    Status,
)
from tests.unit.forwarder.sync.house import (
    DIFFERENT,
    GONE,
    LANDED,
    LISTED,
    MISSING,
    NO_ETAG,
    UNANNOUNCED,
    house,
    not_forwarded,
)


def test_the_readme_speaks_of_these_tries_and_words() -> None:
    assert (TRIES, TRIES_WHILE_BUSY, LONGEST_PAUSE_SECONDS) == (6, 30, 60)
    assert (COMPARE_SECONDS, FORWARD_SECONDS) == (60, 3600)
    assert [*Status] == [
        "landed before", "landed now", "gone from S3", "failed", "landed",
        "landed but not announced", "missing", "different",
    ]  # fmt: skip


def test_what_is_landed_costs_one_question_and_s3_none() -> None:
    there = house(LANDED)

    assert there.bringing.bring(LISTED).status is Status.BEFORE
    assert there.forwarder.calls == ["as listed"]


@pytest.mark.parametrize("found", [MISSING, DIFFERENT, UNANNOUNCED])
def test_what_is_not_landed_and_announced_is_forwarded(found: Outcome) -> None:
    there = house(found, LANDED)

    assert there.bringing.bring(LISTED).status is Status.NOW
    assert there.forwarder.calls == ["as listed", "forward"]


def test_an_object_that_another_has_just_landed_was_landed_before() -> None:
    there = house(MISSING, Outcome("already-landed"))

    assert there.bringing.bring(LISTED).status is Status.BEFORE


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_object_deleted_since_it_was_listed_is_gone(dry_run: bool) -> None:
    there = house(MISSING, GONE, dry_run=dry_run)

    assert there.bringing.bring(LISTED).status is Status.GONE


def test_a_list_without_etag_or_without_the_version_is_not_asked_with() -> None:
    for there, listed in ((house(LANDED), NO_ETAG), (house(LANDED, versions_pinned=True), LISTED)):
        there.bringing.bring(listed)
        assert there.forwarder.calls == ["forward"]


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (MISSING, Status.MISSING),
        (DIFFERENT, Status.DIFFERENT),
        (UNANNOUNCED, Status.UNANNOUNCED),
        (LANDED, Status.LANDED),
    ],
)
def test_a_dry_run_looks_at_s3_before_it_says_anything_against_an_object(
    second: Outcome, status: Status
) -> None:
    there = house(DIFFERENT, second, dry_run=True)

    assert there.bringing.bring(LISTED).status is status
    assert there.forwarder.calls == ["as listed", "compare"]


@pytest.mark.parametrize(
    "reason", ["OVERLOADED", "DRAINING", "RATE_LIMITED", "URL_EXPIRED", "ENDPOINT_UNREACHABLE"]
)
def test_what_passes_is_tried_again_from_the_beginning(reason: str) -> None:
    there = house(MISSING, not_forwarded(reason), MISSING, LANDED)

    assert there.bringing.bring(LISTED).status is Status.NOW
    assert there.forwarder.calls == ["as listed", "forward"] * 2


def test_landfalls_own_pause_is_kept_and_without_one_pauses_grow() -> None:
    there = house(not_forwarded("OVERLOADED", 7), LANDED)
    there.bringing.bring(LISTED)
    assert there.pauses == [7]

    there = house(not_forwarded("ENDPOINT_UNREACHABLE"))
    there.bringing.bring(LISTED)
    assert all(2.0**n / 2 <= pause <= 2.0**n for n, pause in enumerate(there.pauses))


def test_tries_are_bounded_and_the_failure_tells_the_last_reason() -> None:
    there = house(not_forwarded("STORE_UNAVAILABLE"))

    result = there.bringing.bring(LISTED)

    assert (result.status, result.reason) == (Status.FAILED, "STORE_UNAVAILABLE")
    assert result.text == "because of STORE_UNAVAILABLE"
    assert (len(there.forwarder.calls), len(there.pauses)) == (TRIES, TRIES - 1)


@pytest.mark.parametrize("reason", ["OVERLOADED", "RATE_LIMITED"])
def test_who_is_only_busy_is_waited_for_longer_and_ever_more_patiently(reason: str) -> None:
    there = house(not_forwarded(reason, 1))

    result = there.bringing.bring(LISTED)

    assert (result.status, result.reason) == (Status.FAILED, reason)
    assert len(there.pauses) == TRIES_WHILE_BUSY - 1
    assert min(there.pauses[6:]) >= LONGEST_PAUSE_SECONDS / 2
    assert max(there.pauses) <= LONGEST_PAUSE_SECONDS


def test_an_object_that_keeps_changing_is_no_success() -> None:
    there = house(*[MISSING, Outcome("superseded")] * TRIES)

    result = there.bringing.bring(LISTED)

    assert (result.status, result.reason) == (Status.FAILED, "SUPERSEDED")
    assert there.forwarder.calls == ["as listed", "forward"] * TRIES


@pytest.mark.parametrize("reason", ["OBJECT_TOO_LARGE", "SOURCE_REFUSED", "INVALID_MESSAGE"])
def test_what_is_wrong_with_the_object_is_not_tried_again(reason: str) -> None:
    there = house(not_forwarded(reason))

    assert there.bringing.bring(LISTED).reason == reason
    assert there.pauses == []
