"""Many kills of workers and of the whole service under load: `python -m tests.soak.kills`.

python -m tests.soak.kills --store embedded --kills 1000 --seed 7
"""

import argparse
import random
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers.pubsub import PubSubEmulator
from tests.system.kill_loop import Plan, kill_and_judge
from tests.system.neighbours import cloud, embedded
from tests.system.verdict import Verdict

PAUSES = {"embedded": (0.1, 0.5), "cloud": (0.3, 0.9)}


def run(store: str, kills: int, replaced: int, seed: str) -> Verdict:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        if store == "embedded":
            neighbours = embedded(folder)
        else:
            pubsub = stack.enter_context(PubSubEmulator()).address
            neighbours = stack.enter_context(cloud(folder, pubsub))
        return kill_and_judge(folder, neighbours, Plan(kills, replaced, PAUSES[store]), seed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", choices=[*PAUSES, "both"], default="both")
    parser.add_argument("--kills", type=int, default=1000, help="in all")
    parser.add_argument("--replaced", type=int, default=100, help="landings, at least")
    parser.add_argument("--seed", default=str(random.SystemRandom().getrandbits(32)))
    asked = parser.parse_args()
    stores = list(PAUSES) if asked.store == "both" else [asked.store]
    good = True
    for store in stores:
        began = time.monotonic()
        verdict = run(store, asked.kills // len(stores), asked.replaced, asked.seed)
        seconds = time.monotonic() - began
        print(f"kills, {store}, seed {asked.seed}, {seconds:.0f} s\n{verdict}", flush=True)
        good &= verdict.is_good and verdict.replaced >= asked.replaced
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
