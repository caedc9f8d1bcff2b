"""Half an hour of mixed load and faults: memory, descriptors and threads of no worker may grow.

    python -m tests.soak.endurance --minutes 30

Two services run at once, one on the embedded store, one on Cloud Storage's and Pub/Sub's
stand-ins. The first third of the time is warm-up; it begins with a crowd, so that every
thread that a worker may have is there before anything is measured.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers.pubsub import PubSubEmulator
from tests.servers.versioned_s3 import Temper, VersionedS3
from tests.system.neighbours import Neighbours, cloud, embedded
from tests.system.processes import Usage, usage_of
from tests.system.service import Service, serving
from tests.system.verdict import judge
from tests.system.workload import SIZES, Mix, Workload

MEBIBYTE = 1024**2
MAX_GROWTH = 1 * MEBIBYTE
"""In ten minutes."""
SAMPLE_SECONDS = 5.0
REST_SECONDS = 10.0
MAX_MORE = 2
"""Descriptors and threads at rest that may be more at the end: a leak would be hundreds."""
MIX = Mix(sizes=(*(SIZES * 4), 16 * MEBIBYTE), pause_seconds=0.1)
SENDERS = 6
CROWD, CROWD_SECONDS = 40, 60


@dataclass
class Course:
    """One service under load, and what its workers used over time."""

    name: str
    neighbours: Neighbours
    service: Service
    s3: VersionedS3
    seed: str
    samples: dict[int, list[tuple[float, Usage]]] = field(default_factory=dict)
    rests: list[dict[int, Usage]] = field(default_factory=list)

    def port(self) -> int:
        return self.service.port

    def usages(self) -> dict[int, Usage]:
        return {pid: usage_of(pid) for pid in self.service.workers()}

    def sample(self, since: float) -> None:
        for pid, usage in self.usages().items():
            self.samples.setdefault(pid, []).append((time.monotonic() - since, usage))

    def problems(self) -> Iterator[str]:
        """Tell the figures, and yield what is wrong with them."""
        before, after = self.rests[-2:]
        if set(before) != set(after):
            yield f"{self.name}: a worker was replaced"
        for pid in set(before) & set(after):
            growth = growth_in_ten_minutes(self.samples[pid])
            was, became = before[pid], after[pid]
            print(
                f"{self.name}, worker {pid}: memory {was.resident / MEBIBYTE:.1f} MiB at rest "
                f"after warm-up, {became.resident / MEBIBYTE:.1f} MiB at rest in the end, "
                f"{growth / MEBIBYTE:+.2f} MiB in ten minutes; "
                f"descriptors {was.descriptors}, {became.descriptors}; "
                f"threads {was.threads}, {became.threads}"
            )
            if growth >= MAX_GROWTH:
                yield f"{self.name}: memory grows"
            if became.descriptors > was.descriptors + MAX_MORE:
                yield f"{self.name}: descriptors leak"
            if became.threads > was.threads + MAX_MORE:
                yield f"{self.name}: threads leak"


def growth_in_ten_minutes(samples: list[tuple[float, Usage]]) -> float:
    """The slope of the line through all samples of resident memory, in bytes."""
    times = [moment for moment, _ in samples]
    values = [usage.resident for _, usage in samples]
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((moment - middle) ** 2 for moment in times)
    shared = sum((t - middle) * (v - mean) for t, v in zip(times, values, strict=True))
    return shared / spread * 600


def load(
    courses: list[Course], seconds: float, part: str, senders: int = SENDERS
) -> list[Workload]:
    """Keep all services busy for so long, then let them rest."""
    with ExitStack() as stack:
        workloads = []
        for course in courses:
            seed = f"{course.seed} {part}"
            course.s3.temper = Temper(0.3, 0.3, 0.1, rng=random.Random(f"{seed} source"))
            stack.enter_context(course.neighbours.slow(f"{seed} neighbours"))
            workload = Workload(course.s3, course.port, seed, senders, MIX)
            workloads.append(stack.enter_context(workload))
        began = time.monotonic()
        for course in courses:
            course.samples.clear()
        while time.monotonic() < began + seconds:
            time.sleep(SAMPLE_SECONDS)
            for course in courses:
                course.sample(began)
    time.sleep(REST_SECONDS)
    for course, workload in zip(courses, workloads, strict=True):
        course.s3.temper = Temper()
        workload.redrive()
        course.rests.append(course.usages())
    return workloads


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", default=str(random.SystemRandom().getrandbits(32)))
    asked = parser.parse_args()
    print(f"endurance: {asked.minutes:g} minutes, seed {asked.seed}", flush=True)
    problems = []
    with ExitStack() as stack:
        root = Path(stack.enter_context(TemporaryDirectory()))
        pubsub = stack.enter_context(PubSubEmulator()).address
        courses = []
        for name in ("embedded", "cloud"):
            folder = root / name
            folder.mkdir()
            s3 = stack.enter_context(VersionedS3())
            if name == "embedded":
                neighbours = embedded(folder)
            else:
                neighbours = stack.enter_context(cloud(folder, pubsub))
            settings = {"S3_ENDPOINTS": s3.origin, "LOG_LEVEL": "WARNING"}
            service = stack.enter_context(serving(folder, neighbours.backend, **settings))
            courses.append(Course(name, neighbours, service, s3, f"{asked.seed} {name}"))
        load(courses, CROWD_SECONDS, "crowd", CROWD)
        load(courses, asked.minutes * 20 - CROWD_SECONDS, "warm-up")
        workloads = load(courses, asked.minutes * 40, "course")
        for course, workload in zip(courses, workloads, strict=True):
            verdict = judge(course.s3.versions, workload, course.neighbours.backend)
            print(f"{course.name}:\n{verdict}")
            if not verdict.is_good:
                problems.append(f"{course.name}: see above")
            problems += course.problems()
    print("\n".join(problems) or "endurance: nothing grew, nothing was lost")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
