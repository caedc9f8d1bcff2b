"""Topics that take no notifications, or that nobody hears."""

from collections.abc import Iterator

import google.auth.credentials
import grpc
import pytest
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from adapters.pubsub_topic import PubSubTopic
from diagnosis.topic import check_topic
from doctor import tell
from tests.integration.doctor.conftest import TOPIC, SetUp
from tests.servers.pubsub_protocol import PubSub


@pytest.fixture
def rights(monkeypatch: pytest.MonkeyPatch) -> Iterator[PubSub]:
    """Pub/Sub as it is without an emulator: with rights."""
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    with PubSub() as server:
        yield server


def topic_of(server: PubSub) -> PubSubTopic:
    def new_client() -> PublisherClient:
        channel = grpc.insecure_channel(server.address)
        nobody = google.auth.credentials.AnonymousCredentials()
        return PublisherClient(
            transport=PublisherGrpcTransport(channel=channel, credentials=nobody)
        )

    return PubSubTopic(TOPIC, new_client)


class TestTopic:
    def test_a_topic_that_is_missing(
        self, setup: SetUp, pubsub_emulator: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
        setup.environment["NOTIFICATION_TOPIC"] = "projects/p/topics/never-made"

        fault = setup.fault()

        assert "projects/p/topics/never-made does not exist: create it" in fault
        assert "correct NOTIFICATION_TOPIC" in fault

    def test_the_right_to_publish_is_missing(self, setup: SetUp, rights: PubSub) -> None:
        rights.denied.add("pubsub.topics.publish")

        report = setup.read(tell(check_topic(topic_of(rights)), as_json=False))

        assert report.code == 1
        (fault,) = report.lines("failed     ")
        assert f"{TOPIC} does not exist, or the service may not publish to it" in fault
        assert "grant its account roles/pubsub.publisher" in fault

    def test_listeners_that_may_not_be_seen_are_no_fault(
        self, setup: SetUp, rights: PubSub
    ) -> None:
        rights.denied.add("pubsub.topics.get")

        report = setup.read(tell(check_topic(topic_of(rights)), as_json=False))

        assert report.code == 0
        (line,) = report.lines("not checked")
        assert "run this as somebody with roles/pubsub.viewer" in line

    def test_a_topic_without_listeners_is_advice(self, setup: SetUp, pubsub: PubSub) -> None:
        pubsub.subscriptions = []
        pubsub.schema = "projects/p/schemas/strict"

        report = setup.diagnosed()

        assert report.code == 0
        schema, listeners = report.lines("advice     ")
        assert "has the schema projects/p/schemas/strict" in schema
        assert "notifications are lost: `gcloud pubsub subscriptions create" in listeners
