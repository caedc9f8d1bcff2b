"""Whether a disk has room for what lands on it."""

from diagnosis.finding import Finding, Verdict

CHECK = "disk"
LEAST_BYTES = 1024**3
"""Below, a few ordinary objects fill the disk, and every message is answered 503."""


def check_room(folder: str, free: int) -> Finding:
    room = f"{free / 1024**2:.0f} MiB are free on the disk of {folder}"
    if free < LEAST_BYTES:
        return Finding(
            CHECK,
            Verdict.FAILED,
            f"Only {room}: make room, or name a larger disk, "
            f"so that at least {LEAST_BYTES // 1024**2} MiB are.",
        )
    return Finding(CHECK, Verdict.OK, f"{room}.")
