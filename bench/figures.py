"""Runs taken in turn, and what is said of them: medians, spreads, ratios to a reference."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.processes import Cost

RUNS = 5


@dataclass(frozen=True)
class Spread:
    """Of one figure over all runs."""

    least: float
    median: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    return Spread(min(values), statistics.median(values), max(values))


def take_turns(movers: Mapping[str, Callable[[], Cost]], runs: int = RUNS) -> dict[str, list[Cost]]:
    """Let each move once to warm up, then all in turn, so that a slow moment hits all alike."""
    for move in movers.values():
        move()
    costs: dict[str, list[Cost]] = {name: [] for name in movers}
    for _ in range(runs):
        for name, move in movers.items():
            costs[name].append(move())
    return costs


def ratio(costs: Sequence[Cost], reference: Sequence[Cost], of: Callable[[Cost], float]) -> float:
    """The median of the ratios, each within one turn."""
    return statistics.median(
        of(one) / of(other) for one, other in zip(costs, reference, strict=True)
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
