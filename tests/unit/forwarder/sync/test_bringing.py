"""One listed object until it is landed: what is asked, how often, and when it ends."""

from dataclasses import dataclass, field

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.forwarding import Outcome
from forwarder.sync.bringing import (
    COMPARE_SECONDS,
    FORWARD_SECONDS,
    LONGEST_PAUSE_SECONDS,
    TRIES,
    TRIES_WHILE_BUSY,
    Bringing,
    Status,
)
from forwarder.sync.listing import CannotWork, Listed
from forwarder.sync.verdict import FAILURES_IN_A_ROW, SUSPECTS

LISTED = Listed(S3Object("heron-meadow", "a", "eu-west-2", etag="e1"), 3)
NO_ETAG = Listed(S3Object("heron-meadow", "a", "eu-west-2"), 3)
MISSING, DIFFERENT, GONE = Outcome("missing"), Outcome("different"), Outcome("gone")
LANDED = Outcome("landed", 3, {"notification": {"messageId": "m"}})
UNANNOUNCED = Outcome("landed", 3, {"notification": None})


def not_forwarded(reason: str, retry_after: float | None = None) -> NotForwarded:
    return NotForwarded(reason, f"because of {reason}", retry_after)


@dataclass
class FakeForwarder:
    """Gives these outcomes in turn, the last again and again; remembers which call it was."""

    outcomes: list[Outcome | Exception]
    calls: list[str] = field(default_factory=list)

    def forward(self, wanted: S3Object, seconds: float) -> Outcome:
        return self._next("forward")

    def compare(self, wanted: S3Object, seconds: float) -> Outcome:
        return self._next("compare")

    def compare_as_listed(self, listed: S3Object, size: int, seconds: float) -> Outcome:
        assert listed.etag
        return self._next("as listed")

    def _next(self, call: str) -> Outcome:
        self.calls.append(call)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@dataclass
class House:
    forwarder: FakeForwarder
    bringing: Bringing
    pauses: list[float]


def house(
    *outcomes: Outcome | Exception,
    dry_run: bool = False,
    versions_pinned: bool = False,
    ends: bool = False,
) -> House:
    forwarder, pauses = FakeForwarder(list(outcomes)), list[float]()

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return ends

    bringing = Bringing(forwarder, dry_run=dry_run, versions_pinned=versions_pinned, pause=pause)
    return House(forwarder, bringing, pauses)


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
