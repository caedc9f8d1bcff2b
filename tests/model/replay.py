"""The project's own protocol, driven step by step.

A worker does nothing but call its ports, so all that it will do follows from the answers
it has got. To learn its next call, the protocol runs from the start with ports that repeat
these answers; where they run out, the run is broken off.

A round leaves nothing behind but how many there were. So it is forgotten here: a worker
that starts again is one that just began. That it gives up after six rounds is no different
from its death at that moment, which the explorer tries as well.
"""

from collections.abc import Callable
from datetime import timedelta

from tests.fakes import message_for
from tests.model.calls import Ended, History, RoundOver, Step, Violation
from tests.model.ports import (
    EPOCH,
    NAME,
    Again,
    Paused,
    Script,
    ScriptedBudget,
    ScriptedSource,
    ScriptedStore,
    ScriptedTopic,
    told,
)
from tests.model.versions import SMALL, content, version_of_etag
from tests.mutants.code import Code
from transfer.budget import Budget
from transfer.errors import LandfallError
from transfer.object_name import ObjectName

RECONCILER = "the reconciler"
"""What takes the place of a message's version where the reconciler is at work."""


class Replay:
    """Tells what a worker does next."""

    def __init__(
        self,
        code: Code,
        versions: str,
        size: int = SMALL,
        new_budget: Callable[[Script], Budget] = ScriptedBudget,
    ) -> None:
        self._code = code
        self._new_budget = new_budget
        self._versions = versions
        self._size = size
        self._known: dict[tuple[str | None, History], Step] = {}

    def next_step(self, about: str | None, history: History) -> Step:
        """`about` is the version that the message names, None, or RECONCILER."""
        known = self._known.get((about, history))
        if known is None:
            known = self._known[about, history] = self._run(about, history)
        return known

    def _run(self, about: str | None, history: History) -> Step:
        script = Script(history, self._versions, self._size)
        try:
            ended = self._look(script) if about == RECONCILER else self._land(about, script)
        except Paused:
            assert script.pending is not None
            return script.pending
        except Again:
            ended = RoundOver()
        except LandfallError:
            ended = Ended(None)
        except Exception as error:
            raise Violation(f"{type(error).__name__} left the protocol") from error
        if script.open_uploads:
            raise Violation("an upload that cannot end was not aborted")
        return ended

    def _land(self, about: str | None, script: Script) -> Ended | RoundOver:
        landing = self._code.landing(
            self._code.source(ScriptedSource(script)),
            self._code.store(ScriptedStore(script)),
            ScriptedTopic(script),
            ObjectName("{bucket}/{key}"),
            self._size,
            lambda: self._new_budget(script),
        )
        body = None if about is None else content(about, self._size)
        outcome = landing.land(message_for(body))
        version = version_of_etag(outcome.etag, self._size)
        if outcome.landed is None:
            return Ended(outcome.status, version)
        generation = outcome.landed.generation
        if outcome.message_id != told(generation):
            raise Violation("the answer names another notification than its object's")
        return Ended(outcome.status, version, generation)

    def _look(self, script: Script) -> Ended | RoundOver:
        later = EPOCH + timedelta(days=1)
        reconciler = self._code.reconciler(
            ScriptedStore(script), ScriptedTopic(script), now=lambda: later
        )
        return Ended(reconciler.look(NAME).name)
