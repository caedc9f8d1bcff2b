"""Pub/Sub and Secret Manager refuse for a reason of their own, beyond a missing role."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.rpc import error_details_pb2, status_pb2

from adapters.pubsub_subscription import PubSubSubscription
from adapters.pubsub_topic import PubSubTopic
from adapters.secret_manager import read_secret
from transfer.errors import Misconfigured
from transfer.notification import Notification

REASONS = {
    "SERVICE_DISABLED": "gcloud services enable",
    "BILLING_DISABLED": "gcloud billing projects link",
    "CONSUMER_SUSPENDED": "suspended",
    "SECURITY_POLICY_VIOLATED": "perimeter",
    "IAM_PERMISSION_DENIED": "roles/",
    "": "roles/",
}


class Refusing:
    """Every call is denied, for this reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        return grpc.unary_unary_rpc_method_handler(self._refuse)

    def _refuse(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        status = status_pb2.Status(code=grpc.StatusCode.PERMISSION_DENIED.value[0], message="no")
        if self._reason:
            info = error_details_pb2.ErrorInfo(reason=self._reason, domain="googleapis.com")
            status.details.add().Pack(info)
        details = (("grpc-status-details-bin", status.SerializeToString()),)
        context.set_trailing_metadata(details)
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "no")
        raise AssertionError


@contextmanager
def refusing(reason: str) -> Iterator[grpc.Channel]:
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers((Refusing(reason),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
        server.stop(None).wait()


def topic(channel: grpc.Channel) -> PubSubTopic:
    transport = PublisherGrpcTransport(channel=channel, credentials=AnonymousCredentials())
    return PubSubTopic("projects/p/topics/t", lambda: PublisherClient(transport=transport), 2, 2)


def pull(channel: grpc.Channel) -> object:
    transport = SubscriberGrpcTransport(channel=channel, credentials=AnonymousCredentials())
    client = SubscriberClient(transport=transport)
    return PubSubSubscription("projects/p/subscriptions/s", lambda: client, 2).pull()


def secret(channel: grpc.Channel) -> str:
    transport = SecretManagerServiceGrpcTransport(
        channel=channel, credentials=AnonymousCredentials()
    )
    client = SecretManagerServiceClient(transport=transport)
    return read_secret("projects/p/secrets/keys/versions/1", lambda: client, 2)


CALLS: dict[str, Callable[[grpc.Channel], object]] = {
    "publish": lambda channel: topic(channel).publish(Notification(b"data", {})),
    "check": lambda channel: topic(channel).check(),
    "pull": pull,
    "secret": secret,
}


@pytest.fixture(autouse=True)
def no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)


@pytest.mark.parametrize(("reason", "words"), REASONS.items())
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_advice_follows_the_reason(
    call: Callable[[grpc.Channel], object], reason: str, words: str
) -> None:
    with refusing(reason) as channel, pytest.raises(Misconfigured, match=words):
        call(channel)
