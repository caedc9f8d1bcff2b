"""Why it is right that the model counts some states as one."""

from collections.abc import Callable

import pytest

from tests.model.calls import (
    Create,
    Ended,
    Finish,
    History,
    Patch,
    Publish,
    Raised,
    RoundOver,
    Step,
)
from tests.model.explorer import visit
from tests.model.numbering import Numbers, renumbered, tokens_of
from tests.model.ports import Script
from tests.model.replay import RECONCILER, Replay
from tests.model.states import Setting, States
from tests.mutants.code import Code
from transfer.budget import Budget
from transfer.store import Token

VERSIONS = "AB"
INTERRUPTED = Raised("SourceUnavailable")
FEW = 20


@pytest.fixture(scope="module")
def histories() -> dict[str | None, list[History]]:
    """All that workers on A, and reconcilers, can get to hear in one round."""
    states = States(Setting(VERSIONS, reconciler=True), Code())
    visit(states)
    of_all = {(w.message, w.history) for w in states.workers}
    return {
        about: sorted((h for m, h in of_all if m == message), key=len)
        for about, message in (("A", 0), (RECONCILER, -1))
    }


def test_the_protocol_cannot_tell_how_tokens_are_numbered(
    histories: dict[str | None, list[History]],
) -> None:
    replay = Replay(Code(), VERSIONS)
    compared = 0
    for about, heard in histories.items():
        for history in heard:
            numbers = _far_away(history)
            expected = _renumbered_step(replay.next_step(about, history), numbers)
            assert replay.next_step(about, renumbered(history, numbers)) == expected
            compared += bool(numbers)
    assert compared > 100


def test_a_round_leaves_nothing_behind_but_how_many_there_were(
    histories: dict[str | None, list[History]],
) -> None:
    replay = Replay(Code(), VERSIONS)
    rounds = [h for h in histories["A"] if isinstance(replay.next_step("A", h), RoundOver)]
    compared = 0
    for first in rounds:
        if INTERRUPTED in first:
            continue  # it has less patience left, which may only make it give up sooner
        for second in histories["A"][:FEW] + histories["A"][-FEW:]:
            lasting = Replay(Code(), VERSIONS, new_budget=_budget_of_two_rounds(first))
            expected = replay.next_step("A", second)
            if not isinstance(expected, RoundOver):
                assert lasting.next_step("A", first + second) == expected
                compared += 1
    assert compared > 100


def _far_away(history: History) -> Numbers:
    numbers = {(g, m): (7 * g + 90, 3 * m + 4) for g, m in tokens_of(history)}
    return numbers | {(g, 0): (new, 0) for (g, _), (new, _) in numbers.items()}


def _renumbered_step(step: Step, numbers: Numbers) -> Step:
    def generation(old: int) -> int:
        return numbers[old, 0][0] if old else 0

    def token(old: Token) -> Token:
        return Token(*numbers[old.generation, old.metageneration]) if old.generation else old

    match step:
        case Create() | Finish():
            return step._replace(token=token(step.token))
        case Publish() | Ended():
            return step._replace(generation=generation(step.generation))
        case Patch():
            return Patch(token(step.token), generation(step.told))
    return step


def _budget_of_two_rounds(first: History) -> Callable[[Script], Budget]:
    """A budget as the service has it, from which the first round may have taken something."""
    interruptions = 1 + (first[-1] == Raised("UploadLost"))
    return lambda _: Budget(lambda: 0.0, lambda _: None, interruptions)
