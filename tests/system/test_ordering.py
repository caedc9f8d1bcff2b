"""Messages late, repeated and out of order: what is there only ever gets newer."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from threading import Event
from typing import Any

from tests.system.backends import Backend
from tests.system.service import Service, message_about, message_about_version

VERSIONS = 12
AGAIN_SECONDS = 30


def body(version: int) -> bytes:
    """Bytes that tell their version."""
    return b"%04d" % version + bytes(100_000)


def version_of(found: bytes) -> int:
    version = int(found[:4])
    assert found == body(version)
    return version


def write(s3: Any, bucket: str, key: str, version: int) -> bytes:
    """Write a version and return the message that S3's event leads to."""
    s3.put_object(Bucket=bucket, Key=key, Body=body(version))
    return message_about(s3, bucket, key)


def send_until_done(service: Service, message: bytes) -> str:
    """Send as a queue does, and return the status at last."""
    deadline = time.monotonic() + AGAIN_SECONDS
    while time.monotonic() < deadline:
        status, answer = service.send(message)
        if status == 200:
            return str(answer["status"])
        assert status == 503, answer
    raise AssertionError("no success")


@contextmanager
def watching(read: Callable[[], bytes | None]) -> Iterator[list[int]]:
    """Collect the versions that a reader meets, one after the other."""
    seen: list[int] = []
    is_over = Event()

    def watch() -> None:
        while not is_over.is_set():
            try:
                found = read()
            except (OSError, HTTPException):
                continue  # the server lost this generation's bytes while it sent them
            if found is not None:
                seen.append(version_of(found))

    with ThreadPoolExecutor(1) as threads:
        watcher: Future[None] = threads.submit(watch)
        try:
            yield seen
        finally:
            is_over.set()
        watcher.result()


def test_messages_in_any_order_leave_the_newest_version(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    messages = [write(s3, bucket, "any order", version) for version in range(VERSIONS)]
    shuffled = random.Random(0).sample(messages * 2, k=2 * VERSIONS)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda m: (m, send_until_done(service, m)), shuffled))

    newest = [answer for message, answer in answers if message == messages[-1]]
    older = {answer for message, answer in answers if message != messages[-1]}
    assert sorted(newest) == ["already-landed", "landed"]
    assert older == {"superseded"}
    assert backend.read(f"{bucket}/any order") == body(VERSIONS - 1)


def test_a_reader_never_sees_an_older_version_after_a_newer_one(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    """While the source is overwritten again and again, each message comes three times."""
    chance = random.Random(1)
    name = f"{bucket}/overwritten"

    def late(message: bytes, seconds: float) -> str:
        time.sleep(seconds)
        return send_until_done(service, message)

    with watching(lambda: backend.read(name)) as seen, ThreadPoolExecutor(8) as threads:
        answers = []
        for version in range(VERSIONS):
            message = write(s3, bucket, "overwritten", version)
            answers += [
                threads.submit(late, message, chance.uniform(0, longest))
                for longest in (0.02, 0.2, 0.6)
            ]
            if version % 4 == 0:
                send_until_done(service, message)  # at least these are there for a while
            time.sleep(0.05)
        statuses = {answer.result() for answer in answers}

    assert backend.read(name) == body(VERSIONS - 1)
    assert seen == sorted(seen)
    assert len(set(seen)) > 1  # or nothing was ever replaced
    assert statuses == {"landed", "already-landed", "superseded"}
    heard = [h for h in backend.heard() if h.attributes["objectId"] == name]
    ids = {h.attributes["ce-id"]: h.attributes["objectGeneration"] for h in heard}
    assert len(ids) == len(set(ids.values())) >= len(set(seen))


def test_repeats_of_old_messages_change_nothing(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    messages = []
    for version in range(3):
        messages.append(write(s3, bucket, "repeats", version))
        assert send_until_done(service, messages[-1]) == "landed"
    _, before = service.send(messages[-1])

    assert [send_until_done(service, m) for m in messages[:2]] == ["superseded"] * 2

    _, after = service.send(messages[-1])
    assert after == before
    assert backend.read(f"{bucket}/repeats") == body(2)
    assert len([h for h in backend.heard() if h.attributes["objectId"] == f"{bucket}/repeats"]) == 3


def test_a_version_that_was_put_back_lands_again(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    messages = []
    for version in (0, 1, 0):
        messages.append(write(s3, bucket, "put back", version))
        assert send_until_done(service, messages[-1]) == "landed"

    statuses = [send_until_done(service, message) for message in messages]

    assert statuses == ["already-landed", "superseded", "already-landed"]
    assert backend.read(f"{bucket}/put back") == body(0)


def test_a_url_that_pins_a_version_is_refused(
    service: Service, backend: Backend, s3: Any, bucket: str
) -> None:
    """It would keep serving old bytes under the one name of all versions."""
    versioning = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioning)
    version = s3.put_object(Bucket=bucket, Key="pinned", Body=b"x")["VersionId"]
    message = message_about_version(s3, bucket, "pinned", version)

    status, answer = service.send(message)

    assert (status, answer["error"]["details"][0]["reason"]) == (400, "URL_REFUSED")
    assert "without a VersionId" in answer["error"]["message"]
    assert backend.read(f"{bucket}/pinned") is None
