"""The landing bucket's own notifications, pulled from a Pub/Sub subscription.

Before it works: the bucket notifies a topic (`gcloud storage buckets notifications create
gs://BUCKET --topic=T --event-types=OBJECT_FINALIZE`), the subscription is of that topic, and
the program's account holds roles/pubsub.subscriber on it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from adapters.pubsub_connection import new_transport
from adapters.pubsub_errors import translated
from transfer.errors import Misconfigured
from transfer.notification import CONFIG
from transfer.reconciling import BucketEvent

if TYPE_CHECKING:
    from google.pubsub_v1 import SubscriberClient

MAX_EVENTS = 100
PULL_SECONDS = 30.0
_CALL_SECONDS = 10.0
# https://cloud.google.com/storage/docs/pubsub-notifications#events
_EVENTS = frozenset(
    {"OBJECT_FINALIZE", "OBJECT_METADATA_UPDATE", "OBJECT_DELETE", "OBJECT_ARCHIVE"}
)


def _new_client() -> "SubscriberClient":
    from google.pubsub_v1 import SubscriberClient
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

    return SubscriberClient(transport=new_transport(SubscriberGrpcTransport))


class PubSubSubscription:
    """One subscription, for one program at a time or several."""

    def __init__(
        self,
        subscription: str,
        bucket: str,
        new_client: Callable[[], "SubscriberClient"] = _new_client,
        pull_seconds: float = PULL_SECONDS,
    ) -> None:
        self._subscription = subscription
        self._bucket = bucket
        self._new_client = new_client
        self._pull_seconds = pull_seconds

    def pull(self) -> Sequence[BucketEvent]:
        from google.api_core.exceptions import DeadlineExceeded

        with self._translated():
            try:
                answer = self._client.pull(
                    subscription=self._subscription,
                    max_messages=MAX_EVENTS,
                    timeout=self._pull_seconds,
                    retry=None,  # who follows asks again
                )
            except DeadlineExceeded:
                return []  # nothing came in that time
        pulled = [(m.ack_id, m.message.attributes) for m in answer.received_messages]
        self._expect_bucket_events(pulled)
        created = {
            handle: BucketEvent(attributes["objectId"], handle)
            for handle, attributes in pulled
            if attributes["eventType"] == "OBJECT_FINALIZE"
        }
        self._acknowledge([handle for handle, _ in pulled if handle not in created])
        return list(created.values())

    def done(self, events: Sequence[BucketEvent]) -> None:
        self._acknowledge([event.handle for event in events])

    def delay(self, events: Sequence[BucketEvent], seconds: int) -> None:
        self._put_off([event.handle for event in events], seconds)

    def _expect_bucket_events(self, pulled: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        """Give all of them back if one is not the bucket's own notification.

        Then the subscription belongs to somebody else, who would miss what is acknowledged here.
        """
        if all(_is_event_of(self._bucket, attributes) for _, attributes in pulled):
            return
        self._put_off([handle for handle, _ in pulled], 0)
        raise Misconfigured(
            f"{self._subscription} delivers messages that are not notifications of the bucket "
            f"{self._bucket}: none was acknowledged. Set FINALIZE_SUBSCRIPTION to a subscription "
            "of the topic that the bucket notifies, which is not NOTIFICATION_TOPIC."
        )

    def _put_off(self, handles: list[str], seconds: int) -> None:
        with self._translated():
            self._client.modify_ack_deadline(
                subscription=self._subscription,
                ack_ids=handles,
                ack_deadline_seconds=seconds,
                timeout=_CALL_SECONDS,
                retry=None,
            )

    def _acknowledge(self, handles: list[str]) -> None:
        if handles:
            with self._translated():
                self._client.acknowledge(
                    subscription=self._subscription,
                    ack_ids=handles,
                    timeout=_CALL_SECONDS,
                    retry=None,
                )

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self._subscription, "FINALIZE_SUBSCRIPTION", "roles/pubsub.subscriber")

    @cached_property
    def _client(self) -> "SubscriberClient":
        return self._new_client()


def _is_event_of(bucket: str, attributes: Mapping[str, str]) -> bool:
    """Whether Cloud Storage sent it. What Landfall publishes has the same form, but our CONFIG."""
    return (
        attributes.get("eventType") in _EVENTS
        and attributes.get("bucketId") == bucket
        and bool(attributes.get("objectId"))
        and not attributes.get("notificationConfig", "").endswith(f"/{CONFIG}")
    )
