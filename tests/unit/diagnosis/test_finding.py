"""A check that breaks off is told without its text, and the next ones are made."""

from collections.abc import Iterator

from diagnosis.finding import Finding, Verdict, guarded

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
