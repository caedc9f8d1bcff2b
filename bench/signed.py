"""An object behind real signatures: rclone's S3 server checks each, and hashes for the ETag."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import ratio, spread, table, take_turns
from bench.large import rclone_environment, sink
from bench.movers import Commands, Load, landfall
from bench.objects import make
from bench.processes import Cost
from tests.servers.s3 import rclone_server

SIZE = 64 * 2**20
_KEYS = 100
"""Made before: the server looks into its folder only now and then."""


@dataclass(frozen=True)
class SignedLoad(Load):
    """With a URL that the server takes."""

    signed: str = ""

    @property
    def url(self) -> str:
        return self.signed

    @property
    def presigned(self) -> str:
        return self.signed


def compare(folder: Path, files: Path, authorities: Path, runs: int) -> str:
    """Return a table of rates: all of them wait for the source most of the time."""
    made = make(files, "signed", SIZE)
    keys = [f"signed{number}" for number in range(_KEYS)]
    for key in keys:
        os.link(files / "source" / "signed", files / "source" / key)
    with (
        rclone_server(files) as server,
        sink(folder) as url,
        landfall(folder, url, [server.endpoint], authorities) as ours,
    ):
        commands = Commands(authorities, rclone_environment(url))
        movers = {
            "`curl \\| curl`": commands.curl,
            "rclone copyurl": commands.rclone_copyurl,
            "**Landfall**": ours.move,
        }
        unused = iter(keys)

        def new_load() -> Load:
            key = next(unused)
            proof = {"ChecksumCRC32C": made.crc32c}
            signed = server.sign("source", key)
            return SignedLoad(server.endpoint, url, key, SIZE, made.md5, proof, signed)

        def anew(move: Callable[[Load], Cost]) -> Callable[[], Cost]:
            return lambda: move(new_load())

        costs = take_turns({name: anew(move) for name, move in movers.items()}, runs)
    rows = []
    for name, taken in costs.items():
        rate = spread([SIZE / cost.wall / 1e6 for cost in taken])
        wall = ratio(taken, costs["`curl \\| curl`"], lambda cost: cost.wall)
        rows.append([name, f"{rate.median:.0f} ({rate.least:.0f}-{rate.most:.0f})", f"{wall:.2f}"])
    return table(["mover", "MB/s", "wall, ratio"], rows)
