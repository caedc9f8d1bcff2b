"""The reasons of refusals that the forwarder knows are those that the service has."""

from typing import Any

import pytest

from forwarder.reasons import (
    ALLOW_BUCKET,
    CHECK_KEY,
    OF_STATUS,
    REASONS,
    RIGHT_URL,
    advice_for,
    at,
    reason_of,
)
from handlers.errors import TABLE


def named(reason: object) -> dict[str, Any]:
    return {"error": {"details": [{"reason": reason}]}}


def test_every_reason_of_the_service_has_words_of_the_forwarder() -> None:
    assert REASONS.keys() == TABLE.keys()
    assert all(words and "\n" not in words for words in REASONS.values())


@pytest.mark.parametrize("reason", REASONS)
def test_a_known_reason_is_named_and_explained(reason: str) -> None:
    assert reason_of(502, named(reason)) == reason
    assert advice_for(502, reason, None, from_landfall=True) == REASONS[reason]


@pytest.mark.parametrize(
    "answer",
    [None, [], "error", {}, {"error": {"details": []}}, named("KEY-1"), named(["INTERNAL"])],
)
def test_any_other_answer_is_named_by_its_status(answer: object) -> None:
    assert reason_of(502, answer) == "HTTP_502"
    assert at(answer, "error", "details", 1) is None


@pytest.mark.parametrize("status", [401, 403, 404, 405, 429])
def test_a_reason_of_a_later_landfall_is_explained_by_its_status(status: int) -> None:
    advice = {401: CHECK_KEY, 403: ALLOW_BUCKET, 429: REASONS["RATE_LIMITED"]}
    assert OF_STATUS[status] == advice.get(status, RIGHT_URL)
    assert advice_for(status, "NEW", None, from_landfall=True) == OF_STATUS[status]
    assert advice_for(418, "NEW", None, from_landfall=True) == ""


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, f"{RIGHT_URL}; if it is right, {CHECK_KEY} and the gateway"),
        (401, f"{RIGHT_URL}; if it is right, {CHECK_KEY} and the gateway"),
        (403, f"{RIGHT_URL}; if it is right, {CHECK_KEY} and the gateway"),
        (302, RIGHT_URL),
        (429, REASONS["RATE_LIMITED"]),
        (499, RIGHT_URL),
        (500, ""),
    ],
)
def test_what_is_not_landfall_s_answer_is_explained_by_its_status(status: int, advice: str) -> None:
    assert advice_for(status, f"HTTP_{status}", "secret", from_landfall=False) == advice


def test_only_the_code_of_s3_is_used_of_what_was_said() -> None:
    said = "S3 answered 403 (NoSuchBucket): secret"
    advice = advice_for(502, "SOURCE_REFUSED", said, from_landfall=True)

    assert advice.startswith("S3 answered it NoSuchBucket: ")
    assert "secret" not in advice
    assert advice_for(502, "INTERNAL", said, from_landfall=True) == REASONS["INTERNAL"]
    late = " " * 2000 + said
    assert advice_for(502, "SOURCE_REFUSED", late, from_landfall=True) == REASONS["SOURCE_REFUSED"]
