"""What every topic promises: an acknowledged notification is kept, exactly as it was given."""

import base64
import json
import multiprocessing
import re
import sqlite3
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
import requests

from adapters.pubsub_topic import PubSubTopic
from adapters.sqlite_topic import SqliteTopic
from tests.contract.conftest import THREADS
from transfer.errors import Misconfigured
from transfer.notification import Notification
from transfer.topic import Topic

NOTIFICATION = Notification(
    data=json.dumps({"name": "größe/☃ 😀", "size": "1"}, ensure_ascii=False).encode(),
    attributes={"objectId": "größe/☃ 😀 'quoted' \"twice\"", "ce-id": "e" * 64, "long": "x" * 1024},
)


@dataclass(frozen=True)
class Kept:
    """A message as a subscriber finds it."""

    id: str
    data: bytes
    attributes: dict[str, str]


@dataclass(frozen=True)
class Place:
    """A topic, and a look behind it that does not go through it."""

    topic: Topic
    messages: Callable[[int], list[Kept]]
    """At least so many, or all that come in time."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "var/notifications.db"


@pytest.fixture
def pubsub_url(pubsub_emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
    return f"http://{pubsub_emulator}/v1"


@pytest.fixture(params=["sqlite", "pubsub"])
def place(request: pytest.FixtureRequest, file: Path) -> Place:
    if request.param == "sqlite":
        return Place(SqliteTopic(file), lambda _: rows(file))
    url: str = request.getfixturevalue("pubsub_url")
    name = uuid.uuid4().hex
    topic, subscription = f"projects/p/topics/t-{name}", f"projects/p/subscriptions/s-{name}"
    requests.put(f"{url}/{topic}", json={}, timeout=10).raise_for_status()
    body = {"topic": topic}
    requests.put(f"{url}/{subscription}", json=body, timeout=10).raise_for_status()
    return Place(PubSubTopic(topic), lambda count: pull(f"{url}/{subscription}", count))


@pytest.fixture
def topic(place: Place) -> Topic:
    return place.topic


def rows(file: Path) -> list[Kept]:
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT message_id, data, attributes FROM notifications")
        return [Kept(message_id, data, json.loads(text)) for message_id, data, text in found]


def pull(subscription: str, count: int) -> list[Kept]:
    kept: list[Kept] = []
    deadline = time.monotonic() + 10
    while len(kept) < count and time.monotonic() < deadline:
        body = {"maxMessages": 1000}
        answer = requests.post(f"{subscription}:pull", json=body, timeout=10).json()
        for received in answer.get("receivedMessages", []):
            message = received["message"]
            data = base64.b64decode(message["data"])
            kept.append(Kept(message["messageId"], data, message.get("attributes", {})))
    return kept


def test_what_was_published_is_kept_as_it_was(place: Place) -> None:
    message_id = place.topic.publish(NOTIFICATION)

    assert message_id
    assert place.messages(1) == [Kept(message_id, NOTIFICATION.data, dict(NOTIFICATION.attributes))]


def test_any_bytes_are_kept(place: Place) -> None:
    every_byte = bytes(range(256))

    place.topic.publish(Notification(every_byte, {}))
    place.topic.publish(Notification(b"x" * 1_000_000, {"k": "v"}))

    assert sorted(kept.data for kept in place.messages(2)) == [every_byte, b"x" * 1_000_000]


def test_what_is_published_twice_is_kept_twice(place: Place) -> None:
    ids = {place.topic.publish(NOTIFICATION) for _ in range(2)}

    assert len(ids) == 2
    assert {kept.id for kept in place.messages(2)} == ids


def test_threads_share_a_topic(place: Place) -> None:
    def publish(number: int) -> str:
        return place.topic.publish(Notification(b"data", {"number": str(number)}))

    with ThreadPoolExecutor(THREADS) as pool:
        ids = list(pool.map(publish, range(5 * THREADS)))

    kept = place.messages(5 * THREADS)
    assert {one.id: one.attributes["number"] for one in kept} == {
        message_id: str(number) for number, message_id in enumerate(ids)
    }
    assert len(kept) == 5 * THREADS


def test_a_check_passes_and_publishes_nothing(place: Place) -> None:
    place.topic.check()

    message_id = place.topic.publish(NOTIFICATION)
    assert [kept.id for kept in place.messages(1)] == [message_id]


class TestMissing:
    @pytest.fixture(params=["sqlite", "pubsub"])
    def missing(self, request: pytest.FixtureRequest, tmp_path: Path) -> Topic:
        if request.param == "sqlite":
            (tmp_path / "file").touch()
            return SqliteTopic(tmp_path / "file/notifications.db")
        request.getfixturevalue("pubsub_url")
        return PubSubTopic("projects/p/topics/missing")

    def test_a_check_says_what_to_do(self, missing: Topic) -> None:
        with pytest.raises(
            Misconfigured, match=r"(file|topics/missing).*correct NOTIFICATION_TOPIC"
        ):
            missing.check()

    def test_nothing_is_published(self, missing: Topic) -> None:
        with pytest.raises(Misconfigured, match="correct NOTIFICATION_TOPIC"):
            missing.publish(NOTIFICATION)


def publish_many(file: Path, first: int, start: Barrier) -> None:
    """Run in a process of its own."""
    topic = SqliteTopic(file)
    start.wait(60)
    for number in range(first, first + 10):
        topic.publish(Notification(b"%d" % number, {}))


class TestSqlite:
    def test_the_table_is_as_documented(self, file: Path) -> None:
        message_id = SqliteTopic(file).publish(NOTIFICATION)

        with closing(sqlite3.connect(file)) as connection:
            columns = connection.execute("PRAGMA table_info(notifications)").fetchall()
            journal = connection.execute("PRAGMA journal_mode").fetchone()
            [row] = connection.execute("SELECT * FROM notifications").fetchall()
        assert [(name, kind, key) for _, name, kind, _, _, key in columns] == [
            ("id", "INTEGER", 1),
            ("message_id", "TEXT", 0),
            ("data", "BLOB", 0),
            ("attributes", "TEXT", 0),
            ("publish_time", "TEXT", 0),
        ]
        assert journal == ("wal",)
        assert row[:3] == (1, message_id, NOTIFICATION.data)
        assert json.loads(row[3]) == NOTIFICATION.attributes
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row[4])
        assert datetime.now(UTC) - datetime.fromisoformat(row[4]) < timedelta(minutes=1)

    def test_processes_that_write_at_once_lose_nothing(self, file: Path) -> None:
        spawn = multiprocessing.get_context("spawn")
        start = spawn.Barrier(8)
        processes = [
            spawn.Process(target=publish_many, args=(file, 10 * number, start), daemon=True)
            for number in range(8)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)

        assert [process.exitcode for process in processes] == [0] * 8
        assert sorted(int(kept.data) for kept in rows(file)) == list(range(80))

    def test_whoever_makes_the_file_first_is_waited_for(self, file: Path) -> None:
        file.parent.mkdir()
        with (
            closing(sqlite3.connect(file, isolation_level=None)) as another,
            ThreadPoolExecutor() as pool,
        ):
            another.execute("BEGIN IMMEDIATE")

            publishing = pool.submit(SqliteTopic(file).publish, NOTIFICATION)
            time.sleep(0.1)
            another.execute("COMMIT")

            message_id = publishing.result()
        assert [kept.id for kept in rows(file)] == [message_id]

    def test_a_file_of_another_kind_is_refused_and_kept(self, file: Path) -> None:
        file.parent.mkdir()
        file.write_bytes(b"these are somebody's notes, and no database" * 100)

        with pytest.raises(Misconfigured, match=r"notifications\.db.*correct NOTIFICATION_TOPIC"):
            SqliteTopic(file).check()
        with pytest.raises(Misconfigured):
            SqliteTopic(file).publish(NOTIFICATION)

        assert file.read_bytes().startswith(b"these are somebody's notes")

    def test_a_folder_in_its_place_is_refused(self, file: Path) -> None:
        file.mkdir(parents=True)

        with pytest.raises(Misconfigured, match=r"notifications\.db.*correct NOTIFICATION_TOPIC"):
            SqliteTopic(file).check()
