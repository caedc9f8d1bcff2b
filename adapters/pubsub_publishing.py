"""Publishing as one gRPC call whose name, headers and retry are made once.

It goes over the client library's own connection, with its credentials. The library's method
makes all of that anew for each call, which adds two thirds to the call's CPU.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from transfer.notification import Notification

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.pubsub_v1 import PublisherClient
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

_METHOD = "/google.pubsub.v1.Publisher/Publish"


class Publishing:
    """Publishes to one topic, one notification a call."""

    def __init__(
        self, client: "PublisherClient", topic: str, try_seconds: float, publish_seconds: float
    ) -> None:
        from google.api_core.gapic_v1.routing_header import to_grpc_metadata
        from google.api_core.grpc_helpers import wrap_errors
        from google.pubsub_v1 import PublishRequest, PublishResponse

        self.client = client
        self._topic = topic
        # The types on the wire, without the library's wrappers around them.
        self._request = type(PublishRequest.pb(PublishRequest()))
        channel = cast("PublisherGrpcTransport", client.transport).grpc_channel
        call = channel.unary_unary(
            _METHOD,
            request_serializer=self._request.SerializeToString,
            response_deserializer=type(PublishResponse.pb(PublishResponse())).FromString,
        )
        metadata = [to_grpc_metadata({"topic": topic})]
        tried = partial(wrap_errors(call), timeout=try_seconds, metadata=metadata)
        self._call = new_retry(publish_seconds)(tried)

    def publish(self, notification: Notification) -> Sequence[str]:
        """Return the ids that Pub/Sub gave. Raise its exceptions as the library does."""
        request = self._request(topic=self._topic)
        request.messages.add(data=notification.data, attributes=notification.attributes)
        answer: Any = self._call(request)
        return [str(message_id) for message_id in answer.message_ids]


def new_retry(seconds: float) -> "Retry":
    """Whatever may pass is tried again, until these seconds are over."""
    from google.api_core import exceptions as api
    from google.api_core import retry

    return retry.Retry(
        predicate=retry.if_exception_type(
            api.Aborted,
            api.DeadlineExceeded,
            api.InternalServerError,
            api.ResourceExhausted,
            api.ServiceUnavailable,
            api.Unknown,
        ),
        initial=0.1,
        maximum=4.0,
        multiplier=2.0,
        timeout=seconds,
    )
