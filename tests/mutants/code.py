"""What a test lets work: the project's own code, but for what a mutant puts in its place."""

from collections.abc import Callable
from dataclasses import dataclass

from transfer.landing import Landing
from transfer.reconciling import Reconciler
from transfer.source import Source
from transfer.store import Store


@dataclass(frozen=True)
class Code:
    """The parts, each the right one unless told otherwise."""

    landing: type[Landing] = Landing
    reconciler: type[Reconciler] = Reconciler
    source: Callable[[Source], Source] = lambda source: source
    store: Callable[[Store], Store] = lambda store: store
