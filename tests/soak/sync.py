"""Many objects synchronised, twice, and killed half way: `python -m tests.soak.sync`.

Against a real S3 server (rclone) and a real Landfall (gunicorn, embedded), each run in a process
of its own, whose memory is watched. It ends with 1 if anything is not as it must be.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, rclone_server
from tests.system.backends import Embedded
from tests.system.service import API_KEY, ROOT, Service, serving

BUCKET = "heron-meadow"
LONGEST_SECONDS = 3600
SAMPLE_SECONDS = 0.25


@dataclass
class Ended:
    """A run of forwarder.sync that is over, and what its memory was, sampled."""

    code: int
    last_line: str
    seconds: float
    kilobytes: list[int] = field(default_factory=list)

    def memory(self) -> str:
        settled = self.kilobytes[len(self.kilobytes) // 10 :] or [0]
        middle = len(settled) // 2 or 1
        early, late = max(settled[:middle]), max(settled[-middle:])
        return f"memory at most {early / 1024:.1f} MiB early, {late / 1024:.1f} MiB late"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=8)
    arguments = parser.parse_args()
    wrong: list[str] = []
    with (
        TemporaryDirectory() as name,
        rclone_server(make_objects(Path(name), arguments.objects)) as s3,
    ):
        for story in (synchronise_twice, kill_half_way):
            folder = Path(name) / story.__name__
            folder.mkdir()
            backend = Embedded(folder)
            with serving(folder, backend, S3_ENDPOINTS=s3.endpoint) as service:
                story(arguments, s3.endpoint, service, backend, wrong)
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def synchronise_twice(
    arguments: argparse.Namespace,
    s3_url: str,
    service: Service,
    backend: Embedded,
    wrong: list[str],
) -> None:
    total: int = arguments.objects
    for expected in (f"{total} landed now", f"{total} landed before"):
        ended = synchronise(s3_url, service, arguments.concurrency)
        report("run", total, ended)
        if ended.code != 0 or not ended.last_line.endswith(expected):
            wrong.append(f"exit code {ended.code}, and not all are {expected}")
        check(backend, total, wrong, at_most=total)


def kill_half_way(
    arguments: argparse.Namespace,
    s3_url: str,
    service: Service,
    backend: Embedded,
    wrong: list[str],
) -> None:
    total: int = arguments.objects

    def half_is_there() -> bool:
        there = sum(len(files) for _, _, files in os.walk(backend.bucket / BUCKET))
        return there >= total // 2

    ended = synchronise(s3_url, service, arguments.concurrency, kill_when=half_is_there)
    there = len(backend.heard())
    print(f"killed: {there} of {total} announced by then, exit code {ended.code}")
    if ended.code != -signal.SIGKILL or there >= total:
        wrong.append("it was not killed half way")
    ended = synchronise(s3_url, service, arguments.concurrency)
    report("resumed", total, ended)
    if ended.code != 0:
        wrong.append(f"resumed, it ended with {ended.code}")
    # What was on its way when it was killed may be announced once more, with the same ce-id.
    check(backend, total, wrong, at_most=total + arguments.concurrency)


def synchronise(
    s3_url: str,
    service: Service,
    concurrency: int,
    kill_when: Callable[[], bool] = lambda: False,
) -> Ended:
    command = [sys.executable, "-m", "forwarder.sync", f"s3://{BUCKET}"]
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL_S3": s3_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "ENDPOINT_URL": f"http://127.0.0.1:{service.port}/processmessage",
        "ENDPOINT_API_KEY": API_KEY,
    }
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "--concurrency", str(concurrency)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    kilobytes = []
    while process.poll() is None and time.monotonic() - started < LONGEST_SECONDS:
        time.sleep(SAMPLE_SECONDS)
        kilobytes += resident(process.pid)
        if kill_when():
            process.kill()
            process.wait()
    process.kill()
    output, _ = process.communicate()
    last = output.splitlines()[-1] if output else ""
    return Ended(process.returncode, last, time.monotonic() - started, kilobytes)


def resident(pid: int) -> list[int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return []  # it has just ended
    return [int(line.split()[1]) for line in lines if line.startswith("VmRSS:")]


def check(backend: Embedded, total: int, wrong: list[str], at_most: int) -> None:
    heard = backend.heard()
    announced = {h.attributes["ce-id"] for h in heard}
    files = [path for path in (backend.bucket / BUCKET).rglob("*") if path.is_file()]
    sources = {path.relative_to(backend.bucket): path for path in files}
    print(f"  {len(sources)} landed, {len(heard)} notifications of {len(announced)} landings")
    if len(sources) != total or len(announced) != total or len(heard) > at_most:
        wrong.append(f"{total} objects, {len(sources)} landed, {len(announced)} announced")
    origin = backend.bucket.parents[1] / "s3"
    for name, path in sources.items():
        if path.read_bytes() != (origin / name).read_bytes():
            wrong.append(f"{name} has other bytes")


def report(what: str, total: int, ended: Ended) -> None:
    rate = total / ended.seconds
    print(f"{what}: {ended.last_line}\n  {rate:.0f} objects/s with its start, {ended.memory()}")


def make_objects(folder: Path, total: int) -> Path:
    """Fill a bucket with objects of 0 to 8 KiB, each with bytes of its own."""
    source = random.Random(5)
    for number in range(total):
        path = folder / "s3" / BUCKET / f"{number // 100:04}" / f"{number:06} a+b.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(number.to_bytes(8) + source.randbytes(source.randrange(8192)))
    return folder / "s3"


if __name__ == "__main__":
    sys.exit(main())
