"""Ends by SIGTERM under load whose transfers last: `python -m tests.soak.graceful_ends`.

About half of them cannot end in the twenty seconds that they have, and are given up.
"""

import argparse
import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers.versioned_s3 import BLOCK, Temper
from tests.system.backends import Embedded
from tests.system.rolling_ends import end_and_judge
from tests.system.workload import Mix

MAX_END_SECONDS = 28.0
BLOCK_PAUSE = 0.2
LASTS_SECONDS = (0, 1, 5, 15, 25, 40)
SIZES = tuple(int(seconds / BLOCK_PAUSE) * BLOCK + 1 for seconds in LASTS_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ends", type=int, default=20)
    parser.add_argument("--seed", default=str(random.SystemRandom().getrandbits(32)))
    asked = parser.parse_args()
    temper = Temper(block_pause=BLOCK_PAUSE, rng=random.Random(asked.seed))
    mix = Mix(sizes=SIZES, give_up=0.0)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        verdict, seconds = end_and_judge(root, Embedded(root), asked.ends, asked.seed, temper, mix)
        left = len(list((root / "bucket/.landfall/uploads").iterdir()))
    print(f"graceful ends: {asked.ends}, seed {asked.seed}\n{verdict}")
    print(f"  slowest end: {max(seconds):.1f} s\n  temporary files left: {left}")
    cut = set(verdict.hits) - {"before its GET"}
    good = verdict.is_good and not cut and not left and max(seconds) < MAX_END_SECONDS
    if "  DRAINING" not in verdict.figures:
        print("  nothing had to be given up, so this run shows little")
        good = False
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
