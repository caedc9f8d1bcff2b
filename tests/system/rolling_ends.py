"""Instances end by SIGTERM under load, one after another, while the next one serves already."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.servers.versioned_s3 import Temper, VersionedS3
from tests.system.aftermath import settle
from tests.system.backends import Backend
from tests.system.service import Service, environment_for
from tests.system.verdict import Verdict
from tests.system.workload import Mix, Workload

LAG_SECONDS = 0.2
"""So long after the signal an instance still gets new connections, as behind a balancer."""


def end_and_judge(
    folder: Path, backend: Backend, ends: int, seed: str, temper: Temper, mix: Mix | None = None
) -> tuple[Verdict, list[float]]:
    """End so many instances; return how it went, and how many seconds each end took."""
    rng = random.Random(f"{seed} ends")
    with VersionedS3(temper) as s3, ExitStack() as to_end:
        settings = {"S3_ENDPOINTS": s3.origin, "WEB_CONCURRENCY": "1", "LOG_LEVEL": "WARNING"}
        environment = environment_for(backend, **settings)
        serving: list[Service] = []

        def add() -> None:
            service = Service(folder, environment)
            service.start()
            to_end.callback(service.end)
            serving.append(service)

        add()
        workload = Workload(s3, lambda: rng.choice(serving[-2:]).port, seed, mix=mix)
        with ThreadPoolExecutor(ends) as waiting, workload:
            ending = []
            for _ in range(ends):
                add()
                time.sleep(rng.uniform(LAG_SECONDS, 0.5))
                old = serving[-2]
                workload.note_kill(old.port)
                ending.append(waiting.submit(old.end))
                time.sleep(LAG_SECONDS)
                serving[:] = serving[-1:]
            # Only now may the source be quick again, or on a quick machine none is given up.
            seconds = [ended.result() for ended in ending]
            s3.temper = Temper()
        return settle(s3, workload, backend, environment), seconds
