"""One key's messages point to a source that sends a byte now and then: do other keys still land?

    python -m tests.soak.drips --drippers 60 --pause 15

Two workers with their usual limits. The sender of the slow messages hangs up after a second, as
an attacker would, and sends each of them again once it is refused.
"""

import argparse
import hashlib
import http.client
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from tests.servers.raw import Script
from tests.servers.scripted_s3 import ScriptedS3
from tests.system.backends import Embedded
from tests.system.service import Service, serving
from tests.unit.transfer.urls import query

BUCKET, SLOW = "pictures", "slow"
BODY = bytes(1000)
SLOW_KEY, OTHER_KEY = "canary-key-of-slow-messages", "canary-key-of-the-others"
MAX_HELD_SECONDS = 60.0
MAX_END_SECONDS = 90.0
"""For the source to see the ends as well, which it does at its next byte but one."""
MAX_FIRST_SECONDS = 2.0
MAX_MEDIAN_SECONDS = 0.2


class DrippingS3(ScriptedS3):
    """Sends objects whose key begins with `slow` byte by byte."""

    def __init__(self, pause_seconds: float) -> None:
        super().__init__()
        self._pause = pause_seconds
        self._lock = threading.Lock()
        self.dripping = 0
        """Connections on which a body is on its way."""

    def script_for(self, head: bytes, script: Script) -> Script:
        answer = super().script_for(head, script)
        if f"/{BUCKET}/{SLOW}".encode() not in head:
            return answer
        return [answer[0], self._drip]

    def _drip(self, connection: socket.socket) -> None:
        with self._lock:
            self.dripping += 1
        try:
            for byte in BODY:
                connection.sendall(bytes([byte]))
                time.sleep(self._pause)
        finally:
            with self._lock:
                self.dripping -= 1


@dataclass
class Course:
    """What the other key's messages met."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def message(s3: DrippingS3, key: str) -> bytes:
    etag = s3.objects[key].etag
    url = f"{s3.origin}/{BUCKET}/{quote(key)}?{query()}"
    fields = {"Bucket": BUCKET, "ObjectKey": key, "PresignedUrl": url, "ETag": f'"{etag}"'}
    return json.dumps({"inputMessage": fields}).encode()


def outcome_of(service: Service, body: bytes, key: str, seconds: float) -> str:
    headers = {"Content-Type": "application/json", "x-api-key": key}
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=seconds)) as asking:
        asking.request("POST", "/processmessage", body, headers)
        answer = json.loads(asking.getresponse().read())
    error = answer.get("error")
    return str(error["details"][0]["reason"] if error else answer["status"])


@contextmanager
def dripping(service: Service, s3: DrippingS3, drippers: int) -> Iterator[None]:
    """Keep so many slow messages coming until the block ends."""
    stopped = threading.Event()

    def send(body: bytes) -> None:
        while not stopped.is_set():
            with suppress(OSError):
                outcome_of(service, body, SLOW_KEY, 1.0)
            stopped.wait(0.5)

    threads = []
    for n in range(drippers):
        key = f"{SLOW}/{n}"
        s3.put(key, BODY, etag=hashlib.md5(key.encode()).hexdigest())
        threads.append(threading.Thread(target=send, args=(message(s3, key),)))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def land_others(service: Service, s3: DrippingS3, seconds: float) -> Course:
    """Land one small object after the other."""
    course, ends = Course(), time.monotonic() + seconds
    while time.monotonic() < ends:
        key = f"other/{sum(course.outcomes.values())}"
        s3.put(key, key.encode())
        began = time.monotonic()
        course.outcomes[outcome_of(service, message(s3, key), OTHER_KEY, 60)] += 1
        course.seconds.append(time.monotonic() - began)
        time.sleep(0.2)
    return course


def drained(s3: DrippingS3, seconds: float) -> float | None:
    """Wait until the service has closed every slow connection; None if it does not."""
    began = time.monotonic()
    while s3.dripping:
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def house(pause_seconds: float) -> Iterator[tuple[Service, DrippingS3]]:
    keys = [
        {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest()}
        for name, key in (("slow", SLOW_KEY), ("other", OTHER_KEY))
    ]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        s3 = stack.enter_context(DrippingS3(pause_seconds))
        settings = {"API_KEYS": json.dumps(keys), "S3_ENDPOINTS": s3.origin}
        settings["WEB_CONCURRENCY"] = "2"
        yield stack.enter_context(serving(folder, Embedded(folder), **settings)), s3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--drippers", type=int, default=60)
    parser.add_argument("--pause", type=float, default=15.0, help="seconds between two bytes")
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    with house(asked.pause) as (service, s3):
        with dripping(service, s3, asked.drippers):
            time.sleep(5)
            print(f"slow transfers under way: {s3.dripping}")
            course = land_others(service, s3, asked.seconds)
        ended = drained(s3, MAX_END_SECONDS)
        lines = service.requests()
    reasons = Counter((line["caller"], line.get("reason", line["outcome"])) for line in lines)
    longest = max(float(line["httpRequest"]["latency"].rstrip("s")) for line in lines)
    ordered = sorted(course.seconds)
    median, slowest = ordered[len(ordered) // 2], ordered[-1]
    print(f"other key: {dict(course.outcomes)}")
    print(f"  first {course.seconds[0]:.3f} s, median {median:.3f} s, slowest {slowest:.3f} s")
    print(f"slow transfers: the longest held its place for {longest:.1f} s; all gone ", end="")
    print("never" if ended is None else f"{ended:.0f} s after the last was sent")
    for (caller, reason), count in sorted(reasons.items()):
        print(f"  {caller}: {count} x {reason}")
    good = set(course.outcomes) == {"landed"} and ended is not None and longest < MAX_HELD_SECONDS
    return 0 if good and slowest < MAX_FIRST_SECONDS and median < MAX_MEDIAN_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
