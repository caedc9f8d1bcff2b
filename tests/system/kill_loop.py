"""Processes die at random moments under load, by `kill -9`; in the end everything must be right."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers.versioned_s3 import Temper, VersionedS3
from tests.system.neighbours import Neighbours
from tests.system.service import ROOT, Service, environment_for
from tests.system.verdict import Verdict, judge
from tests.system.workload import Workload

WHOLE_SHARE = 0.1
"""Of the kills that end the whole service, not one worker."""
WHOLE, WORKER = "the whole service", "a worker"
PHASES = ("before its GET", "waiting for headers", "in the body", "after the last byte")
WALK_SECONDS = 120


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
            given_up = len(workload.tally.given_up)
            healed = walk(environment)
            workload.redrive()
            left = walk(environment)
            verdict = judge(s3.versions, workload, neighbours.backend)
        finally:
            service.end()
    verdict.figures = {
        "kills": killed.total(),
        **{f"  of {what}": count for what, count in sorted(killed.items())},
        **verdict.figures,
        "messages given up, and redriven later": given_up,
        "announced by the second net": healed,
    }
    if left:
        verdict.wrong["silent"].append(f"{left} after the walk")
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
        time.sleep(rng.uniform(*plan.pauses))
        if kind == WHOLE:
            workload.note_kill()
            service.kill()
            service.start()
        else:
            worker = rng.choice(service.workers())
            workload.note_kill()
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        killed[kind] += 1
    return killed


def walk(environment: dict[str, str]) -> int:
    """Let the second net look at every object; return how many it had to announce."""
    command = [sys.executable, "reconcile.py", "walk", "--patience", "0"]
    walked = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
        timeout=WALK_SECONDS, check=True,
    )  # fmt: skip
    found = re.search(r"(\d+) announced just now", walked.stdout)
    assert found, walked.stdout
    return int(found[1])
