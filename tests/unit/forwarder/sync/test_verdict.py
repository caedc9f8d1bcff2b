"""Failures of one object and of all: what ends a run, and what does not."""

import pytest

from forwarder.sync.listing import CannotWork
from forwarder.sync.verdict import (
    ABOUT_THE_OBJECT,
    BUSY,
    FAILURES_IN_A_ROW,
    HOPELESS,
    PASSING,
    SUSPECTS,
    Verdict,
    is_suspect,
)
from handlers.errors import TABLE

IS_BUSY = "OVERLOADED RATE_LIMITED DRAINING STARTING HTTP_429"
PASSES = (
    "URL_EXPIRED SOURCE_UNAVAILABLE SOURCE_CORRUPT STORE_UNAVAILABLE NOTIFY_UNAVAILABLE INTERNAL "
    "ENDPOINT_UNREACHABLE NO_TIME SUPERSEDED HTTP_408 HTTP_500 HTTP_502 HTTP_503 HTTP_504"
)
OF_ONE_OBJECT = "INVALID_MESSAGE OBJECT_TOO_LARGE SOURCE_GONE SOURCE_REFUSED SUPERSEDED"
OF_ALL = (
    "API_KEY_MISSING API_KEY_INVALID API_KEY_UNREADABLE BUCKET_NOT_ALLOWED CREDENTIALS "
    "AWS_CONFIGURATION NOT_FOUND METHOD_NOT_ALLOWED NOT_JSON"
)
KINDS = [
    (BUSY, IS_BUSY),
    (PASSING - BUSY, PASSES),
    (ABOUT_THE_OBJECT, OF_ONE_OBJECT),
    (HOPELESS, OF_ALL),
]


@pytest.mark.parametrize(("kind", "reasons"), KINDS)
def test_reasons_of_one_kind_are_treated_alike(kind: frozenset[str], reasons: str) -> None:
    assert kind == set(reasons.split())


def test_every_reason_of_landfall_is_known_or_is_counted_with_others() -> None:
    counted = {
        "KEY_IN_QUERY", "MALFORMED_BODY", "METHOD_OVERRIDE", "MISCONFIGURED", "NOT_LANDED",
        "BODY_TOO_LARGE", "URL_REFUSED",
    }  # fmt: skip
    assert set(TABLE) <= PASSING | ABOUT_THE_OBJECT | HOPELESS | counted


def failing(verdict: Verdict, reason: str, times: int) -> None:
    for _ in range(times):
        verdict.failed(reason, f"because of {reason}")


@pytest.mark.parametrize(
    "reason", ["MISCONFIGURED", "ENDPOINT_NOT_LANDFALL", "HTTP_307", "HTTP_400"]
)
def test_suspects_end_a_run_only_before_anything_got_through(reason: str) -> None:
    verdict = Verdict()
    failing(verdict, reason, SUSPECTS - 1)
    with pytest.raises(CannotWork, match=f"3 objects failed and none got .*because of {reason}"):
        failing(verdict, reason, 1)

    verdict = Verdict()
    verdict.got_through()
    failing(verdict, reason, FAILURES_IN_A_ROW - 1)
    with pytest.raises(
        CannotWork, match=r"20 objects failed in a row .*--start-after.*, at last: because of"
    ):
        failing(verdict, reason, 1)


def test_objects_that_are_refused_one_by_one_are_no_witnesses_of_anything() -> None:
    verdict = Verdict()

    for reason in ABOUT_THE_OBJECT:
        failing(verdict, reason, FAILURES_IN_A_ROW + 1)
        verdict.end()
    failing(verdict, "MISCONFIGURED", SUSPECTS - 1)
    failing(verdict, "SOURCE_REFUSED", 1)
    with pytest.raises(CannotWork):
        failing(verdict, "MISCONFIGURED", 1)


def test_outages_end_a_run_after_more_objects_and_one_that_gets_through_counts_from_zero() -> None:
    verdict = Verdict()
    failing(verdict, "STORE_UNAVAILABLE", FAILURES_IN_A_ROW - 1)
    verdict.got_through()
    failing(verdict, "STORE_UNAVAILABLE", FAILURES_IN_A_ROW - 1)

    with pytest.raises(
        CannotWork, match=r"20 objects failed in a row .*--start-after.*, at last: because of STORE"
    ):
        failing(verdict, "STORE_UNAVAILABLE", 1)


def test_a_run_in_which_only_suspects_were_met_ends_as_one_that_cannot_work() -> None:
    verdict = Verdict()
    verdict.end()
    failing(verdict, "URL_REFUSED", 1)
    verdict.end()
    failing(verdict, "MISCONFIGURED", 1)

    with pytest.raises(CannotWork, match="no object got through, the last: because of MISC"):
        verdict.end()
    verdict.got_through()
    verdict.end()


def test_a_reason_is_of_one_kind() -> None:
    assert not HOPELESS & PASSING
    assert not HOPELESS & ABOUT_THE_OBJECT
    for reason in HOPELESS | PASSING | ABOUT_THE_OBJECT | {"UNEXPECTED", "URL_REFUSED"}:
        assert not is_suspect(reason)
