"""Connections to Pub/Sub, or to its emulator, that are soon made again after an outage.

gRPC tries less and less often, by default every two minutes in the end: publishing would fail so
long after the service is back. https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import grpc
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

T = TypeVar("T", "PublisherGrpcTransport", "SubscriberGrpcTransport")

RECONNECT_SECONDS = 10.0
"""The longest pause between two tries to connect, to which gRPC adds up to a fifth at random."""
_FIRST_SECONDS = 0.5


def new_transport(
    kind: type[T], reconnect_seconds: float = RECONNECT_SECONDS
) -> T | Callable[..., T]:
    """Return what a client takes as its transport. All else is as the library has it."""
    import grpc
    from google.auth.credentials import AnonymousCredentials

    pauses: list[tuple[str, int]] = [
        ("grpc.initial_reconnect_backoff_ms", round(_FIRST_SECONDS * 1000)),
        ("grpc.max_reconnect_backoff_ms", round(reconnect_seconds * 1000)),
    ]
    emulator = os.environ.get("PUBSUB_EMULATOR_HOST")
    if emulator:
        return kind(
            channel=grpc.insecure_channel(emulator, pauses), credentials=AnonymousCredentials()
        )

    def new_channel(host: str, options: Sequence[tuple[str, int]], **others: Any) -> "grpc.Channel":
        return kind.create_channel(host, options=[*options, *pauses], **others)

    return partial(kind, channel=new_channel)
