"""The bucket's own notifications, pulled from Google's emulator."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from adapters.pubsub_subscription import PubSubSubscription
from transfer.errors import Misconfigured, NotifyUnavailable
from transfer.notification import notification_of
from transfer.reconciling import BucketEvent
from transfer.store import ObjectHeaders, StoredObject

BUCKET = "landing"
PULL_SECONDS = 2.0
PATIENCE_SECONDS = 20
LANDED = StoredObject(
    bucket=BUCKET,
    name="name",
    generation=1,
    metageneration=1,
    size=1,
    crc32c="",
    md5=None,
    headers=ObjectHeaders(),
    created=datetime(2026, 3, 14, tzinfo=UTC),
    updated=datetime(2026, 3, 14, tzinfo=UTC),
)


class Bucket:
    """Notifies a topic as Cloud Storage does, and has one subscriber."""

    def __init__(self, address: str) -> None:
        nobody = AnonymousCredentials()
        name = f"bucket-{uuid.uuid4().hex[:8]}"
        self.topic, self.subscription = (
            f"projects/p/topics/{name}",
            f"projects/p/subscriptions/{name}",
        )
        self._publisher = PublisherClient(
            transport=PublisherGrpcTransport(
                channel=grpc.insecure_channel(address), credentials=nobody
            )
        )
        self._publisher.create_topic(name=self.topic)
        with SubscriberClient(
            transport=SubscriberGrpcTransport(
                channel=grpc.insecure_channel(address), credentials=nobody
            )
        ) as subscriber:
            subscriber.create_subscription(
                name=self.subscription, topic=self.topic, ack_deadline_seconds=10
            )

    def notify(self, name: str, event: str = "OBJECT_FINALIZE", **others: str) -> None:
        self.send(eventType=event, objectId=name, bucketId=BUCKET, **others)

    def send(self, **attributes: str) -> None:
        message = PubsubMessage(data=b"{}", attributes=attributes)
        self._publisher.publish(topic=self.topic, messages=[message])

    def close(self) -> None:
        self._publisher.transport.close()


@pytest.fixture
def bucket(pubsub_emulator: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
    bucket = Bucket(pubsub_emulator)
    yield bucket
    bucket.close()


@pytest.fixture
def subscription(bucket: Bucket) -> PubSubSubscription:
    return PubSubSubscription(bucket.subscription, BUCKET, pull_seconds=PULL_SECONDS)


def pulled(subscription: PubSubSubscription, count: int) -> list[BucketEvent]:
    """So many events, which may come in several answers."""
    events: list[BucketEvent] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(events) < count and time.monotonic() < deadline:
        events += subscription.pull()
    return events


def test_events_come_with_the_names_of_their_objects(
    bucket: Bucket, subscription: PubSubSubscription
) -> None:
    for name in ("a/b.png", "größe ☃"):
        bucket.notify(name)

    assert {event.name for event in pulled(subscription, 2)} == {"a/b.png", "größe ☃"}


def test_what_is_done_does_not_come_again_and_what_is_put_off_does(
    bucket: Bucket, subscription: PubSubSubscription
) -> None:
    bucket.notify("done")
    bucket.notify("put off")
    events = {event.name: event for event in pulled(subscription, 2)}

    subscription.done([events["done"]])
    subscription.delay([events["put off"]], 1)

    assert [event.name for event in pulled(subscription, 1)] == ["put off"]


def test_an_event_that_is_put_off_stays_away_until_then(
    bucket: Bucket, subscription: PubSubSubscription
) -> None:
    bucket.notify("name")
    subscription.delay(pulled(subscription, 1), 600)

    assert subscription.pull() == []


@pytest.mark.parametrize("event", ["OBJECT_METADATA_UPDATE", "OBJECT_DELETE", "OBJECT_ARCHIVE"])
def test_other_events_of_the_bucket_are_acknowledged(
    event: str, bucket: Bucket, subscription: PubSubSubscription
) -> None:
    bucket.notify("name", event)
    bucket.notify("name", "OBJECT_FINALIZE")

    assert [event.name for event in pulled(subscription, 1)] == ["name"]


@pytest.mark.parametrize(
    "foreign",
    [
        {},
        {"kind": "somebody's job"},
        {"eventType": "OBJECT_INVENTED", "objectId": "name", "bucketId": BUCKET},
        {"eventType": "OBJECT_FINALIZE", "bucketId": BUCKET},
        {"eventType": "OBJECT_FINALIZE", "objectId": "", "bucketId": BUCKET},
        {"eventType": "OBJECT_FINALIZE", "objectId": "name", "bucketId": "another"},
        dict(notification_of(LANDED, None).attributes),
    ],
    ids=["empty", "a job", "unknown event", "no name", "empty name", "another bucket", "ours"],
)
def test_messages_of_somebody_else_are_given_back_and_the_setting_is_named(
    foreign: dict[str, str], bucket: Bucket, subscription: PubSubSubscription
) -> None:
    bucket.send(**foreign)

    for _ in range(2):  # the second pull would find nothing if the first had acknowledged it
        with pytest.raises(
            Misconfigured, match=r"none was acknowledged\. Set FINALIZE_SUBSCRIPTION"
        ):
            pulled(subscription, 1)


def test_a_quiet_subscription_gives_nothing_after_a_while(
    bucket: Bucket, subscription: PubSubSubscription
) -> None:
    assert subscription.pull() == []


def test_a_subscription_that_is_not_there_is_told_with_its_setting(bucket: Bucket) -> None:
    missing = PubSubSubscription(f"{bucket.subscription}-x", BUCKET, pull_seconds=PULL_SECONDS)

    with pytest.raises(Misconfigured, match=r"does not exist.*FINALIZE_SUBSCRIPTION"):
        missing.pull()


def test_a_server_that_is_away_is_worth_another_try(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    subscription = PubSubSubscription(bucket.subscription, BUCKET, pull_seconds=0.5)

    with pytest.raises(NotifyUnavailable):
        subscription.done([BucketEvent("name", "handle")])
