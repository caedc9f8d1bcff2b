"""Pub/Sub as the topic, by unary calls: one request per notification, no batching.

Before it works: the topic exists, and the service's account holds roles/pubsub.publisher
on it. On a laptop set PUBSUB_EMULATOR_HOST.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from adapters.late_client import LateClient
from adapters.pubsub_connection import new_transport
from adapters.pubsub_errors import translated
from adapters.pubsub_publishing import Publishing, new_retry
from transfer.errors import Misconfigured, NotifyUnavailable
from transfer.notification import Notification
from transfer.topic import TopicFacts

if TYPE_CHECKING:
    from google.pubsub_v1 import PublisherClient

TRY_SECONDS = 5.0
PUBLISH_SECONDS = 20.0
_PUBLISH = "pubsub.topics.publish"
_ROLE = "roles/pubsub.publisher"


def _new_client() -> "PublisherClient":
    """Import gRPC late: never before a fork, and not at all for the embedded topic."""
    from google.pubsub_v1 import PublisherClient
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

    return PublisherClient(transport=new_transport(PublisherGrpcTransport))


class PubSubTopic:
    """Publishes to one topic. Threads may share it; each process makes its own client."""

    def __init__(
        self,
        topic: str,
        new_client: Callable[[], "PublisherClient"] = _new_client,
        try_seconds: float = TRY_SECONDS,
        publish_seconds: float = PUBLISH_SECONDS,
    ) -> None:
        self._topic = topic
        self._try_seconds = try_seconds
        self._publish_seconds = publish_seconds
        self._new_client = new_client
        self._publishing = LateClient(self._new_publishing, publish_seconds)

    def publish(self, notification: Notification) -> str:
        with self._translated():
            message_ids = self._publishing.get().publish(notification)
        for message_id in message_ids:
            return message_id
        raise NotifyUnavailable("Pub/Sub answered without an id: it may or may not have been done.")

    def check(self) -> None:
        """Ask for the right to publish; the emulator has no rights, so there for the topic."""
        from google.iam.v1.iam_policy_pb2 import TestIamPermissionsRequest

        with self._translated():
            client = self._publishing.get().client
            if os.environ.get("PUBSUB_EMULATOR_HOST"):
                retry = new_retry(self._publish_seconds)
                client.get_topic(topic=self._topic, retry=retry, timeout=self._try_seconds)
                return
            request = TestIamPermissionsRequest(resource=self._topic, permissions=[_PUBLISH])
            answer = client.test_iam_permissions(request, timeout=self._try_seconds)
        if _PUBLISH not in answer.permissions:  # as it is for a topic that is not there
            raise Misconfigured(
                f"{self._topic} does not exist, or the service may not publish to it: create it, "
                f"correct NOTIFICATION_TOPIC, or grant its account {_ROLE}."
            )

    def facts(self) -> TopicFacts | None:
        """Return what is known of the topic; None if the account may not look, which it need not.

        Raises:
            NotifyUnavailable, Misconfigured
        """
        from google.api_core.exceptions import PermissionDenied

        with self._translated():
            client = self._publishing.get().client
            retry = new_retry(self._publish_seconds)
            try:
                found = client.get_topic(topic=self._topic, retry=retry, timeout=self._try_seconds)
                subscriptions = client.list_topic_subscriptions(
                    topic=self._topic, retry=retry, timeout=self._try_seconds
                )
                return TopicFacts(found.schema_settings.schema or None, len(list(subscriptions)))
            except PermissionDenied:
                return None

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self._topic, "NOTIFICATION_TOPIC", _ROLE)

    def _new_publishing(self) -> Publishing:
        return Publishing(self._new_client(), self._topic, self._try_seconds, self._publish_seconds)
