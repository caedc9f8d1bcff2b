"""Connections to Pub/Sub are tried again soon, and are the library's own in all else."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from adapters.pubsub_connection import RECONNECT_SECONDS, new_transport
from adapters.pubsub_topic import PubSubTopic
from tests.faults.rig import wait_until
from transfer.errors import NotifyUnavailable
from transfer.notification import Notification


class Door:
    """Lets everybody in, and out again at once."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.knocks = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            while True:
                self._socket.accept()[0].close()
                self.knocks += 1
        except OSError:  # closed
            pass

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


class Recording(PublisherGrpcTransport):
    """Keeps what its channel was made with."""

    made: dict[str, Any]

    @classmethod
    def create_channel(cls, host: str = "", *args: Any, **options: Any) -> grpc.Channel:
        cls.made = {"host": host, **options}
        return super().create_channel(host, *args, **options)


def test_a_topic_that_is_away_is_looked_for_before_long(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gRPC by itself would knock for the fourth time after 4.1 s at least."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", door.address)
    topic = PubSubTopic("projects/p/topics/t", publish_seconds=1)
    began = time.monotonic()

    with pytest.raises(NotifyUnavailable):
        topic.publish(Notification(b"data", {}))

    wait_until(lambda: door.knocks >= 4)
    assert time.monotonic() - began < 3.8


def test_pauses_do_not_grow_beyond_the_longest(door: Door) -> None:
    """By themselves the fifth and the sixth would last 4.1 and 6.6 s."""
    client = PublisherClient(
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": door.address},
        transport=new_transport(PublisherGrpcTransport, reconnect_seconds=0.2),
    )
    channel = cast("PublisherGrpcTransport", client.transport).grpc_channel
    ready = grpc.channel_ready_future(channel)

    try:
        wait_until(lambda: door.knocks >= 7, seconds=5)
    finally:
        ready.cancel()
        channel.close()


def test_the_service_is_connected_to_as_the_library_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    nobody = AnonymousCredentials()
    with PublisherClient(credentials=nobody, transport=Recording):
        theirs = Recording.made

    with PublisherClient(credentials=nobody, transport=new_transport(Recording)):
        ours = Recording.made

    assert theirs["host"] == "pubsub.googleapis.com:443"
    added = {
        "grpc.initial_reconnect_backoff_ms": 500,
        "grpc.max_reconnect_backoff_ms": RECONNECT_SECONDS * 1000,
    }
    assert ours == {**theirs, "options": [*theirs["options"], *added.items()]}
