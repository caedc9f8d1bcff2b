"""Many small objects: messages per second, latency, CPU per message."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from bench.figures import spread, table
from bench.large import load_of, rclone_environment, sink
from bench.movers import PROGRAMS, Load, headers, landfall, message_of, naive
from bench.objects import Made
from bench.processes import NEAR, cpu_seconds, free_port, resident_bytes, running
from bench.source import Source

CLIENTS = 16
SECONDS = 3.0


@dataclass(frozen=True)
class Rate:
    """Of one run."""

    per_second: float
    p50: float
    """Milliseconds."""
    p99: float
    cpu: float
    """Milliseconds per message, of the server's processes alone."""
    memory: int
    """Resident bytes of the server."""


@dataclass(frozen=True)
class Server:
    """Where messages are sent, and which processes are measured."""

    port: int
    pids: list[int]
    request: Callable[[Load], tuple[str, bytes]]
    """Path and body that make it land an object."""


def message_request(load: Load) -> tuple[str, bytes]:
    return "/processmessage", message_of(load)


def rclone_request(load: Load) -> tuple[str, bytes]:
    body = {"fs": "gcs:landing", "remote": load.name, "url": load.url}
    return "/operations/copyurl", json.dumps(body).encode()


@contextmanager
def servers(
    folder: Path, source: Source, url: str, authorities: Path, topic: dict[str, str]
) -> Iterator[dict[str, Server]]:
    port = free_port()
    command = [str(PROGRAMS / "rclone"), "rcd", "--rc-no-auth", "--rc-addr", f"127.0.0.1:{port}"]
    with (
        landfall(folder, url, [source.plain], authorities, **topic) as ours,
        naive(folder, url, authorities, **topic) as theirs,
        running([*command, "--config", ""], port, NEAR, rclone_environment(url)) as rclone,
    ):
        yield {
            "naive service": Server(theirs.port, theirs.workers, message_request),
            "rclone rcd copyurl": Server(port, [rclone.pid], rclone_request),
            "**Landfall**": Server(ours.port, ours.workers, message_request),
        }


def compare(
    folder: Path, source: Source, made: Made, authorities: Path, topic: dict[str, str], runs: int
) -> str:
    """Return a table of all services; each turn gives every one of them some seconds."""
    with sink(folder) as url, servers(folder, source, url, authorities, topic) as found:
        new_load = load_of(made, source.plain, url).anew
        for server in found.values():
            offer(server, new_load, CLIENTS, 1.0)
        rates: dict[str, list[Rate]] = {name: [] for name in found}
        for _ in range(runs):
            for name, server in found.items():
                rates[name].append(offer(server, new_load, CLIENTS, SECONDS))
    return rate_table(rates)


def offer(server: Server, new_load: Callable[[], Load], clients: int, seconds: float) -> Rate:
    """Let so many clients send one message after the other for so long."""
    latencies: list[list[float]] = [[] for _ in range(clients)]
    failures: list[str] = []
    ends = time.perf_counter() + seconds

    def send_on(mine: list[float]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        while time.perf_counter() < ends and not failures:
            path, body = server.request(new_load())
            began = time.perf_counter()
            connection.request("POST", path, body, headers())
            answer = connection.getresponse()
            said = answer.read()
            mine.append(time.perf_counter() - began)
            if answer.status != 200:
                failures.append(f"{answer.status}: {said.decode()}")
        connection.close()

    before, started = cpu_seconds(server.pids), time.perf_counter()
    threads = [Thread(target=send_on, args=(mine,)) for mine in latencies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.perf_counter() - started, cpu_seconds(server.pids) - before
    if failures:
        raise RuntimeError(failures[0])
    every = sorted(one for mine in latencies for one in mine)
    return Rate(
        per_second=len(every) / wall,
        p50=every[len(every) // 2] * 1000,
        p99=every[len(every) * 99 // 100] * 1000,
        cpu=cpu / len(every) * 1000,
        memory=sum(map(resident_bytes, server.pids)),
    )


def rate_table(rates: dict[str, list[Rate]]) -> str:
    rows = []
    for name, runs in rates.items():
        per_second = spread([run.per_second for run in runs])
        rows.append(
            [
                name,
                f"{per_second.median:.0f} ({per_second.least:.0f}-{per_second.most:.0f})",
                f"{spread([run.p50 for run in runs]).median:.1f}",
                f"{spread([run.p99 for run in runs]).median:.1f}",
                f"{spread([run.cpu for run in runs]).median:.2f}",
                f"{spread([run.memory for run in runs]).most / 2**20:.0f}",
            ]
        )
    return table(["service", "messages/s", "p50 ms", "p99 ms", "CPU ms/message", "RSS MiB"], rows)
