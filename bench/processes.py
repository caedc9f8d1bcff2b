"""Starting programs on a processor of their own, and what they cost."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

FAR, NEAR = {0}, {1}
"""Source, sink and clients run on the first processor, what is measured on the second."""
_TICK = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 60
_TASKSET = shutil.which("taskset") or "taskset"


@dataclass(frozen=True)
class Cost:
    """Of one piece of work, by the process that did it."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system."""
    memory: int
    """Bytes: added to what was there before, or of all where the process was new."""


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    cpus: set[int],
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    host: str = "127.0.0.1",
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; it listens on `port` of `host` when the block begins."""
    output = log.open("ab") if log else subprocess.DEVNULL
    process = subprocess.Popen(
        [*pinned(cpus), *command],
        env={**os.environ, **(environment or {})},
        stdout=output,
        stderr=output,
    )
    try:
        _wait_for(host, port, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if log:
            output.close()  # type: ignore[union-attr]  # it is a file then


def pinned(cpus: set[int]) -> list[str]:
    """What makes the command behind it run on these processors only."""
    return [_TASKSET, "-c", ",".join(map(str, cpus))]


def run(command: Sequence[str], cpus: set[int], environment: Mapping[str, str]) -> Cost:
    """Run a program to its end; raise RuntimeError if it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [*pinned(cpus), *command],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None  # noqa: S101 - it was asked for
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed: {said.decode(errors='replace')[-2000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(time.perf_counter() - started, cpu, usage.ru_maxrss * 1024)


def output_of(command: Sequence[str], cpus: set[int]) -> bytes:
    """Run a program to its end and return what it printed."""
    command = [*pinned(cpus), *command]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def cpu_seconds(pids: Sequence[int]) -> float:
    """Spent so far by these processes, user and system."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


def resident_bytes(pid: int) -> int:
    return _status(pid, "VmRSS")


def forget_peak(pid: int) -> None:
    """Let the peak begin anew. https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html"""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_bytes(pid: int) -> int:
    return _status(pid, "VmHWM")


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc tells no {name}")


def _wait_for(host: str, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection((host, port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not start")
