"""`kill -9` of workers and of the whole service, at random moments under load.

A run is repeated by `python -m tests.soak.kills`, with the seed that the failed one told.
"""

import random
from pathlib import Path

import pytest

from tests.system.kill_loop import PHASES, Plan, kill_and_judge
from tests.system.neighbours import Neighbours, cloud, embedded

SEED = str(random.SystemRandom().getrandbits(32))


def assert_kills_lose_nothing(folder: Path, neighbours: Neighbours, plan: Plan) -> None:
    """Nothing is wrong, and the kills were such that something could have been."""
    verdict = kill_and_judge(folder, neighbours, plan, SEED)

    told = f"seed {SEED}\n{verdict}"
    print(told)
    assert verdict.is_good, told
    for phase in PHASES:
        assert verdict.hits[phase], f"no request was killed {phase}: {told}"
    assert verdict.killed_unannounced, f"none was killed between landing and announcing: {told}"
    assert verdict.replaced >= plan.replaced, f"too few landings replaced another: {told}"


@pytest.mark.timeout(300)
def test_kills_lose_nothing_in_the_embedded_store(tmp_path: Path) -> None:
    assert_kills_lose_nothing(tmp_path, embedded(tmp_path), Plan(35, 100, (0.1, 0.5)))


@pytest.mark.timeout(300)
def test_kills_lose_nothing_in_cloud_storage(pubsub_emulator: str, tmp_path: Path) -> None:
    with cloud(tmp_path, pubsub_emulator) as neighbours:
        assert_kills_lose_nothing(tmp_path, neighbours, Plan(15, 30, (0.3, 0.9)))
