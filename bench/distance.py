"""A network with a distance: two namespaces, and a relay that holds every packet for a while.

Works as root on Linux. The relay is a program of its own between two TUN devices, so TCP is
the kernel's, with its own windows and its own recovery from loss.
https://docs.kernel.org/networking/tuntap.html
"""

import fcntl
import os
import random
import selectors
import shutil
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

NEAR_HOST, FAR_HOST = "10.99.0.1", "10.99.0.2"
MTU = 9000
QUEUE = 4096
"""Packets on the way in one direction; further ones are lost, as on a real line."""
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_DEVICES = ("near", "far")


@dataclass(frozen=True)
class Distance:
    """How to run a program at the far end."""

    inside: list[str]


@contextmanager
def distance(round_trip: float, loss: float) -> Iterator[Distance]:
    """Put FAR_HOST so many seconds away; `loss` is the share of packets that never arrive."""
    end = subprocess.Popen([_program("unshare"), "--net", "sleep", "infinity"])
    command = [sys.executable, "-m", "bench.distance", str(round_trip / 2), str(loss)]
    relay = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert relay.stdout is not None  # noqa: S101 - it was asked for
        relay.stdout.readline()
        inside = [_program("nsenter"), "--net", "--target", str(end.pid)]
        _wait_for_namespace(end.pid)
        _ip("link", "set", "far", "netns", str(end.pid))
        _ip("address", "add", NEAR_HOST, "peer", FAR_HOST, "dev", "near")
        _ip("link", "set", "near", "mtu", str(MTU), "txqueuelen", str(QUEUE), "up")
        _ip("route", "replace", FAR_HOST, "dev", "near", "congctl", "cubic")
        far = [*inside, _program("ip")]
        subprocess.run([*far, "link", "set", "lo", "up"], check=True)
        subprocess.run(
            [*far, "address", "add", FAR_HOST, "peer", NEAR_HOST, "dev", "far"], check=True
        )
        wide = ("mtu", str(MTU), "txqueuelen", str(QUEUE))
        subprocess.run([*far, "link", "set", "far", *wide, "up"], check=True)
        subprocess.run(
            [*far, "route", "replace", NEAR_HOST, "dev", "far", "congctl", "cubic"], check=True
        )
        yield Distance(inside)
    finally:
        for process in (relay, end):
            process.kill()
            process.wait()


def relay(delay: float, loss: float) -> None:
    """Carry packets between the two devices until the process ends."""
    ends = [_open(name) for name in _DEVICES]
    print("ready", flush=True)
    ways = {ends[0]: (ends[1], deque[tuple[float, bytes]]()), ends[1]: (ends[0], deque())}
    selector = selectors.DefaultSelector()
    for end in ends:
        selector.register(end, selectors.EVENT_READ)
    while True:
        due = min((queue[0][0] for _, queue in ways.values() if queue), default=None)
        pause = None if due is None else max(0.0, due - time.monotonic())
        for key, _ in selector.select(pause):
            _take(key.fd, ways[key.fd][1], delay, loss)
        now = time.monotonic()
        for other, queue in ways.values():
            while queue and queue[0][0] <= now:
                with suppress(OSError):  # a device that is not up yet, or full, loses it
                    os.write(other, queue.popleft()[1])


def _take(end: int, queue: deque[tuple[float, bytes]], delay: float, loss: float) -> None:
    """Read what is there, up to a few packets, so that the other way gets its turn."""
    arrives = time.monotonic() + delay
    for _ in range(64):
        try:
            packet = os.read(end, 65536)
        except BlockingIOError:
            return
        if len(queue) < QUEUE and random.random() >= loss:  # noqa: S311 - no secret
            queue.append((arrives, packet))


def _open(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return device


def _wait_for_namespace(pid: int) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{pid}/ns/net").readlink() == ours:
        time.sleep(0.01)


def _ip(*words: str) -> None:
    subprocess.run([_program("ip"), *words], check=True)


def _program(name: str) -> str:
    found = shutil.which(name) or f"/usr/sbin/{name}"
    if not Path(found).exists():
        raise RuntimeError(f"{name} is missing: apt-get install iproute2 util-linux")
    return found


if __name__ == "__main__":
    relay(float(sys.argv[1]), float(sys.argv[2]))
