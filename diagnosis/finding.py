"""What one check tells the operator."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from transfer.errors import LandfallError, Unavailable


class Verdict(StrEnum):
    """Only `FAILED` is a fault: the rest lets Landfall do its work."""

    OK = "ok"
    ADVICE = "advice"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    check: str
    verdict: Verdict
    text: str
    """What was found and, unless all is well, what to do. Never a secret."""


@runtime_checkable
class Advising(Protocol):
    """What is on this machine, and may be open to its other users."""

    def advice(self) -> Sequence[str]:
        """Return what an operator should look at, though all works."""


def advised(check: str, subject: object) -> Iterator[Finding]:
    if isinstance(subject, Advising):
        for text in subject.advice():
            yield Finding(check, Verdict.ADVICE, text)


def look(check: str, act: Callable[[], str], if_unavailable: str) -> Finding:
    """Return what `act` found, or how it failed."""
    try:
        return Finding(check, Verdict.OK, act())
    except LandfallError as error:
        return failure(check, error, if_unavailable)


def failure(check: str, error: LandfallError, if_unavailable: str = "") -> Finding:
    """Other errors say what to do; `if_unavailable` says it for one that may pass by itself."""
    remedy = if_unavailable if isinstance(error, Unavailable) else ""
    return Finding(check, Verdict.FAILED, f"{error} {remedy}".rstrip())


def guarded(check: str, findings: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Give these findings; should their check break off, the next ones are still made."""
    try:
        yield from findings()
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold a secret
        text = f"The check itself broke off ({type(error).__name__}), which is a fault of Landfall."
        yield Finding(check, Verdict.FAILED, f"{text} Report it with what stands above.")
