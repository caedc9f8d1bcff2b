"""Load as forwarders make it: objects that come and are overwritten, and a message for each.

A message is sent again, each time with a fresh URL, until it is answered 200. Some senders
give up after a failure: what they leave is redriven at the end, as from a dead-letter queue.
"""

import http.client
import json
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from tests.servers.versioned_s3 import BUCKET, Version, VersionedS3
from tests.system.service import API_KEY, sample_message

SIZES = (0, 1, 1000, 1000, 1000, 40_000, 262_144, 262_145, 800_001)
ANSWER_SECONDS = 60.0
LONGEST_PAUSE = 0.5
NO_ANSWER = "no answer"
HOT_KEYS = 16
"""Keys that are overwritten again and again."""


@dataclass
class Mix:
    """What the senders do, in chances."""

    overwrite: float = 0.8
    """A hot key, not a new one."""
    put_back: float = 0.1
    """An overwrite brings the bytes of an earlier version."""
    twice: float = 0.1
    """Another sender sends the same message as well."""
    give_up: float = 0.05
    """After a failure, for good."""
    hot_keys: int = HOT_KEYS
    sizes: Sequence[int] = SIZES
    pause_seconds: float = 0.0
    """Of a sender between two messages, on average."""


@dataclass(eq=False)
class Try:
    """One request that is on its way."""

    url: str
    port: int
    phase: str | None = None
    """How far it was at the last kill since it began."""
    killed_at: datetime | None = None


@dataclass
class Tally:
    """What the senders saw."""

    answers: Counter[str] = field(default_factory=Counter)
    """By status or reason; `no answer` for a connection that ended without one."""
    hits: Counter[str] = field(default_factory=Counter)
    """Tries that a kill left without an answer, by phase."""
    landed: list[tuple[str, str]] = field(default_factory=list)
    """Name and generation of each answer that tells one."""
    hit_landings: list[tuple[str, str, datetime]] = field(default_factory=list)
    """The same, where the try before was ended by a kill, and when that was."""
    given_up: list[Version] = field(default_factory=list)


class Workload:
    """Sends from many threads while it is entered, to whatever port `port` tells."""

    def __init__(
        self,
        s3: VersionedS3,
        port: Callable[[], int],
        seed: str,
        senders: int = 16,
        mix: Mix | None = None,
    ) -> None:
        self._s3, self._port, self._seed = s3, port, seed
        self._mix = mix or Mix()
        self.tally = Tally()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._flying: set[Try] = set()
        self._again: queue.SimpleQueue[Version] = queue.SimpleQueue()
        self._keys = 0
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(f"{seed} {number}"),))
            for number in range(senders)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self, seconds: float = 120.0) -> None:
        """Let no version more come, and every sender finish with what it sends."""
        self._stopped.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            raise AssertionError(f"Messages are not answered 200 within {seconds:.0f} s.")

    @property
    def replaced(self) -> int:
        """At least so many landings replaced an earlier one, as the answers tell."""
        hot = {landed for landed in self.tally.landed.copy() if "/hot/" in landed[0]}
        return len(hot) - len({name for name, _ in hot})

    def note_kill(self, port: int | None = None) -> None:
        """Remember how far each request is: if it is not answered, this kill hit it.

        With a port, only the requests to that one are meant.
        """
        with self._lock:
            now = datetime.now(UTC)
            for attempt in self._flying:
                if port in (None, attempt.port):
                    attempt.phase, attempt.killed_at = self._s3.phase(attempt.url), now

    def redrive(self) -> None:
        """Send what was given up until it is answered 200."""
        rng = random.Random(self._seed)
        while self.tally.given_up:
            self._deliver(self.tally.given_up.pop(), rng, may_give_up=False)

    def ask_again(self, version: Version) -> tuple[str, str]:
        """Send a message once more; return status and generation."""
        attempt = Try(self._s3.sign(version.key), self._port())
        status, told = self._send(version, attempt)
        self._s3.forget(attempt.url)
        assert status == 200, told
        return told["status"], told["object"]["generation"] if told["object"] else ""

    def _run(self, rng: random.Random) -> None:
        while not (self._stopped.is_set() and self._again.empty()):
            time.sleep(rng.uniform(0, 2 * self._mix.pause_seconds))
            try:
                version = self._again.get_nowait()
            except queue.Empty:
                if self._stopped.is_set():
                    return
                version = self._put(rng)
                if rng.random() < self._mix.twice:
                    self._again.put(version)
            self._deliver(version, rng, may_give_up=True)

    def _put(self, rng: random.Random) -> Version:
        if rng.random() < self._mix.overwrite:
            key = f"hot/{rng.randrange(self._mix.hot_keys)}"
            earlier = self._s3.versions.get(key, [])
            if earlier and rng.random() < self._mix.put_back:
                former = rng.choice(earlier[-3:])
                return self._s3.put(key, former.seed, former.size)
        else:
            with self._lock:
                self._keys += 1
                key = f"once/{self._keys}"
        return self._s3.put(key, rng.getrandbits(64), rng.choice(self._mix.sizes))

    def _deliver(self, version: Version, rng: random.Random, *, may_give_up: bool) -> None:
        hit_at: datetime | None = None
        while True:
            attempt = Try(self._s3.sign(version.key), self._port())
            status, told = self._fly(version, attempt)
            if status == 200:
                self._note_end(version, told, hit_at)
                return
            hit_at = attempt.killed_at or hit_at
            if may_give_up and rng.random() < self._mix.give_up:
                self.tally.given_up.append(version)
                return
            time.sleep(rng.uniform(0, LONGEST_PAUSE))

    def _fly(self, version: Version, attempt: Try) -> tuple[int, dict[str, Any]]:
        """Send once; 0 if there is no answer."""
        with self._lock:
            self._flying.add(attempt)
        try:
            status, told = self._send(version, attempt)
        except (OSError, http.client.HTTPException):
            status, told = 0, {}
        with self._lock:
            self._flying.discard(attempt)
            self.tally.answers[_name_of(status, told)] += 1
            if status == 0 and attempt.phase is not None:
                self.tally.hits[attempt.phase] += 1
            else:
                attempt.killed_at = None
        self._s3.forget(attempt.url)
        return status, told

    def _send(self, version: Version, attempt: Try) -> tuple[int, dict[str, Any]]:
        body = sample_message(BUCKET, version.key, version.head, attempt.url)
        headers = {"Content-Type": "application/json", "x-api-key": API_KEY}
        connection = http.client.HTTPConnection("127.0.0.1", attempt.port, timeout=ANSWER_SECONDS)
        with closing(connection):
            connection.request("POST", "/processmessage", body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def _note_end(self, version: Version, told: dict[str, Any], hit_at: datetime | None) -> None:
        if told["object"] is None:
            return
        landed = (told["object"]["name"], told["object"]["generation"])
        with self._lock:
            self.tally.landed.append(landed)
            if hit_at is not None:
                self.tally.hit_landings.append((*landed, hit_at))


def _name_of(status: int, told: dict[str, Any]) -> str:
    if status == 0:
        return NO_ANSWER
    return str(told["status"] if status == 200 else told["error"]["details"][0]["reason"])
