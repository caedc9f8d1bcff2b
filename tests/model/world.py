"""The world around the workers: what its calls do, how they may fail, and what must hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.calls import (
    Answer,
    AskPersisted,
    Call,
    Create,
    Done,
    Ended,
    Finish,
    Open,
    Opened,
    Patch,
    Persisted,
    Publish,
    Raised,
    Seen,
    Send,
    Stat,
    Violation,
)
from transfer.store import ABSENT, STEP, Token


class There(NamedTuple):
    """The live object, with what no store tells."""

    generation: int
    metageneration: int
    version: str
    write: int
    """Of the source, that its bytes are of."""
    notified: bool = False
    published: bool = False
    whole: bool = True
    """Whether the store made it of the bytes that it was to be made of."""

    @property
    def seen(self) -> Seen:
        return Seen(self.generation, self.metageneration, self.version, self.notified, self.whole)


STRANGER = There(1, 1, "", write=0)
ELSEWHERE = There(1, 1, "a", write=0)
"""Landed from a bucket of the same name elsewhere, with the ETag of version A, and unannounced."""


class World(NamedTuple):
    """All that is outside of the workers."""

    writes: int
    """How often the source was written."""
    there: There | None
    answered: tuple[bool, ...]
    """Of each write, whether its message got an answer of success."""
    late: Finish | Patch | None = None
    """A request that nobody waits for any more, and that may still arrive."""


@dataclass(frozen=True)
class Faults:
    """What may go wrong besides a worker's death."""

    late: bool = False
    """A request arrives after its sender gave up on it."""
    early: bool = False
    """A stale token is refused already when the upload begins."""
    transfer: bool = False
    """Sources break off, and uploads break."""
    wrong: bool = False
    """The store makes an object of other bytes, as it might compose it, and does not answer."""


class Outcome(NamedTuple):
    """One way in which a call may go."""

    how: str
    world: World
    answer: Answer


