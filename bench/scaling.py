"""Whether a small message costs the same, however many workers, threads and objects there are."""

from collections.abc import Mapping
from pathlib import Path

from bench.figures import spread, table
from bench.large import load_of, sink
from bench.movers import landfall
from bench.objects import Made
from bench.small import CLIENTS, SECONDS, Server, message_request, offer
from bench.source import Source

OBJECTS = 100_000
_STEPS = 10


def threads(
    folder: Path, source: Source, made: Made, authorities: Path, topic: Mapping[str, str], runs: int
) -> str:
    """Return a table over numbers of workers and of threads."""
    rows = []
    for workers in (1, 2):
        for count in (4, 16, 64):
            settings = {
                "WEB_CONCURRENCY": str(workers),
                "GUNICORN_CMD_ARGS": f"--threads {count}",
                "MAX_TRANSFERS": str(count),
                **topic,
            }
            with (
                sink(folder) as url,
                landfall(folder, url, [source.plain], authorities, **settings) as ours,
            ):
                server = Server(ours.port, ours.workers, message_request)
                new_load = load_of(made, source.plain, url).anew
                clients = min(CLIENTS, count * workers)
                offer(server, new_load, clients, 1.0)
                rates = [offer(server, new_load, clients, SECONDS) for _ in range(runs)]
            cpu = spread([rate.cpu for rate in rates])
            per_second = spread([rate.per_second for rate in rates])
            rows.append([str(workers), str(count), f"{cpu.median:.2f}", f"{per_second.median:.0f}"])
    return table(["workers", "threads", "CPU ms/message", "messages/s"], rows)


def filling(folder: Path, source: Source, made: Made, authorities: Path) -> str:
    """Return a table of rates while the bucket fills, for both stores; it takes long."""
    stores = {
        "Cloud Storage's protocol": {},
        "directory": {"LANDING_BUCKET": f"file:{folder}/bucket"},
    }
    rows = []
    for name, settings in stores.items():
        with (
            sink(folder) as url,
            landfall(folder, url, [source.plain], authorities, **settings) as ours,
        ):
            server = Server(ours.port, ours.workers, message_request)
            new_load = load_of(made, source.plain, url).anew
            landed, rates = 0, []
            while landed < OBJECTS:
                rate = offer(server, new_load, CLIENTS, 10.0)
                landed += round(rate.per_second * 10)
                rates.append(rate.per_second)
        step = max(1, len(rates) // _STEPS)
        first, last = spread(rates[:step]).median, spread(rates[-step:]).median
        rows.append([name, f"{landed}", f"{first:.0f}", f"{last:.0f}", f"{last / first:.2f}"])
    head = ["store", "objects in the end", "messages/s, first tenth", "last tenth", "ratio"]
    return table(head, rows)
