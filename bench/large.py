"""One large object in one stream: CPU per GiB, wall, added memory, beside what others take."""

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.figures import ratio, spread, table, take_turns
from bench.movers import ROOT, Commands, Load, landfall, naive
from bench.objects import Made
from bench.processes import FAR, Cost, free_port, running
from bench.source import Source

GIB = 2**30


@contextmanager
def sink(folder: Path, certificate: Path | None = None) -> Iterator[str]:
    """Run the sink and yield its URL."""
    port = free_port()
    command = [sys.executable, "-m", "bench.sink", "--port", str(port)]
    if certificate:
        command += ["--tls", str(certificate)]
    with running(command, port, FAR, {"PYTHONPATH": str(ROOT)}, folder / "sink.log"):
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}"


def compare(
    folder: Path, source: Source, made: Made, authorities: Path, certificate: Path | None
) -> str:
    """Return a table of all movers with CRC32C as the proof, on plain HTTP or on TLS."""
    origin = source.tls if certificate else source.plain
    with (
        sink(folder, certificate) as url,
        landfall(folder, url, [origin], authorities) as ours,
        naive(folder, url, authorities) as theirs,
    ):
        load = load_of(made, origin, url)
        commands = Commands(authorities, rclone_environment(url))
        movers: dict[str, Callable[[Load], Cost]] = {
            "`curl \\| curl`": commands.curl,
            "rclone copyurl": commands.rclone_copyurl,
            "rclone http to Cloud Storage": commands.rclone_http,
            "naive service": theirs.move,
            "receive, CRC32C, send": commands.bare,
            "**Landfall**": ours.move,
        }
        if shutil.which("gcloud") and certificate is None:
            movers["`gcloud storage cp`"] = commands.gcloud
        costs = take_turns({name: _anew(move, load) for name, move in movers.items()})
    return _table(costs, made.size)


def compare_md5(folder: Path, source: Source, made: Made, authorities: Path) -> str:
    """Return a table of the MD5 alone, the transfer alone, and the transfer that proves it."""
    origins = [source.plain, source.with_md5]
    with sink(folder) as url, landfall(folder, url, origins, authorities, BENCH_CPUS="0,1") as ours:
        proven = load_of(made, source.with_md5, url)
        by_md5 = replace(proven, etag=made.md5, checksums={})
        by_crc = replace(proven, etag=made.md5)
        costs = take_turns(
            {
                "MD5 alone": lambda: _md5_alone(made),
                "transfer alone": _anew(ours.move, by_crc),
                "**transfer with MD5 as proof**": _anew(ours.move, by_md5),
            }
        )
    return _table(costs, made.size, reference="MD5 alone")


def memory(folder: Path, source: Source, made: list[Made], authorities: Path) -> str:
    """Return a table of what Landfall adds and spends at several sizes."""
    rows = []
    with (
        sink(folder) as url,
        landfall(folder, url, [source.plain], authorities) as ours,
    ):
        movers = {_size(one): _often(ours.move, load_of(one, source.plain, url)) for one in made}
        for size, costs in take_turns(movers).items():
            added = spread([cost.memory / 2**20 for cost in costs])
            cpu = spread([cost.cpu for cost in costs])
            told = f"{cpu.median:.2f} ({cpu.least:.2f}-{cpu.most:.2f})"
            rows.append([size, f"{added.most:.1f}", told])
    return table(["size", "memory added at most, MiB", "CPU s/GiB"], rows)


def _size(made: Made) -> str:
    return f"{made.size / GIB:g} GiB" if made.size >= GIB else f"{made.size >> 20} MiB"


def _often(move: Callable[[Load], Cost], load: Load) -> Callable[[], Cost]:
    """Move a GiB at least, since the kernel tells CPU in hundredths of a second; cost per GiB."""

    def often() -> Cost:
        costs = [move(load.anew()) for _ in range(max(1, GIB // load.size))]
        moved = len(costs) * load.size / GIB
        return Cost(
            wall=sum(cost.wall for cost in costs) / moved,
            cpu=sum(cost.cpu for cost in costs) / moved,
            memory=max(cost.memory for cost in costs),
        )

    return often


def load_of(made: Made, origin: str, url: str) -> Load:
    return Load(origin, url, made.name, made.size, made.etag, {"ChecksumCRC32C": made.crc32c})


def rclone_environment(url: str) -> Mapping[str, str]:
    return {
        "RCLONE_CONFIG_GCS_TYPE": "gcs",
        "RCLONE_CONFIG_GCS_ANONYMOUS": "true",
        "RCLONE_CONFIG_GCS_ENDPOINT": f"{url}/storage/v1/",
        "RCLONE_GCS_NO_CHECK_BUCKET": "true",
    }


def _anew(move: Callable[[Load], Cost], load: Load) -> Callable[[], Cost]:
    """Move to a place where nothing is."""
    return lambda: move(load.anew())


def _md5_alone(made: Made) -> Cost:
    digest, piece = hashlib.md5(usedforsecurity=False), os.urandom(2**20)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(made.size >> 20):
        digest.update(piece)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, 0)


def _table(costs: Mapping[str, list[Cost]], size: int, reference: str = "`curl \\| curl`") -> str:
    rows = []
    for name, runs in costs.items():
        cpu = spread([cost.cpu / size * GIB for cost in runs])
        rate = spread([size / cost.wall / 1e6 for cost in runs])
        rows.append(
            [
                name,
                f"{rate.median:.0f}",
                f"{cpu.median:.2f} ({cpu.least:.2f}-{cpu.most:.2f})",
                f"{ratio(runs, costs[reference], lambda cost: cost.cpu):.2f}",
                f"{ratio(runs, costs[reference], lambda cost: cost.wall):.2f}",
                f"{max(cost.memory for cost in runs) / 2**20:.0f}",
            ]
        )
    head = ["mover", "MB/s", "CPU s/GiB", "CPU, ratio", "wall, ratio", "memory, MiB"]
    return table(head, rows)
