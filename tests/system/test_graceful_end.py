"""SIGTERM under load: what runs is finished or given up cleanly, and nothing is lost."""

import http.client
import json
import random
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.servers.cloud_storage import CloudStorage
from tests.servers.versioned_s3 import BUCKET, Temper, VersionedS3
from tests.system.backends import Cloud, Embedded
from tests.system.rolling_ends import end_and_judge
from tests.system.service import API_KEY, Answer, Service, sample_message, serving
from tests.system.workload import Mix

ENDS = 20
MAX_END_SECONDS = 28.0
GRACE_SECONDS = 20.0
SEED = str(random.SystemRandom().getrandbits(32))
HELD = 3


@pytest.mark.timeout(300)
def test_twenty_ends_lose_nothing_and_leave_nothing_behind(tmp_path: Path) -> None:
    temper = Temper(slow_chance=0.5, slow_seconds=0.5, rng=random.Random(SEED))

    verdict, seconds = end_and_judge(
        tmp_path, Embedded(tmp_path), ENDS, SEED, temper, Mix(give_up=0.0)
    )

    told = f"seed {SEED}\n{verdict}\n  slowest end: {max(seconds):.1f} s"
    print(told)
    assert verdict.is_good, told
    # Only what had not begun yet may be left without an answer: the sender repeats it.
    assert set(verdict.hits) <= {"before its GET"}, told
    assert len(seconds) == ENDS
    assert max(seconds) < MAX_END_SECONDS
    assert verdict.replaced > 50, told
    assert list((tmp_path / "bucket/.landfall/uploads").iterdir()) == []


class Instance:
    """A service with transfers whose source does not go on, and with an idle connection."""

    def __init__(self, service: Service, s3: VersionedS3, sending: ThreadPoolExecutor) -> None:
        self.service = service
        self._s3 = s3
        self.transfers = [sending.submit(service.send, self._message(n)) for n in range(HELD)]
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        self._connection.request("GET", "/healthz")
        self._connection.getresponse().read()

    def send_on_the_idle_connection(self) -> Answer:
        headers = {"Content-Type": "application/json", "x-api-key": API_KEY}
        with closing(self._connection):
            self._connection.request("POST", "/processmessage", self._message(HELD), headers)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())

    def _message(self, number: int) -> bytes:
        version = self._s3.current(f"held/{number}")
        assert version
        return sample_message(BUCKET, version.key, version.head, self._s3.sign(version.key))


def reason_of(answer: Answer) -> str:
    status, told = answer
    assert status == 503, told
    return str(told["error"]["details"][0]["reason"])


@pytest.mark.timeout(180)
def test_a_transfer_that_cannot_end_is_given_up_cleanly(
    pubsub_emulator: str, tmp_path: Path
) -> None:
    """In both stores at once, for it takes twenty seconds."""
    with ExitStack() as stack:
        s3 = stack.enter_context(VersionedS3())
        for number in range(HELD + 1):
            s3.put(f"held/{number}", number, 1_000_000)
        storage = stack.enter_context(CloudStorage(directory=tmp_path))
        cloud = Cloud(storage.url, pubsub_emulator, f"ends-{uuid.uuid4().hex[:8]}")
        stack.callback(cloud.close)
        embedded = Embedded(tmp_path)
        services = [
            stack.enter_context(serving(tmp_path, backend, S3_ENDPOINTS=s3.origin))
            for backend in (cloud, embedded)
        ]
        sending = stack.enter_context(ThreadPoolExecutor(4 * HELD))
        s3.hold()
        instances = [Instance(service, s3, sending) for service in services]
        uploads = tmp_path / "bucket/.landfall/uploads"
        wait_until(lambda: storage.open_sessions == len(list(uploads.iterdir())) == HELD)

        ends = [sending.submit(service.end) for service in services]
        began = time.monotonic()
        time.sleep(0.5)
        refused = [reason_of(i.send_on_the_idle_connection()) for i in instances]
        given_up = [reason_of(t.result()) for i in instances for t in i.transfers]
        seconds = time.monotonic() - began

        assert refused == ["DRAINING"] * 2
        assert given_up == ["DRAINING"] * 2 * HELD
        assert GRACE_SECONDS <= seconds < GRACE_SECONDS + 3
        assert max(end.result() for end in ends) < MAX_END_SECONDS
        assert (storage.open_sessions, storage.objects, cloud.heard()) == (0, {}, [])
        assert list(uploads.iterdir()) == []
        assert embedded.heard() == []


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)