class Physics:
    """What happens, by call."""

    def __init__(self, versions: str, faults: Faults) -> None:
        self._versions = versions
        self._faults = faults

    def outcomes(self, world: World, call: Call) -> Iterator[Outcome]:
        match call:
            case Stat():
                yield Outcome("", world, world.there.seen if world.there else None)
                yield Outcome("fails", world, Raised("StoreUnavailable"))
            case Open(version):
                yield from self._open(world, version)
            case Create(token):
                yield from self._create(world, token)
            case Send(end):
                yield from self._send(world, end)
            case AskPersisted():
                yield Outcome("nothing", world, Persisted(0))
                yield Outcome("all", world, Persisted(STEP))
                yield Outcome("is forgotten", world, Raised("UploadLost"))
            case Finish():
                yield from self._finish(world, call)
            case Publish():
                yield from self._publish(world, call)
            case Patch():
                yield from self._patch(world, call)

    def arrive(self, world: World) -> World:
        """The late request comes in at last."""
        assert world.late is not None
        then = self.landed if isinstance(world.late, Finish) else self.patched
        return (then(world, world.late) or world)._replace(late=None)  # type: ignore[arg-type]

    def _open(self, world: World, version: str | None) -> Iterator[Outcome]:
        if version in (None, self._versions[world.writes - 1]):
            yield Outcome("", world, Opened(world.writes))
            if self._faults.transfer:
                yield Outcome("breaks off", world, Opened(world.writes, breaks=True))
        else:
            yield Outcome("has changed", world, Raised("SourceChanged"))
        yield Outcome("fails", world, Raised("SourceUnavailable"))

    def _create(self, world: World, token: Token) -> Iterator[Outcome]:
        yield Outcome("", world, Done())
        if self._faults.early:
            yield Outcome("fails", world, Raised("StoreUnavailable"))
            if not _holds(token, world.there):
                yield Outcome("is refused", world, Raised("TokenMoved"))

    def _send(self, world: World, end: int) -> Iterator[Outcome]:
        yield Outcome("", world, Persisted(end))
        if self._faults.transfer:
            yield Outcome("keeps nothing", world, Persisted(0))
            yield Outcome("breaks", world, Raised("StoreUnavailable"))
            yield Outcome("is forgotten", world, Raised("UploadLost"))

    def _finish(self, world: World, call: Finish) -> Iterator[Outcome]:
        after = self.landed(world, call)
        if after is not None:
            assert after.there is not None
            yield Outcome("", after, after.there.seen)
            yield Outcome("happens, answer lost", after, Raised("UploadLost"))
            yield Outcome("happens, its echo is refused", after, Raised("TokenMoved"))
            if self._faults.late and world.late is None:
                yield Outcome("is late", world._replace(late=call), Raised("UploadLost"))
            if self._faults.wrong:
                other = after._replace(there=after.there._replace(whole=False))
                yield Outcome("makes other bytes, answer lost", other, Raised("UploadLost"))
        yield Outcome("is refused", world, Raised("TokenMoved"))  # the token, or the checksum
        yield Outcome("is in doubt", world, Raised("UploadLost"))
        yield Outcome("fails", world, Raised("StoreUnavailable"))

    def landed(self, world: World, call: Finish) -> World | None:
        """The world in which the object is visible; None if the token does not hold."""
        there = world.there
        if not _holds(call.token, there):
            return None
        if call.write == 0 or self._versions[call.write - 1] != call.version:
            raise Violation("bytes became visible that are not the version they are said to be")
        if there is not None and there.version:
            if there.whole and not there.published:
                raise Violation("a generation was replaced that nobody announced")
            if there.write > call.write:
                raise Violation("older bytes replaced newer ones")
        generation = there.generation + 1 if there else 1
        return world._replace(there=There(generation, 1, call.version, call.write))

    def _publish(self, world: World, call: Publish) -> Iterator[Outcome]:
        there = world.there
        if there is None or not 0 < call.generation <= there.generation:
            raise Violation("a generation was announced that was never there")
        after = world
        if call.generation == there.generation:
            if call.version != there.version:
                raise Violation("a generation was announced as another version")
            if not there.whole:
                raise Violation("other bytes were announced than were verified")
            after = world._replace(there=there._replace(published=True))
        yield Outcome("", after, Done())
        yield Outcome("happens, answer lost", after, Raised("NotifyUnavailable"))
        yield Outcome("fails", world, Raised("NotifyUnavailable"))

    def _patch(self, world: World, call: Patch) -> Iterator[Outcome]:
        after = self.patched(world, call)
        if after is None:
            yield Outcome("is refused", world, Raised("TokenMoved"))
        else:
            assert after.there is not None
            yield Outcome("", after, after.there.seen)
            yield Outcome("happens, answer lost", after, Raised("StoreUnavailable"))
            yield Outcome("happens, its echo is refused", after, Raised("TokenMoved"))
            if self._faults.late and world.late is None:
                yield Outcome("is late", world._replace(late=call), Raised("StoreUnavailable"))
        yield Outcome("fails", world, Raised("StoreUnavailable"))

    def patched(self, world: World, call: Patch) -> World | None:
        there = world.there
        if there is None or call.token == ABSENT or not _holds(call.token, there):
            return None
        if call.told != there.generation or not there.published:
            raise Violation("a generation was marked that nobody announced")
        mark = there._replace(metageneration=there.metageneration + 1, notified=True)
        return world._replace(there=mark)

    def answer(self, world: World, number: int, ended: Ended) -> World:
        """The sender of a message hears how it ended."""
        if ended.status is None:
            return world
        if ended.status == "superseded":
            if world.writes == number + 1:
                raise Violation("the newest version was called superseded")
        else:
            there = world.there
            if there is None or not 0 < ended.generation <= there.generation:
                raise Violation("success was answered, and the object was never there")
            if ended.generation == there.generation and (
                there.version != ended.version or not there.published or not there.whole
            ):
                raise Violation("success was answered, and it is not true")
        answered = (*world.answered[:number], True, *world.answered[number + 1 :])
        return world._replace(answered=answered)

    def check(self, world: World) -> None:
        """Once the newest version's message is answered, that version is there, announced."""
        if world.writes and world.answered[world.writes - 1]:
            there = world.there
            if there is None or there.version != self._versions[world.writes - 1]:
                raise Violation("the newest version is answered for, and another one is there")
            if not there.whole:
                raise Violation("the newest version is answered for, and other bytes are there")
            if not there.published:
                raise Violation("the newest version is answered for, and nobody announced it")


def _holds(token: Token, there: There | None) -> bool:
    if there is None:
        return token.generation == 0
    if token.generation != there.generation:
        return False
    return token.metageneration in (0, there.metageneration)
