"""The states that workers and world can be in together, and what leads from one to the next.

States that differ in nothing that matters count as one. The workers are interchangeable.
Tokens are numbered anew. A worker that has not begun is the same as a message that waits.
A call that touches nothing others see is made as soon as it is due: when it is made makes
no difference to anybody else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.model.calls import (
    AskPersisted,
    Call,
    Create,
    Done,
    Ended,
    History,
    RoundOver,
    Send,
    Step,
)
from tests.model.numbering import (
    Numbers,
    Tokens,
    numbers_for,
    renumbered,
    renumbered_world,
    tokens_in,
    tokens_of,
)
from tests.model.replay import RECONCILER, Replay
from tests.model.versions import SMALL
from tests.model.world import Faults, Physics, There, World
from tests.mutants.code import Code


@dataclass(frozen=True)
class Setting:
    """What is explored."""

    versions: str
    """What the source is written with, one after the other."""
    workers: int = 2
    unnamed: frozenset[int] = frozenset()
    """Messages, by the number of their write from 0, that name no version."""
    repeats: bool = False
    """Whether messages come again after they were answered with success."""
    reconciler: bool = False
    """Whether it looks while the workers work."""
    there: There | None = None
    """What is at the destination before."""
    size: int = SMALL
    faults: Faults = field(default_factory=Faults)


class Worker(NamedTuple):
    """At work on a message; RECONCILING is the reconciler's number."""

    message: int
    history: History


RECONCILING = -1


class State(NamedTuple):
    world: World
    workers: tuple[int, ...]
    """By their numbers in `States`, in order."""


class Action(NamedTuple):
    who: str
    call: Call | None
    how: str

    def __str__(self) -> str:
        call = "" if self.call is None else str(self.call)
        return " ".join(part for part in (self.who, call, self.how) if part)


class States:
    """The states of one setting."""

    def __init__(self, setting: Setting, code: Code) -> None:
        self.setting = setting
        self.physics = Physics(setting.versions, setting.faults)
        self._replay = Replay(code, setting.versions, setting.size)
        self._workers: list[Worker] = []
        self._tokens: list[Tokens] = []
        self._steps: list[Step] = []
        self._ids: dict[Worker, int] = {}
        self._worlds: dict[World, World] = {}
        """Each once: millions of states share them."""
        self._numbers: dict[Tokens, Numbers | None] = {}
        self._renumbered: dict[tuple[int, Tokens], int] = {}
        self._at_the_start = {
            number: self._id_of(Worker(number, ()))
            for number in range(RECONCILING, len(setting.versions))
        }
        self.at: Action | None = None
        """What is being tried."""
        self.ends: set[str | None] = set()
        """How workers ended, as far as was seen."""

    def first(self) -> State:
        answered = (False,) * len(self.setting.versions)
        return State(World(1, self.setting.there, answered), ())

    def successors(self, state: State) -> Iterator[tuple[Action, State]]:
        world, workers = state
        private = [w for w in workers if isinstance(self._steps[w], Send | AskPersisted)]
        if private:
            yield from self._moves_of(state, private[0])
            return
        if world.writes < len(self.setting.versions):
            written = world._replace(writes=world.writes + 1)
            yield Action("the source", None, "is written"), State(written, workers)
        if world.late is not None:
            self.at = Action("late", world.late, "")
            yield self.at, self._canonical(self.physics.arrive(world), workers)
        for worker in dict.fromkeys(workers):
            yield from self._moves_of(state, worker)
        for worker in self._who_may_begin(state):
            yield from self.moves(world, worker, workers)

    def moves(
        self, world: World, worker: int, others: tuple[int, ...]
    ) -> Iterator[tuple[Action, State]]:
        """What its next call leads to, for one that is not among the others yet."""
        message, history = self._workers[worker]
        call = self._steps[worker]
        who = self._name(message)
        assert not isinstance(call, Ended | RoundOver)
        self.at = Action(who, call, "")
        for how, after, answer in self.physics.outcomes(world, call):
            successor = self._continued(after, message, (*history, answer), others)
            yield Action(who, call, how), successor

    @property
    def workers(self) -> list[Worker]:
        """All that were met."""
        return self._workers

    def to_begin(self, message: int) -> int:
        """The worker that begins with this message."""
        return self._at_the_start[message]

    def _moves_of(self, state: State, worker: int) -> Iterator[tuple[Action, State]]:
        place = state.workers.index(worker)
        others = state.workers[:place] + state.workers[place + 1 :]
        yield from self.moves(state.world, worker, others)
        who = self._name(self._workers[worker].message)
        yield Action(who, None, "dies"), self._canonical(state.world, others)

    def _who_may_begin(self, state: State) -> Iterator[int]:
        world, workers = state
        reconcilers = sum(self._workers[w].message == RECONCILING for w in workers)
        if self.setting.reconciler and not reconcilers and world.there is not None:
            yield self._at_the_start[RECONCILING]
        if len(workers) - reconcilers < self.setting.workers:
            for message in range(world.writes):
                if self.setting.repeats or not world.answered[message]:
                    yield self._at_the_start[message]

    def _continued(
        self, world: World, message: int, history: History, others: tuple[int, ...]
    ) -> State:
        """The state after a worker has got its answer."""
        worker = self._id_of(Worker(message, history))
        step = self._steps[worker]
        while isinstance(step, Create) and not self.setting.faults.early:
            history = (*history, Done())
            worker = self._id_of(Worker(message, history))
            step = self._steps[worker]
        if isinstance(step, Ended):
            self.ends.add(step.status)
            if message != RECONCILING:
                world = self.physics.answer(world, message, step)
            return self._canonical(world, others)
        if isinstance(step, RoundOver):
            if message == RECONCILING or not world.answered[message] or self.setting.repeats:
                return self._canonical(world, others)  # it may begin at any time
            worker = self._at_the_start[message]
        return self._canonical(world, (*others, worker))

    def _canonical(self, world: World, workers: tuple[int, ...]) -> State:
        tokens = tokens_in(world).union(*(self._tokens[worker] for worker in workers))
        try:
            numbers = self._numbers[tokens]
        except KeyError:
            numbers = self._numbers[tokens] = numbers_for(tokens)
        if numbers is not None:
            world = renumbered_world(world, numbers)
            workers = tuple(self._renumber(worker, tokens, numbers) for worker in workers)
        return State(self._worlds.setdefault(world, world), tuple(sorted(workers)))

    def _renumber(self, worker: int, tokens: Tokens, numbers: Numbers) -> int:
        known = self._renumbered.get((worker, tokens))
        if known is None:
            message, history = self._workers[worker]
            known = self._id_of(Worker(message, renumbered(history, numbers)))
            self._renumbered[worker, tokens] = known
        return known

    def _id_of(self, worker: Worker) -> int:
        known = self._ids.get(worker)
        if known is None:
            known = self._ids[worker] = len(self._workers)
            self._workers.append(worker)
            self._tokens.append(tokens_of(worker.history))
            self._steps.append(self._replay.next_step(self._about(worker.message), worker.history))
        return known

    def _about(self, message: int) -> str | None:
        if message == RECONCILING:
            return RECONCILER
        return None if message in self.setting.unnamed else self.setting.versions[message]

    def _name(self, message: int) -> str:
        if message == RECONCILING:
            return RECONCILER
        return f"a worker on message {message + 1}"
