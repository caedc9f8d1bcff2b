"""Large objects from far away, over lossy lines, and from a source that limits each connection."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.distance import FAR_HOST, distance
from bench.figures import ratio, spread, table, take_turns
from bench.large import load_of, rclone_environment, sink
from bench.movers import Commands, Load, landfall
from bench.objects import Made
from bench.processes import Cost
from bench.source import Source, source

MILLISECONDS = 80
LOSS = 0.0001
ONE_STREAM = str(5 * 10**12)


def over_a_distance(
    folder: Path, files: Path, certificate: Path, made: Made, authorities: Path, runs: int
) -> str:
    """Return a table for a round trip of 80 ms, and one with loss besides."""
    texts = []
    for loss in (0.0, LOSS):
        with (
            distance(MILLISECONDS / 1000, loss) as far,
            source(folder, files, certificate, [made], host=FAR_HOST, inside=far.inside) as origin,
        ):
            title = f"{MILLISECONDS} ms" + (f", {loss:.2%} loss" if loss else "")
            texts.append(f"{title}\n\n{_compare(folder, origin, made, authorities, runs)}")
    return "\n\n".join(texts)


def limited(
    folder: Path, files: Path, certificate: Path, made: Made, authorities: Path, runs: int
) -> str:
    """Return a table for a source that gives each connection 50 MB/s."""
    with source(folder, files, certificate, [made], limit="50m") as origin:
        return _compare(folder, origin, made, authorities, runs)


def _compare(folder: Path, origin: Source, made: Made, authorities: Path, runs: int) -> str:
    with sink(folder) as url, _landfalls(folder, url, origin, authorities) as ours:
        load = load_of(made, origin.plain, url)
        rclone = Commands(authorities, rclone_environment(url))
        movers: dict[str, Callable[[Load], Cost]] = {
            "rclone http to Cloud Storage": rclone.rclone_http,
            **ours,
        }
        turns = {name: _anew(move, load) for name, move in movers.items()}
        costs = take_turns(turns, runs)
    rows = []
    for name, taken in costs.items():
        rate = spread([made.size / cost.wall / 1e6 for cost in taken])
        times = ratio(costs["rclone http to Cloud Storage"], taken, lambda cost: cost.wall)
        single = ratio(costs["Landfall, one stream"], taken, lambda cost: cost.wall)
        rows.append(
            [
                name,
                f"{rate.median:.0f} ({rate.least:.0f}-{rate.most:.0f})",
                f"{times:.1f}",
                f"{single:.1f}",
                f"{max(cost.memory for cost in taken) / 2**20:.0f}",
            ]
        )
    return table(["mover", "MB/s", "x rclone", "x one stream", "memory, MiB"], rows)


@contextmanager
def _landfalls(
    folder: Path, url: str, origin: Source, authorities: Path
) -> Iterator[Mapping[str, Callable[[Load], Cost]]]:
    with (
        landfall(
            folder, url, [origin.plain], authorities, PARALLEL_FROM_BYTES=ONE_STREAM
        ) as single,
        landfall(folder, url, [origin.plain], authorities) as many,
    ):
        yield {"Landfall, one stream": single.move, "**Landfall**": many.move}


def _anew(move: Callable[[Load], Cost], load: Load) -> Callable[[], Cost]:
    return lambda: move(load.anew())
