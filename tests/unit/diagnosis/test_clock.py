"""How far this machine's clock is off, by the Date header of others."""

from datetime import UTC, datetime, timedelta

import pytest

from diagnosis.clock import check_clock, skew_of
from diagnosis.finding import Verdict

NOW = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "skew"),
    [
        ("Fri, 27 Nov 2026 18:00:00 GMT", timedelta()),
        ("Fri, 27 Nov 2026 17:40:00 GMT", timedelta(minutes=20)),
        ("Fri, 27 Nov 2026 19:00:00 +0100", timedelta()),
        ("Fri, 27 Nov 2026 18:00:00", timedelta()),
        ("soon", None),
        (f"Fri, 27 Nov {'9' * 30} 18:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_the_header_tells_the_skew_or_nothing(date: str | None, skew: timedelta | None) -> None:
    assert skew_of(date, NOW) == skew


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(60, Verdict.OK), (61, Verdict.FAILED), (-61, Verdict.FAILED)]
)
def test_a_minute_is_borne(seconds: int, verdict: Verdict) -> None:
    (found,) = check_clock({"host": timedelta(seconds=seconds)})

    assert found.verdict is verdict


def test_the_host_that_disagrees_is_named() -> None:
    (found,) = check_clock({"good": timedelta(), "bad": timedelta(minutes=-5), "mute": None})

    assert "5 min behind that of bad" in found.text


def test_hosts_that_tell_no_time_check_nothing() -> None:
    (found,) = check_clock({"mute": None})

    assert found.verdict is Verdict.NOT_CHECKED
