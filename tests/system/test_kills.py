"""`kill -9` of workers and of the whole service, at random moments under load."""

import random
import uuid
from pathlib import Path

import pytest

from tests.servers.cloud_storage import CloudStorage
from tests.system.backends import Cloud, Embedded
from tests.system.hindrances import slow_topic
from tests.system.kill_loop import PHASES, Plan, SlowStorage, kill_and_judge
from tests.system.verdict import Verdict

SEED = str(random.SystemRandom().getrandbits(32))


def assert_good(verdict: Verdict, replaced: int) -> None:
    """Nothing is wrong, and the kills were such that something could have been."""
    told = f"seed {SEED}\n{verdict}"
    print(told)  # noqa: T201 - `pytest -s` shows the figures
    assert verdict.is_good, told
    for phase in PHASES:
        assert verdict.hits[phase], f"no request was killed {phase}: {told}"
    assert verdict.killed_unannounced, f"none was killed between landing and announcing: {told}"
    assert verdict.replaced >= replaced, f"too few landings replaced another: {told}"


@pytest.mark.timeout(300)
def test_kills_lose_nothing_in_the_embedded_store(tmp_path: Path) -> None:
    topic = tmp_path / "notifications.db"

    verdict = kill_and_judge(
        tmp_path,
        Embedded(tmp_path),
        lambda seed: slow_topic(topic, seed),
        Plan(35, 100, (0.1, 0.5)),
        SEED,
    )

    assert_good(verdict, replaced=100)


@pytest.mark.timeout(300)
def test_kills_lose_nothing_in_cloud_storage(pubsub_emulator: str, tmp_path: Path) -> None:
    with CloudStorage(directory=tmp_path) as storage:
        backend = Cloud(storage.url, pubsub_emulator, f"kills-{uuid.uuid4().hex[:8]}")
        try:
            verdict = kill_and_judge(
                tmp_path,
                backend,
                lambda seed: SlowStorage(storage, seed),
                Plan(15, 50, (0.3, 0.9)),
                SEED,
            )
        finally:
            backend.close()

    assert_good(verdict, replaced=50)
