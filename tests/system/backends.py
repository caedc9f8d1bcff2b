"""Where objects land and notifications go, looked at from outside."""

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import grpc
from google.api_core.exceptions import DeadlineExceeded
from google.auth.credentials import AnonymousCredentials
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

QUIET_SECONDS = 1.0
"""So long without a message, and Pub/Sub's emulator has none."""


@dataclass(frozen=True)
class Heard:
    """One notification, as a subscriber gets it."""

    attributes: dict[str, str]
    data: dict[str, Any]


class Surroundings(Protocol):
    """Whatever a service finds its store and its topic by."""

    environment: dict[str, str]


class Backend(Surroundings, Protocol):
    """A store and a topic."""

    def read(self, name: str) -> bytes | None:
        """Return the object's bytes, if it is there."""

    def heard(self) -> list[Heard]:
        """Return all notifications so far."""


class Embedded:
    """A directory and a SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.bucket = folder / "bucket"
        self._topic = folder / "notifications.db"
        self.environment = {
            "LANDING_BUCKET": f"file:{self.bucket}",
            "NOTIFICATION_TOPIC": f"sqlite:{self._topic}",
        }

    def read(self, name: str) -> bytes | None:
        file = self.bucket / name
        return file.read_bytes() if file.exists() else None

    def heard(self) -> list[Heard]:
        with closing(sqlite3.connect(self._topic)) as topic:
            query = "SELECT attributes, data FROM notifications ORDER BY id"
            return [Heard(json.loads(a), json.loads(d)) for a, d in topic.execute(query)]


class Cloud:
    """A server that speaks Cloud Storage's protocol, and Google's Pub/Sub emulator."""

    def __init__(self, storage_url: str, pubsub: str, name: str) -> None:
        self._url = storage_url
        topic, self._subscription = f"projects/p/topics/{name}", f"projects/p/subscriptions/{name}"
        publisher_channel, channel = grpc.insecure_channel(pubsub), grpc.insecure_channel(pubsub)
        nobody = AnonymousCredentials()
        with PublisherClient(
            transport=PublisherGrpcTransport(channel=publisher_channel, credentials=nobody)
        ) as publisher:
            publisher.create_topic(name=topic)
        self._subscriber = SubscriberClient(
            transport=SubscriberGrpcTransport(channel=channel, credentials=nobody)
        )
        self._subscriber.create_subscription(name=self._subscription, topic=topic)
        self._heard: list[Heard] = []
        self.environment = {
            "LANDING_BUCKET": "gs://landing",
            "NOTIFICATION_TOPIC": topic,
            "STORAGE_EMULATOR_HOST": storage_url,
            "PUBSUB_EMULATOR_HOST": pubsub,
        }

    def close(self) -> None:
        self._subscriber.transport.close()

    def read(self, name: str) -> bytes | None:
        try:
            with urlopen(
                f"{self._url}/storage/v1/b/landing/o/{quote(name, safe='')}?alt=media"
            ) as answer:
                body: bytes = answer.read()
                return body
        except HTTPError as error:
            error.close()
            if error.code != 404:
                raise
            return None

    def heard(self) -> list[Heard]:
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET_SECONDS:
            try:
                pulled = self._subscriber.pull(
                    subscription=self._subscription,
                    max_messages=100,
                    timeout=QUIET_SECONDS,
                    retry=None,
                ).received_messages
            except DeadlineExceeded:
                break
            if pulled:
                quiet_since = time.monotonic()
                self._heard += [
                    Heard(dict(m.message.attributes), json.loads(m.message.data)) for m in pulled
                ]
                self._subscriber.acknowledge(
                    subscription=self._subscription, ack_ids=[m.ack_id for m in pulled]
                )
        return self._heard
