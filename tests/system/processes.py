"""What the kernel says of running processes."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """Of one process, now."""

    resident: int
    """Bytes in memory."""
    peak: int
    """The most that there ever were."""
    descriptors: int
    threads: int


def usage_of(pid: int) -> Usage:
    process = Path(f"/proc/{pid}")
    lines = (process / "status").read_text().splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return Usage(
        resident=_bytes(values["VmRSS"]),
        peak=_bytes(values["VmHWM"]),
        descriptors=len(list((process / "fd").iterdir())),
        threads=int(values["Threads"]),
    )


def _bytes(value: str) -> int:
    return int(value.removesuffix(" kB")) * 1024
