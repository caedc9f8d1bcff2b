"""Generations and metagenerations, numbered anew by those that anybody still knows.

The protocol hands tokens on and asks whether two are equal, or absent, and no more. So it
cannot tell a state from one in which they have other numbers, if equal ones stay equal.
Their order is kept as well.
"""

from tests.model.calls import Answer, Finish, History, Patch, Seen
from tests.model.world import World
from transfer.store import Token

Tokens = frozenset[tuple[int, int]]
Numbers = dict[tuple[int, int], tuple[int, int]]


def tokens_of(history: History) -> Tokens:
    """The tokens that a worker with this history knows."""
    return frozenset((a.generation, a.metageneration) for a in history if isinstance(a, Seen))


def tokens_in(world: World) -> Tokens:
    there, late = world.there, world.late
    tokens = {(there.generation, there.metageneration)} if there else set()
    if late is not None and late.token.generation:
        tokens.add((late.token.generation, late.token.metageneration))
    return frozenset(tokens)


def numbers_for(tokens: Tokens) -> Numbers | None:
    """How to number these tokens anew; None if they may stay as they are."""
    generations = sorted({generation for generation, _ in tokens})
    numbers: Numbers = {}
    for new, generation in enumerate(generations, 1):
        known = sorted(meta for g, meta in tokens if g == generation and meta)
        numbers.update({(generation, m): (new, i) for i, m in enumerate(known, 1)})
        numbers[generation, 0] = (new, 0)
    return None if all(old == new for old, new in numbers.items()) else numbers


def renumbered(history: History, numbers: Numbers) -> History:
    return tuple(_answer(answer, numbers) for answer in history)


def renumbered_world(world: World, numbers: Numbers) -> World:
    there, late = world.there, world.late
    if there is not None:
        generation, metageneration = numbers[there.generation, there.metageneration]
        there = there._replace(generation=generation, metageneration=metageneration)
    if late is not None and late.token.generation:
        token = Token(*numbers[late.token.generation, late.token.metageneration])
        late = (
            late._replace(token=token)
            if isinstance(late, Finish)
            else Patch(token, numbers[late.told, 0][0])
        )
    return world._replace(there=there, late=late)


def _answer(answer: Answer, numbers: Numbers) -> Answer:
    if not isinstance(answer, Seen):
        return answer
    generation, metageneration = numbers[answer.generation, answer.metageneration]
    return answer._replace(generation=generation, metageneration=metageneration)
