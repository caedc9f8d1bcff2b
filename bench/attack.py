"""What health checks and a sender with a key notice of clients that leave things half done.

Two workers on both processors, with the embedded store. The attackers share the processors.
"""

import http.client
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from bench.figures import table
from bench.large import load_of
from bench.movers import PROGRAMS, ROOT, Load, environment_of, headers, message_of
from bench.objects import Made
from bench.processes import FAR, NEAR, children, cpu_seconds, free_port, resident_bytes, running
from bench.source import Source

SENDERS = 2
_ENV = shutil.which("env") or "env"
_HEALTH_SECONDS = 0.025
_MESSAGE_SECONDS = 0.1
_TIMEOUT_SECONDS = 30.0
_SETTLE_SECONDS = 2.0
ATTACKS = {
    "none": [],
    "10 half requests and 300 unclosed a second": ["halves=10", "unclosed=300"],
    "400 half heads at once": ["burst=400"],
    "40 clients that read no answer": ["deaf=40"],
}


@dataclass
class Seen:
    """By one kind of clients."""

    latencies: list[float] = field(default_factory=list)
    """Seconds, from when each request was due."""
    failures: int = 0

    def cell(self) -> str:
        found = sorted(self.latencies)
        parts = (found[len(found) // 2], found[len(found) * 99 // 100], found[-1])
        return " / ".join(f"{part * 1000:.1f}" for part in parts)


def compare(folder: Path, source: Source, made: Made, seconds: float, checkout: Path = ROOT) -> str:
    """Return a table of all attacks; the service is that of `checkout`."""
    folder.mkdir()
    environment = {
        **environment_of(folder, "", [source.plain], folder / "none"),
        "LANDING_BUCKET": f"file:{folder}/bucket",
        "WEB_CONCURRENCY": "2",
    }
    environment.pop("STORAGE_EMULATOR_HOST")
    rows = []
    for name, rates in ATTACKS.items():
        with _serving(environment, folder / "attack.log", checkout) as (port, pids):
            new_load = load_of(made, source.plain, "").anew
            _watch(port, new_load, _SETTLE_SECONDS)
            before = cpu_seconds(pids)
            with _attacked(port, seconds, rates):
                health, messages = _watch(port, new_load, seconds)
            cpu = (cpu_seconds(pids) - before) / seconds * 100
            memory = max(map(resident_bytes, pids)) / 2**20
        failed = f"{health.failures} / {messages.failures}"
        sent = f"{len(messages.latencies) / seconds:.0f}"
        cells = [health.cell(), messages.cell(), sent, failed, f"{cpu:.0f}", f"{memory:.0f}"]
        rows.append([name, *cells])
    head = ["attack", "health ms: p50 / p99 / most", "message ms: p50 / p99 / most"]
    return table([*head, "messages/s", "failed", "CPU %", "worker, MiB"], rows)


@contextmanager
def _serving(
    environment: dict[str, str], log: Path, checkout: Path
) -> Iterator[tuple[int, list[int]]]:
    port = free_port()
    command = [_ENV, "-C", str(checkout), str(PROGRAMS / "gunicorn"), "--bind", f"127.0.0.1:{port}"]
    environment = {**environment, "PORT": str(port)}
    with running(command, port, FAR | NEAR, environment, log) as process:
        while len(workers := children(process.pid)) < 2:
            if process.poll() is not None:
                raise RuntimeError(log.read_text()[-2000:])
            time.sleep(0.01)
        yield port, workers


@contextmanager
def _attacked(port: int, seconds: float, rates: list[str]) -> Iterator[None]:
    """Let the attackers run for so long, or as long as the block."""
    if not rates:
        yield
        return
    command = [sys.executable, "-m", "bench.attackers", str(port), str(seconds), *rates]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)  # a burst is there by now
        yield
    finally:
        process.terminate()
        process.wait()


def _watch(port: int, new_load: Callable[[], Load], seconds: float) -> tuple[Seen, Seen]:
    """Ask for health, and send messages, on a schedule, each on a connection of its own."""
    stop, health, messages = Event(), Seen(), Seen()

    def ask() -> None:
        _exchange(port, "GET", "/healthz", b"")

    def send() -> None:
        _exchange(port, "POST", "/processmessage", message_of(new_load()))

    threads = [Thread(target=_repeat, args=(ask, _HEALTH_SECONDS, stop, health))]
    threads += [
        Thread(target=_repeat, args=(send, _MESSAGE_SECONDS, stop, messages))
        for _ in range(SENDERS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return health, messages


def _repeat(deed: Callable[[], None], interval: float, stop: Event, seen: Seen) -> None:
    """Do it again and again; what comes late because of the one before counts from its own time.

    Else a service that stalls would be asked less often just then.
    """
    due = time.perf_counter()
    while not stop.is_set():
        try:
            deed()
        except (OSError, http.client.HTTPException):
            seen.failures += 1
        now = time.perf_counter()
        seen.latencies.append(now - due)
        due += interval
        stop.wait(max(0.0, due - now))


def _exchange(port: int, method: str, path: str, body: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    with closing(connection):
        connection.request(method, path, body, headers())
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise ConnectionError(answer.status)
