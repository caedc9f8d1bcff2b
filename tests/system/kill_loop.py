"""Processes die at random moments under load, by `kill -9`; in the end everything must be right."""

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers.versioned_s3 import Temper, VersionedS3
from tests.system.aftermath import settle
from tests.system.neighbours import Neighbours
from tests.system.service import Service, environment_for
from tests.system.verdict import Verdict
from tests.system.workload import Workload

WHOLE_SHARE = 0.1
"""Of the kills that end the whole service, not one worker."""
LANDED_BETWEEN = 4
"""Messages that are answered between two kills, if that does not last too long."""
MAX_PAUSE_SECONDS = 5.0
WHOLE, WORKER = "the whole service", "a worker"
PHASES = ("before its GET", "waiting for headers", "in the body", "after the last byte")


@dataclass(frozen=True)
class Plan:
    """What a run must at least have seen; it goes on until then, for up to thrice the kills."""

    kills: int
    replaced: int
    """Landings that replaced an earlier one: only these put the order to the test."""
    pauses: tuple[float, float]
    """Seconds before each kill, from and to."""


def kill_and_judge(folder: Path, neighbours: Neighbours, plan: Plan, seed: str) -> Verdict:
    """Kill while objects come and are overwritten, then say how it ended."""
    temper = Temper(0.5, 0.3, fault_chance=0.1, rng=random.Random(f"{seed} source"))
    with VersionedS3(temper) as s3:
        settings = {"S3_ENDPOINTS": s3.origin, "WEB_CONCURRENCY": "3", "LOG_LEVEL": "WARNING"}
        environment = environment_for(neighbours.backend, **settings)
        service = Service(folder, environment)
        workload = Workload(s3, lambda: service.port, seed)
        service.start()
        try:
            with neighbours.slow(f"{seed} neighbours"), workload:
                killed = _kill(service, workload, plan, random.Random(f"{seed} kills"))
                s3.temper = Temper()
            verdict = settle(s3, workload, neighbours.backend, environment)
        finally:
            service.end()
    figures = {"kills": killed.total(), **{f"  of {kind}": n for kind, n in killed.items()}}
    verdict.figures = {**figures, **verdict.figures}
    return verdict


def _kill(service: Service, workload: Workload, plan: Plan, rng: random.Random) -> Counter[str]:
    """Kill as often as planned, and on until every phase was hit and enough was replaced."""
    killed: Counter[str] = Counter()
    whole = round(plan.kills * WHOLE_SHARE)
    kinds = [WHOLE] * whole + [WORKER] * (plan.kills - whole)
    rng.shuffle(kinds)

    def is_enough() -> bool:
        hit = set(PHASES) <= set(workload.tally.hits)
        return (hit and workload.replaced >= plan.replaced) or killed.total() >= 3 * plan.kills

    while kinds or not is_enough():
        kind = kinds.pop() if kinds else WORKER
        _let_work(workload, rng.uniform(*plan.pauses))
        if kind == WHOLE:
            workload.note_kill()
            service.kill()
            service.start()
        else:
            while not (workers := service.workers()):
                time.sleep(0.01)
            workload.note_kill()
            with suppress(ProcessLookupError):
                os.kill(rng.choice(workers), signal.SIGKILL)
        killed[kind] += 1
    return killed


def _let_work(workload: Workload, seconds: float) -> None:
    """Wait so long, and longer where the machine is slow: who does nothing loses nothing."""
    began, before = time.monotonic(), len(workload.tally.landed)
    time.sleep(seconds)
    while len(workload.tally.landed) < before + LANDED_BETWEEN:
        if time.monotonic() > began + MAX_PAUSE_SECONDS:
            return
        time.sleep(0.01)
