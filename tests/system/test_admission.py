"""What is offered beyond the cap is refused at once, and costs neither health nor memory."""

import selectors
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import cast
from urllib.request import urlopen

import pytest

from tests.servers.versioned_s3 import BUCKET, VersionedS3
from tests.system.backends import Embedded
from tests.system.processes import usage_of
from tests.system.service import API_KEY, Answer, Service, sample_message, serving

pytestmark = pytest.mark.alone

WORKERS, CAP = 2, 4
"""Worker processes, and transfers of each."""
OFFERS = 200
REFUSAL_SECONDS = 0.05
HEALTH_SECONDS = 0.2
MEBIBYTE = 1024**2
LARGE = 48 * MEBIBYTE
MAX_ADDED_BYTES = 32 * MEBIBYTE
"""Per worker, which holds four of them: less than one."""
CROWD = 400
LONGEST_BODY = 64 * 1024


class House:
    """A service whose every place is taken by a transfer that the source holds."""

    def __init__(self, service: Service, s3: VersionedS3, sending: ThreadPoolExecutor) -> None:
        self.service, self.s3 = service, s3
        self._sending = sending
        self.running: list[Future[Answer]] = []
        self._keys = 0

    def message(self, size: int) -> bytes:
        self._keys += 1
        version = self.s3.put(f"offered/{self._keys}", self._keys, size)
        return sample_message(BUCKET, version.key, version.head, self.s3.sign(version.key))

    def fill(self, size: int) -> None:
        """Take every place of both workers; a message that a full one refused is sent again."""
        deadline = time.monotonic() + 60
        for place in range(1, WORKERS * CAP + 1):
            message = self.message(size)
            while self.s3.held < place:
                assert time.monotonic() < deadline, "the cap is never reached"
                sent = self._sending.submit(self.service.send, message)
                while self.s3.held < place and not sent.done():
                    time.sleep(0.01)
            self.running.append(sent)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ExitStack() as stack:
        s3 = stack.enter_context(VersionedS3())
        settings = {"S3_ENDPOINTS": s3.origin, "LOG_LEVEL": "WARNING"}
        limits = {"WEB_CONCURRENCY": str(WORKERS), "MAX_TRANSFERS": str(CAP)}
        service = stack.enter_context(serving(tmp_path, Embedded(tmp_path), **settings, **limits))
        sending = stack.enter_context(ThreadPoolExecutor(4 * WORKERS * CAP))
        stack.callback(s3.release)
        s3.hold()
        yield House(service, s3, sending)


def seconds_of(service: Service, path: str) -> float:
    began = time.monotonic()
    with urlopen(f"http://127.0.0.1:{service.port}{path}", timeout=10) as answer:
        assert answer.status == 200
        answer.read()
    return time.monotonic() - began


def reason_of(answer: Answer) -> str:
    status, told = answer
    return "200" if status == 200 else str(told["error"]["details"][0]["reason"])


def test_at_twice_the_cap_all_is_done_or_refused_at_once(house: House) -> None:
    """Each offer is timed alone, so that the clock measures the service and not the client."""
    house.fill(1_000_000)
    refusals: list[float] = []
    health: list[float] = []
    for offer in range(OFFERS):
        message = house.message(1000)
        began = time.monotonic()
        answer = house.service.send(message)
        refusals.append(time.monotonic() - began)
        assert reason_of(answer) == "OVERLOADED"
        health.append(seconds_of(house.service, ("/healthz", "/readyz")[offer % 2]))
    house.s3.release()

    done = [reason_of(sent.result(60)) for sent in house.running]
    assert done == ["200"] * WORKERS * CAP
    slowest, p99 = max(refusals), sorted(health)[OFFERS * 99 // 100]
    print(f"slowest of {OFFERS} refusals {slowest * 1000:.0f} ms, health p99 {p99 * 1000:.0f} ms")
    assert slowest < REFUSAL_SECONDS
    assert p99 < HEALTH_SECONDS
    assert reason_of(house.service.send(house.message(1000))) == "200"


def answers_to_a_crowd(port: int, request: bytes, count: int) -> list[bytes]:
    """Send this on so many connections at once; return the first line of each answer."""
    lines = []
    with ExitStack() as stack:
        waiting = stack.enter_context(selectors.DefaultSelector())
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            waiting.register(connection, selectors.EVENT_READ)
            connection.sendall(request)
        while waiting.get_map():
            ready = waiting.select(30)
            assert ready, "nobody is answered"
            for key, _ in ready:
                waiting.unregister(key.fileobj)
                with cast("socket.socket", key.fileobj) as connection:
                    lines.append(connection.recv(65536).split(b"\r\n")[0])
    return lines


def test_memory_is_bounded_whatever_is_offered(house: House) -> None:
    """Eight large objects on their way, and four hundred of the longest bodies at once."""
    service = house.service
    house.s3.release()
    warm = [service.send(house.message(1000)) for _ in range(20)]
    house.s3.hold()
    before = {pid: usage_of(pid).resident for pid in service.workers()}
    house.fill(LARGE)
    body = house.message(1000)
    body = body[:-1] + b" " * (LONGEST_BODY - len(body)) + body[-1:]
    head = f"POST /processmessage HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: {API_KEY}"
    head += f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    answers = answers_to_a_crowd(service.port, head.encode() + body, CROWD)
    house.s3.release()

    assert {reason_of(answer) for answer in warm} == {"200"}
    assert answers == [b"HTTP/1.1 503 SERVICE UNAVAILABLE"] * CROWD
    assert [reason_of(sent.result(110)) for sent in house.running] == ["200"] * WORKERS * CAP
    added = {pid: usage_of(pid).peak - was for pid, was in before.items()}
    print(f"memory added by worker: {added}")
    assert max(added.values()) < MAX_ADDED_BYTES
