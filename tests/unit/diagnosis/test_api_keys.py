"""Which keys are in force, and what is told about the one that a sender holds."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagnosis.api_keys import check_keys, check_presented
from diagnosis.finding import Verdict
from transfer.api_keys import ApiKey

NOW = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
KEY = "canary-api-key-5d1f"
LIVE = ApiKey("lambda", hashlib.sha256(KEY.encode()).digest())
OLD = ApiKey("old", b"1" * 32, expires=NOW - timedelta(days=1))
ENDING = ApiKey("ending", b"2" * 32, expires=NOW + timedelta(days=13))


def test_two_keys_in_force_are_in_order() -> None:
    (found,) = check_keys([LIVE, replace(LIVE, name="next", sha256=b"3" * 32)], NOW)

    assert found.verdict is Verdict.OK
    assert found.text == "In force: lambda, next."


def test_an_expired_key_beside_a_live_one_is_advised_on() -> None:
    _, old = check_keys([LIVE, OLD], NOW)

    assert old.verdict is Verdict.ADVICE
    assert "The key old expired at 2026-11-26" in old.text


def test_a_key_that_ends_within_two_weeks_is_advised_on() -> None:
    _, ending = check_keys([LIVE, ENDING], NOW)

    assert ending.verdict is Verdict.ADVICE
    assert "The key ending expires at 2026-12-10" in ending.text
    assert len(list(check_keys([replace(LIVE, expires=NOW + timedelta(days=15))], NOW))) == 1


@pytest.mark.parametrize("key", [OLD, replace(LIVE, disabled=True)])
def test_no_key_in_force_is_a_fault(key: ApiKey) -> None:
    (found,) = check_keys([key], NOW)

    assert found.verdict is Verdict.FAILED
    assert "No sender can get in" in found.text


@pytest.mark.parametrize(
    ("presented", "key", "words"),
    [
        ("another", LIVE, "none of the configured keys"),
        (f" {KEY}", LIVE, "white space around it"),
        (LIVE.sha256.hex(), LIVE, "is the digest"),
        (KEY, replace(LIVE, disabled=True), "It is lambda, which is disabled"),
        (KEY, replace(LIVE, sha256=hashlib.sha256(f"{KEY}\n".encode()).digest()), "not with echo"),
    ],
)
def test_a_sender_that_would_be_refused(presented: str, key: ApiKey, words: str) -> None:
    found = check_presented([key], presented, NOW)

    assert found.verdict is Verdict.FAILED
    assert words in found.text
    assert presented not in found.text


def test_a_sender_that_gets_in() -> None:
    found = check_presented([LIVE], KEY, NOW)

    assert (found.verdict, found.text) == (Verdict.OK, "It is lambda, for buckets *.")
