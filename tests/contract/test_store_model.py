"""Every store answers as the model's world does, whatever is asked of it in whatever order."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.directory_store import DirectoryStore
from tests.contract.conftest import land
from tests.model.calls import Answer, Call, Finish, Patch, Raised, Seen, Stat
from tests.model.world import Faults, Physics, World
from tests.mutants.ports import GenerationOnly, Unconditional
from transfer.errors import TokenMoved
from transfer.store import ABSENT, ObjectHeaders, Store, StoredObject, Token

WALKS, STEPS = 8, 40


class Twins:
    """A store and the model's world, asked the same; only their numbers may differ."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._physics = Physics("A", Faults())
        self._world = World(1, None, (False,))
        self._real = {ABSENT: ABSENT}
        """The store's token for each of the model's."""

    def tokens(self) -> list[Token]:
        """The last that were told, and each of their generations alone."""
        last = list(self._real)[-4:]
        return last + [Token(known.generation, 0) for known in last]

    def ask(self, call: Call) -> Answer:
        """Return the world's answer, once the store has given the same."""
        _, self._world, expected = next(self._physics.outcomes(self._world, call))
        if self._world.there is not None:  # as the protocol does before it replaces anything
            self._world = self._world._replace(there=self._world.there._replace(published=True))
        try:
            found = self._ask_store(call)
        except TokenMoved:
            assert expected == Raised("TokenMoved")
            return expected
        if found is None:
            assert expected is None
            return None
        assert isinstance(expected, Seen)
        assert found.metadata == ({"version": "A"} | ({"mark": "1"} if expected.notified else {}))
        token = Token(expected.generation, expected.metageneration)
        assert self._real.setdefault(token, found.token) == found.token
        assert len(set(self._real.values())) == len(self._real)
        return expected

    def _ask_store(self, call: Call) -> StoredObject | None:
        if isinstance(call, Finish):
            headers = ObjectHeaders(metadata={"version": "A"})
            return land(self._store, self._name, b"A", self._token(call.token), headers)
        if isinstance(call, Patch):
            return self._store.patch(self._name, self._token(call.token), {"mark": "1"})
        return self._store.stat(self._name)

    def _token(self, token: Token) -> Token:
        if token.metageneration or not token.generation:
            return self._real[token]
        [generation] = {
            real.generation
            for known, real in self._real.items()
            if known.generation == token.generation
        }
        return Token(generation, 0)


def walk(store: Store, seed: int) -> list[Answer]:
    """Ask a store and the model's world the same things, and return their answers."""
    chance = random.Random(seed)
    twins = Twins(store, "name")
    answers = []
    for _ in range(STEPS):
        token = chance.choice(twins.tokens())
        calls: list[Call] = [Stat(), Finish(token, "A", 1), Patch(token, token.generation)]
        answers.append(twins.ask(chance.choice(calls)))
    return answers


@pytest.mark.parametrize("seed", range(WALKS))
def test_a_store_and_the_models_world_give_the_same_answers(store: Store, seed: int) -> None:
    answers = walk(store, seed)

    assert Raised("TokenMoved") in answers
    assert sum(isinstance(answer, Seen) for answer in answers) > STEPS / 4


@pytest.mark.parametrize("careless", [Unconditional, GenerationOnly])
def test_a_store_that_lacks_a_promise_is_told_from_the_models_world(
    tmp_path: Path, careless: Callable[[Store], Store]
) -> None:
    store = careless(DirectoryStore(tmp_path))

    with pytest.raises(AssertionError):
        walk(store, seed=0)
