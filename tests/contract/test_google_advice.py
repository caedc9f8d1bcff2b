"""PERMISSION_DENIED by Google's APIs, with and without the reason that they send beside it."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import google.auth.credentials
import grpc
import pytest
from google.cloud.secretmanager import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)
from google.protobuf.any_pb2 import Any as AnyMessage
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.rpc.code_pb2 import PERMISSION_DENIED
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status.rpc_status import to_status

from adapters.pubsub_subscription import PubSubSubscription
from adapters.pubsub_topic import PubSubTopic
from adapters.secret_manager import read_secret
from transfer.errors import Misconfigured, NotifyUnavailable
from transfer.notification import Notification

TOPIC, SUBSCRIPTION = "projects/p/topics/t", "projects/p/subscriptions/s"
VERSION = "projects/p/secrets/keys/versions/latest"
NOTIFICATION = Notification(b"data", {"objectId": "name"})
BILLING, PROJECT = "gcloud billing projects link", "project of .* does not exist"
POLICY, ACCOUNT = "organization policy", "service account that is enabled"
REMEDIES = {
    "SERVICE_DISABLED": r"gcloud services enable (pubsub|secretmanager)\.googleapis\.com",
    "BILLING_DISABLED": BILLING,
    "CONSUMER_SUSPENDED": BILLING,
    "GCP_SUSPENDED": BILLING,
    "CONSUMER_INVALID": PROJECT,
    "RESOURCE_PROJECT_INVALID": PROJECT,
    "USER_PROJECT_DENIED": "serviceusage.serviceUsageConsumer",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "scope cloud-platform",
    "SECURITY_POLICY_VIOLATED": "VPC Service Controls block projects/p/",
    "ORG_RESTRICTION_VIOLATION": POLICY,
    "LOCATION_POLICY_VIOLATED": POLICY,
    "RESOURCE_USAGE_RESTRICTION_VIOLATED": POLICY,
    "ACCOUNT_STATE_INVALID": ACCOUNT,
    "ACCESS_TOKEN_EXPIRED": ACCOUNT,
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": ACCOUNT,
    "CREDENTIALS_MISSING": ACCOUNT,
}


class Refusing:
    """Refuses every call of every service."""

    def __init__(self, status: grpc.StatusCode, info: ErrorInfo | None) -> None:
        self._status, self._info = status, info

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self._refuse)

    def _refuse(self, request: bytes, context: Any) -> bytes:
        if self._info is None:
            context.abort(self._status, "canary-detail")
            raise AssertionError
        detail = AnyMessage()
        detail.Pack(self._info)
        context.abort_with_status(
            to_status(Status(code=PERMISSION_DENIED, message="canary-detail", details=[detail]))
        )
        raise AssertionError


@contextmanager
def refusing(
    status: grpc.StatusCode = grpc.StatusCode.PERMISSION_DENIED, info: ErrorInfo | None = None
) -> Iterator[grpc.Channel]:
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers((Refusing(status, info),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
        server.stop(None).wait()


def topic(channel: grpc.Channel) -> PubSubTopic:
    nobody = google.auth.credentials.AnonymousCredentials()
    client = PublisherClient(transport=PublisherGrpcTransport(channel=channel, credentials=nobody))
    return PubSubTopic(TOPIC, lambda: client, try_seconds=5, publish_seconds=5)


def publish(channel: grpc.Channel) -> None:
    topic(channel).publish(NOTIFICATION)


def check(channel: grpc.Channel) -> None:
    topic(channel).check()


def pull(channel: grpc.Channel) -> None:
    nobody = google.auth.credentials.AnonymousCredentials()
    client = SubscriberClient(
        transport=SubscriberGrpcTransport(channel=channel, credentials=nobody)
    )
    PubSubSubscription(SUBSCRIPTION, "landing", lambda: client, pull_seconds=5).pull()


def read(channel: grpc.Channel) -> None:
    nobody = google.auth.credentials.AnonymousCredentials()
    transport = SecretManagerServiceGrpcTransport(channel=channel, credentials=nobody)
    read_secret(VERSION, lambda: SecretManagerServiceClient(transport=transport), 5)


EACH_CALL = pytest.mark.parametrize(
    ("call", "role"),
    [
        (publish, "roles/pubsub.publisher"),
        (check, "roles/pubsub.publisher"),
        (pull, "roles/pubsub.subscriber"),
        (read, "roles/secretmanager.secretAccessor"),
    ],
)
Call = Callable[[grpc.Channel], None]


@pytest.fixture(autouse=True)
def no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)


@EACH_CALL
@pytest.mark.parametrize("reason", REMEDIES)
def test_the_advice_follows_the_reason_and_names_no_role_that_would_not_help(
    reason: str, call: Call, role: str
) -> None:
    info = ErrorInfo(reason=reason, domain="googleapis.com")

    with refusing(info=info) as channel, pytest.raises(Misconfigured) as failure:
        call(channel)

    assert re.search(REMEDIES[reason], str(failure.value))
    assert role not in str(failure.value)
    assert "canary" not in str(failure.value)


@EACH_CALL
@pytest.mark.parametrize(
    "info",
    [
        None,
        ErrorInfo(reason="IAM_PERMISSION_DENIED", domain="iam.googleapis.com"),
        ErrorInfo(reason="BILLING_DISABLED", domain="somebody.example"),
        ErrorInfo(reason="CANARY", domain="googleapis.com"),
    ],
    ids=["no reason", "a role is missing", "another domain", "an unknown reason"],
)
def test_without_a_known_reason_the_advice_is_the_role(
    info: ErrorInfo | None, call: Call, role: str
) -> None:
    with refusing(info=info) as channel, pytest.raises(Misconfigured, match=role):
        call(channel)


@pytest.mark.parametrize("call", [publish, pull])
@pytest.mark.parametrize(
    "status", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION]
)
def test_a_call_that_is_refused_for_its_resource_names_what_may_be_wrong_with_it(
    status: grpc.StatusCode, call: Call
) -> None:
    with (
        refusing(status) as channel,
        pytest.raises(NotifyUnavailable, match=r"no schema.* pull type.* Cloud KMS key"),
    ):
        call(channel)
