"""What became of a check: each failure has a remedy, and none hides the checks after it."""

from collections.abc import Iterator

import pytest

from diagnosis.finding import Finding, Verdict, guarded, look
from transfer.errors import LandfallError, Misconfigured, StoreUnavailable

GOOD = Finding("topic", Verdict.OK, "It is there.")


def breaking() -> Iterator[Finding]:
    yield GOOD
    raise ValueError("canary")


def test_what_was_found_before_stays_and_the_breach_is_a_fault() -> None:
    first, second = guarded("topic", breaking)

    assert first == GOOD
    assert second.verdict is Verdict.FAILED
    assert "broke off (ValueError)" in second.text
    assert "canary" not in second.text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (StoreUnavailable("It is away."), "It is away. Look at the network."),
        (Misconfigured("It is missing: create it."), "It is missing: create it."),
    ],
)
def test_a_failure_that_may_pass_gets_a_remedy_and_others_have_one(
    error: LandfallError, text: str
) -> None:
    def act() -> str:
        raise error

    found = look("landing store", act, "Look at the network.")

    assert found == Finding("landing store", Verdict.FAILED, text)
