"""Neighbours that are slow, so that a process can die in the middle of what they do."""

import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.cloud_storage_faults import Fault, Request


@contextmanager
def slow_topic(file: Path, seed: str, seconds: float = 0.1) -> Iterator[None]:
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
