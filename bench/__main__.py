"""Run the benchmarks: `python -m bench [NAME ...]`; without a name, all but the long ones.

Needs nginx and, for the small objects, Google's Pub/Sub emulator. As root it runs in a
network namespace of its own, where loopback is not slowed by the kernel's pacing.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from google.cloud import pubsub_v1  # type: ignore[attr-defined]  # it has no types

from bench import attack, far, large, scaling, signed, small, starting, steps
from bench.movers import ROOT
from bench.objects import make
from bench.processes import FAR
from bench.source import source
from tests.servers.certificates import Authority
from tests.servers.pubsub import PubSubEmulator

GIB = 2**30
TOPIC = "projects/p/topics/landed"
RESULTS = Path("build/bench")
NAMES = ("plain", "tls", "md5", "memory", "signed", "small", "steps", "threads", "starting")
LONG = ("filling", "far", "limited", "attack")
_ALONE = "BENCH_ALONE"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES + LONG))
    parser.add_argument("--gib", type=float, default=1.0, help="size of the large object")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each attack")
    parser.add_argument(
        "--checkout", type=Path, default=ROOT, help="of the service that is attacked"
    )
    asked = parser.parse_args()
    unknown = set(asked.names) - {*NAMES, *LONG}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    if os.geteuid() == 0 and _ALONE not in os.environ:
        return _run_alone()
    os.sched_setaffinity(0, FAR)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in asked.names or NAMES:
        text = _run(name, asked)
        (RESULTS / f"{name}.md").write_text(f"{text}\n")
        print(
            f"## {name} ({platform.machine()}, {len(FAR) + 1} processors)\n\n{text}\n", flush=True
        )
    return 0


def _run_alone() -> int:
    """Once more in a namespace whose loopback uses cubic: the default may pace, and slow down."""
    routes = [
        f"ip route replace local {net} dev lo table local congctl cubic src 127.0.0.1"
        for net in ("127.0.0.0/8", "127.0.0.1")
    ]
    script = " && ".join(["ip link set lo up", *routes, 'exec "$@"'])
    command = [sys.executable, "-m", "bench", *sys.argv[1:]]
    return subprocess.run(
        [shutil.which("unshare") or "unshare", "--net", "sh", "-c", script, "sh", *command],
        env={**os.environ, _ALONE: "yes"},
        check=False,
    ).returncode


def _run(name: str, asked: argparse.Namespace) -> str:
    size, runs = int(asked.gib * GIB), asked.runs
    with (
        TemporaryDirectory(prefix="bench-") as work,
        TemporaryDirectory(prefix="bench-", dir="/dev/shm") as memory,
    ):
        folder, files = Path(work), Path(memory)
        files.chmod(0o755)
        authority = Authority(folder)
        authority.server_context("localhost", "127.0.0.1")
        certificate = folder / "server-1.pem"
        sizes = {"memory": [2**26, GIB, 10 * GIB]}.get(name, [size])
        letters = "abc"
        if name in ("small", "steps", "threads", "filling", "attack"):
            made = [make(files, "small", 10 * 1024)]
        else:
            made = [make(files, f"big{letters[i]}", size) for i, size in enumerate(sizes)]
        with source(folder, files, certificate, made) as origin:
            one = made[0]
            deeds: dict[str, Callable[[], str]] = {
                "plain": lambda: large.compare(folder, origin, one, authority.file, None),
                "tls": lambda: large.compare(folder, origin, one, authority.file, certificate),
                "md5": lambda: large.compare_md5(folder, origin, one, authority.file),
                "memory": lambda: large.memory(folder, origin, made, authority.file),
                "signed": lambda: signed.compare(folder, files, authority.file, runs),
                "small": lambda: _with_topic(
                    lambda topic: small.compare(folder, origin, one, authority.file, topic, runs)
                ),
                "steps": lambda: _with_topic(
                    lambda topic: steps.measure(folder, origin, one, authority.file, topic)
                ),
                "threads": lambda: _with_topic(
                    lambda topic: scaling.threads(folder, origin, one, authority.file, topic, runs)
                ),
                "far": lambda: far.over_a_distance(
                    folder, files, certificate, one, authority.file, runs
                ),
                "limited": lambda: far.limited(
                    folder, files, certificate, one, authority.file, runs
                ),
                "filling": lambda: scaling.filling(folder, origin, one, authority.file),
                "attack": lambda: attack.compare(
                    files / "service", origin, one, asked.seconds, asked.checkout.absolute()
                ),
                "starting": lambda: _with_topic(
                    lambda topic: starting.measure(folder, authority.file, topic)
                ),
            }
            return deeds[name]()


def _with_topic(run: Callable[[dict[str, str]], str]) -> str:
    with PubSubEmulator() as emulator:
        os.environ["PUBSUB_EMULATOR_HOST"] = emulator.address
        pubsub_v1.PublisherClient().create_topic(name=TOPIC)
        return run({"NOTIFICATION_TOPIC": TOPIC, "PUBSUB_EMULATOR_HOST": emulator.address})


if __name__ == "__main__":
    sys.exit(main())
