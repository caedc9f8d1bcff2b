"""The landing bucket's own notifications, pulled from a Pub/Sub subscription.

Before it works: the bucket notifies a topic (`gcloud storage buckets notifications create
gs://BUCKET --topic=T --event-types=OBJECT_FINALIZE`), the subscription is of that topic, and
the program's account holds roles/pubsub.subscriber on it.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from adapters.pubsub_connection import new_transport
from adapters.pubsub_errors import translated
from transfer.reconciling import BucketEvent

if TYPE_CHECKING:
    from google.pubsub_v1 import SubscriberClient

MAX_EVENTS = 100
PULL_SECONDS = 30.0
_CALL_SECONDS = 10.0


def _new_client() -> "SubscriberClient":
    from google.pubsub_v1 import SubscriberClient
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

    return SubscriberClient(transport=new_transport(SubscriberGrpcTransport))


class PubSubSubscription:
    """One subscription, for one program at a time or several."""

    def __init__(
        self,
        subscription: str,
        new_client: Callable[[], "SubscriberClient"] = _new_client,
        pull_seconds: float = PULL_SECONDS,
    ) -> None:
        self._subscription = subscription
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
        events = [
            BucketEvent(attributes.get("objectId", ""), handle)
            for handle, attributes in pulled
            if attributes.get("eventType") == "OBJECT_FINALIZE"
        ]
        ours = {event.handle for event in events}
        self._acknowledge([handle for handle, _ in pulled if handle not in ours])
        return events

    def done(self, events: Sequence[BucketEvent]) -> None:
        self._acknowledge([event.handle for event in events])

    def delay(self, events: Sequence[BucketEvent], seconds: int) -> None:
        with self._translated():
            self._client.modify_ack_deadline(
                subscription=self._subscription,
                ack_ids=[event.handle for event in events],
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
