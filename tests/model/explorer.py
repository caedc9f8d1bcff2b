"""Visits every state of a setting, the nearest first, and looks for what must not be."""

import time
from collections import deque
from dataclasses import dataclass
from itertools import permutations

from tests.model.calls import Violation
from tests.model.states import RECONCILING, Action, Setting, State, States
from tests.model.world import World
from tests.mutants.code import Code


@dataclass(frozen=True)
class Report:
    states: int
    transitions: int
    seconds: float
    """Of CPU time."""
    ends: frozenset[str | None]
    """All the ways in which workers ended."""

    def __str__(self) -> str:
        return (
            f"{self.states:,} states, {self.transitions:,} transitions, {self.seconds:.1f} s of CPU"
        )


def explore(setting: Setting, code: Code | None = None) -> Report:
    """Visit all states of this setting.

    Raises:
        Violation: With a shortest way that leads to it.
    """
    return visit(States(setting, code or Code()))


def visit(states: States) -> Report:
    """As `explore`, of states that are wanted afterwards."""
    began = time.process_time()
    healing = Healing(states)
    first = states.first()
    came_from: dict[State, tuple[State, Action] | None] = {first: None}
    waiting = deque([first])
    transitions = 0
    state = first
    try:
        while waiting:
            state = waiting.popleft()
            states.at = None
            states.physics.check(state.world)
            if not state.workers:
                healing.check(state.world)
            for action, successor in states.successors(state):
                transitions += 1
                if successor not in came_from:
                    came_from[successor] = (state, action)
                    waiting.append(successor)
    except Violation as violation:
        way = _way_to(state, came_from)
        raise Violation("\n  ".join([f"{violation}, after", *way, str(states.at)])) from violation
    seconds = time.process_time() - began
    return Report(len(came_from), transitions, seconds, frozenset(states.ends))


class Healing:
    """Whatever happened: if all workers die and nothing fails from then on, all ends well."""

    def __init__(self, states: States) -> None:
        self._states = states

    def check(self, world: World) -> None:
        """Let the messages that wait come once more, in any order, and then the reconciler.

        Raises:
            Violation
        """
        waiting = [m for m in range(world.writes) if not world.answered[m]]
        for order in permutations(waiting):
            after = world
            for message in order:
                after = self._run(after, message)
                if not after.answered[message]:
                    raise Violation(f"message {message + 1} is never answered with success")
                self._states.physics.check(after)
        there = self._run(world, RECONCILING).there
        if there is not None and there.version and there.whole and not there.published:
            raise Violation("the reconciler left an object unannounced")

    def _run(self, world: World, message: int) -> World:
        """A worker does all its work, and nothing fails."""
        state = State(world, ())
        worker = self._states.to_begin(message)
        while True:
            _, state = next(self._states.moves(state.world, worker, ()))
            if not state.workers:
                return state.world
            [worker] = state.workers


def _way_to(state: State, came_from: dict[State, tuple[State, Action] | None]) -> list[str]:
    way = []
    step = came_from[state]
    while step is not None:
        state, action = step
        way.append(str(action))
        step = came_from[state]
    return way[::-1]
