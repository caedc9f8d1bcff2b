"""The two stores with their topics, and a look behind each that does not go through it."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from adapters.directory_store import DirectoryStore
from adapters.gcs_patience import Patience
from adapters.gcs_store import GcsStore
from adapters.pubsub_topic import PUBLISH_SECONDS, TRY_SECONDS, PubSubTopic
from adapters.sqlite_topic import SqliteTopic
from tests.servers.cloud_storage import CloudStorage
from tests.servers.pubsub_protocol import PubSub
from transfer.store import Store
from transfer.topic import Topic

PATIENCE = Patience(call_seconds=0.5)
"""Faults that last are given up soon, but a busy machine is waited for."""
HASTY = Patience(call_seconds=0.5, answer_seconds=0.8, upload_seconds=0.8)
"""So is silence."""
BUSY_SECONDS = 0.3


class Place(Protocol):
    """A store and a topic."""

    store: Store
    topic: Topic
    environment: dict[str, str]
    """By which a service in another process finds the same."""

    def read(self, name: str) -> bytes | None:
        """Return the bytes of the object, if it is visible."""

    def metadata(self, name: str) -> dict[str, str] | None:
        """Return what is recorded with the object."""

    def generation(self, name: str) -> int: ...

    def leftovers(self) -> int:
        """Count open upload sessions or temporary files."""

    def heard(self) -> list[dict[str, str]]:
        """Return the attributes of all notifications."""


class DirectoryPlace:
    """A directory and a SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.bucket = folder / "bucket"
        self.file = folder / "notifications.db"
        self.hidden = self.bucket / ".landfall"
        self.store: Store = DirectoryStore(self.bucket)
        self.topic: Topic = SqliteTopic(self.file, BUSY_SECONDS)
        self.environment = {
            "LANDING_BUCKET": f"file:{self.bucket}",
            "NOTIFICATION_TOPIC": f"sqlite:{self.file}",
        }

    def read(self, name: str) -> bytes | None:
        file = self.bucket / name
        return file.read_bytes() if file.is_file() else None

    def metadata(self, name: str) -> dict[str, str] | None:
        record = self._record(name)
        return dict(record["headers"]["metadata"]) if record else None

    def generation(self, name: str) -> int:
        record = self._record(name)
        return int(record["generation"]) if record else 0

    def leftovers(self) -> int:
        uploads = self.hidden / "uploads"
        return len(list(uploads.iterdir())) if uploads.is_dir() else 0

    def heard(self) -> list[dict[str, str]]:
        if not self.file.is_file():
            return []
        with closing(sqlite3.connect(self.file)) as topic:
            rows = topic.execute("SELECT attributes FROM notifications ORDER BY id")
            return [json.loads(attributes) for (attributes,) in rows]

    def lock_of(self, name: str) -> Path:
        """The file that whoever acts on this name locks."""
        return self.hidden / "locks" / _digest(name)[:2]

    def _record(self, name: str) -> Any:
        digest = _digest(name)
        path = self.hidden / "records" / digest[:2] / f"{digest}.json"
        return json.loads(path.read_bytes()) if path.is_file() else None


class CloudPlace:
    """A server of Cloud Storage's protocol, and one of Pub/Sub's."""

    def __init__(
        self,
        cloud: CloudStorage,
        pubsub: PubSub,
        channel: grpc.Channel,
        patience: Patience = PATIENCE,
        try_seconds: float = TRY_SECONDS,
        publish_seconds: float = PUBLISH_SECONDS,
    ) -> None:
        self.cloud, self.pubsub = cloud, pubsub
        self.environment = {
            "LANDING_BUCKET": "gs://landing",
            "NOTIFICATION_TOPIC": "projects/p/topics/t",
            "STORAGE_EMULATOR_HOST": cloud.url,
            "PUBSUB_EMULATOR_HOST": pubsub.address,
        }

        def publisher() -> PublisherClient:
            transport = PublisherGrpcTransport(channel=channel, credentials=AnonymousCredentials())
            return PublisherClient(transport=transport)

        self.store: Store = GcsStore("landing", self.new_storage_client, patience)
        self.topic: Topic = PubSubTopic(
            "projects/p/topics/t", publisher, try_seconds, publish_seconds
        )

    def new_storage_client(self) -> storage.Client:
        return storage.Client(
            "project", AnonymousCredentials(), client_options={"api_endpoint": self.cloud.url}
        )

    def read(self, name: str) -> bytes | None:
        return self.cloud.content(name) if name in self.cloud.objects else None

    def metadata(self, name: str) -> dict[str, str] | None:
        there = self.cloud.objects.get(name)
        return None if there is None else dict(there.get("metadata", {}))

    def generation(self, name: str) -> int:
        there = self.cloud.objects.get(name)
        return int(there["generation"]) if there else 0

    def leftovers(self) -> int:
        return self.cloud.open_sessions

    def heard(self) -> list[dict[str, str]]:
        return list(self.pubsub.published)


@contextmanager
def cloud_place(
    patience: Patience = PATIENCE,
    try_seconds: float = TRY_SECONDS,
    publish_seconds: float = PUBLISH_SECONDS,
    **options: Any,
) -> Iterator[CloudPlace]:
    """`options` are the Cloud Storage server's."""
    with (
        CloudStorage("landing", **options) as cloud,
        PubSub() as pubsub,
        grpc.insecure_channel(pubsub.address) as channel,
    ):
        yield CloudPlace(cloud, pubsub, channel, patience, try_seconds, publish_seconds)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
