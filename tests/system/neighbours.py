"""The service's neighbours, slow and moody, so that a process can die in the middle of a deed."""

import math
import random
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.cloud_storage import CloudStorage
from tests.servers.cloud_storage_faults import Answer, Drop, Fault, LoseAnswer, Request
from tests.system.backends import Backend, Cloud, Embedded


@dataclass(frozen=True)
class Neighbours:
    """A store and a topic, and a way to make them slow; it takes a seed."""

    backend: Backend
    slow: Callable[[str], AbstractContextManager[None]]


def embedded(folder: Path) -> Neighbours:
    return Neighbours(Embedded(folder), lambda seed: _slow_topic(folder / "notifications.db", seed))


@contextmanager
def cloud(folder: Path, pubsub: str) -> Iterator[Neighbours]:
    with CloudStorage(directory=folder) as storage:
        backend = Cloud(storage.url, pubsub, f"landed-{uuid.uuid4().hex[:8]}")
        try:
            yield Neighbours(backend, lambda seed: _slow_storage(storage, seed))
        finally:
            backend.close()


@contextmanager
def _slow_topic(file: Path, seed: str, seconds: float = 0.1) -> Iterator[None]:
    """Hold the write lock of this SQLite file, for up to so long, every now and then."""
    stopped = threading.Event()
    rng = random.Random(seed)

    def hold_now_and_then() -> None:
        with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as topic:
            while not stopped.wait(rng.uniform(0, seconds)):
                topic.execute("BEGIN IMMEDIATE")
                time.sleep(rng.uniform(0, seconds))
                topic.execute("ROLLBACK")

    thread = threading.Thread(target=hold_now_and_then, name="slow-topic")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


@contextmanager
def _slow_storage(storage: CloudStorage, seed: str) -> Iterator[None]:
    """Be slow at every write, lose answers, refuse some requests."""
    rng = random.Random(seed)
    after = {"create-session": 0.0, "multipart": 0.2, "finalise": 0.2, "patch": 0.0}
    for kind, seconds in after.items():
        faults = (
            Slow(rng, 0.05, seconds),
            Sometimes(rng, 0.02, Answer(503)),
            Sometimes(rng, 0.02, Drop()),
            Sometimes(rng, 0.02, LoseAnswer()),
        )
        storage.fault(kind, *faults, times=math.inf)
    try:
        yield
    finally:
        storage.clear_faults()


@dataclass
class Slow(Fault):
    """Waits up to so long before a request is processed, and again before it is answered."""

    rng: random.Random
    before_seconds: float = 0.0
    after_seconds: float = 0.0

    def before(self, request: Request) -> None:
        time.sleep(self.rng.uniform(0, self.before_seconds))

    def after(self, request: Request) -> None:
        time.sleep(self.rng.uniform(0, self.after_seconds))


@dataclass
class Sometimes(Fault):
    """Another fault, for some of the requests."""

    rng: random.Random
    chance: float
    fault: Fault

    def before(self, request: Request) -> None:
        if self.rng.random() < self.chance:
            self.fault.before(request)

    def after(self, request: Request) -> None:
        if self.rng.random() < self.chance:
            self.fault.after(request)
