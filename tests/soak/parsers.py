"""Looks for inputs that take a parser too long: `python -m tests.soak.parsers --seconds 600`.

Every parser of foreign bytes gets inputs up to its longest. One that takes over 50 ms of a
processor, grows faster than its input, or ends in an exception that the parser should not raise,
is written to build/parsers, and the run fails. It ends with a table.
"""

import argparse
import logging
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.parsers.forwarder import FORWARDER
from tests.parsers.measuring import Fault, tried
from tests.parsers.requests import REQUESTS
from tests.parsers.shapes import Shape, every_word, some_shape
from tests.parsers.sources import SOURCES
from tests.parsers.table import Parser

FOLDER = Path(__file__).parents[2] / "build" / "parsers"
STUCK_SECONDS = 20
MOST_FAULTS = 20


@dataclass
class Row:
    """What came out for one parser."""

    parser: Parser
    inputs: int = 0
    seconds: float = 0.0
    worst: float = 0.0
    worst_shape: str = ""
    faults: list[Fault] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="of the processor, in all")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--only", default="", help="parsers whose name holds this")
    options = parser.parse_args()
    logging.disable()
    signal.signal(signal.SIGALRM, _stuck)
    parsers = [one for one in (*REQUESTS, *SOURCES, *FORWARDER) if options.only in one.name]
    seeds = [seed for one in parsers for seed in one.seeds]
    print(f"Seed {options.seed}, {len(parsers)} parsers")
    rows = []
    for one in parsers:
        chance = random.Random(f"{options.seed} {one.name}")
        rows.append(_fuzzed(one, options.seconds / len(parsers), chance, seeds))
        print(_line(rows[-1]), flush=True)
    return 1 if any(row.faults for row in rows) else 0


def _fuzzed(parser: Parser, seconds: float, chance: random.Random, seeds: list[bytes]) -> Row:
    row, known = Row(parser), every_word(parser)
    ends = time.process_time() + seconds
    while time.process_time() < ends and len(row.faults) < MOST_FAULTS:
        if known:
            _try(row, known.pop(), parser.limit)
            continue
        # Often short ones too: nesting is dangerous just below the depth at which JSON gives up.
        size = parser.limit if chance.random() < 0.6 else round(parser.limit ** chance.random())
        _try(row, some_shape(parser, chance, seeds), size)
    row.seconds = time.process_time() - ends + seconds
    return row


def _try(row: Row, shape: Shape, size: int) -> None:
    signal.alarm(STUCK_SECONDS)
    took, fault = tried(row.parser, shape, size)
    signal.alarm(0)
    row.inputs += 1
    if took > row.worst:
        row.worst, row.worst_shape = took, shape.name
    if fault is not None:
        row.faults.append(fault)
        FOLDER.mkdir(parents=True, exist_ok=True)
        name = f"{fault.parser}-{len(row.faults)}".replace(" ", "-")
        (FOLDER / name).write_bytes(fault.data)
        print(f"{fault.parser}: {fault.what}, in build/parsers/{name}", flush=True)


def _line(row: Row) -> str:
    return (
        f"| {row.parser.name} | {row.parser.limit // 1024} KiB | {row.inputs:,} | "
        f"{row.seconds:.0f} | {1000 * row.worst:.1f} | `{row.worst_shape}` |"
    )


def _stuck(*_: object) -> None:
    raise TimeoutError(f"over {STUCK_SECONDS} s")


if __name__ == "__main__":
    sys.exit(main())
