"""From exec to ready, and what an idle worker holds."""

import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from bench.figures import RUNS, spread, table
from bench.large import sink
from bench.movers import landfall
from bench.processes import resident_bytes

_LOOK_SECONDS = 0.005


def measure(folder: Path, authorities: Path, topic: dict[str, str]) -> str:
    """Return a table for the embedded default and for the cloud's adapters."""
    embedded = {"LANDING_BUCKET": f"file:{folder}/bucket"}
    rows = []
    with sink(folder) as url:
        for name, settings in (("directory, SQLite", embedded), ("Cloud Storage, Pub/Sub", topic)):
            runs = [_start_once(folder, url, authorities, settings) for _ in range(RUNS)]
            seconds = spread([run[0] for run in runs])
            held = spread([run[1] / 2**20 for run in runs])
            rows.append(
                [
                    name,
                    f"{seconds.median:.2f} ({seconds.least:.2f}-{seconds.most:.2f})",
                    f"{held.median:.0f}",
                ]
            )
    return table(["adapters", "ready after, s", "idle worker, MiB"], rows)


def _start_once(
    folder: Path, url: str, authorities: Path, settings: dict[str, str]
) -> tuple[float, int]:
    began = time.perf_counter()
    with landfall(folder, url, [], authorities, **settings) as service:
        while not _is_ready(service.port):
            time.sleep(_LOOK_SECONDS)
        seconds = time.perf_counter() - began
        time.sleep(2)
        return seconds, resident_bytes(service.worker)


def _is_ready(port: int) -> bool:
    with (
        suppress(OSError, urllib.error.URLError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1),
    ):
        return True
    return False
