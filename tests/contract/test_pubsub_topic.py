"""How the Pub/Sub adapter meets a service that is away, slow, busy or refuses."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import google.auth.credentials
import grpc
import pytest
from google.iam.v1.iam_policy_pb2 import TestIamPermissionsResponse as Granted
from google.pubsub_v1 import PublisherClient, PublishResponse
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from adapters.pubsub_topic import PubSubTopic
from transfer.errors import LandfallError, Misconfigured, NotifyUnavailable
from transfer.notification import Notification

NOTIFICATION = Notification(b"data", {"objectId": "name"})
TOPIC = "projects/p/topics/t"
PUBLISHED: bytes = PublishResponse.serialize(PublishResponse(message_ids=["17"]))
BOTH_CALLS = pytest.mark.parametrize(
    "call", [lambda topic: topic.publish(NOTIFICATION), lambda topic: topic.check()]
)
Call = Callable[[PubSubTopic], object]


class TestUnreachable:
    @pytest.fixture(params=["refuses", "is silent"])
    def topic(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[PubSubTopic]:
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{server.getsockname()[1]}")
            if request.param == "refuses":
                server.close()
            yield PubSubTopic(TOPIC, try_seconds=0.2, publish_seconds=0.6)

    @BOTH_CALLS
    def test_the_caller_hears_soon(self, topic: PubSubTopic, call: Call) -> None:
        start = time.monotonic()

        with pytest.raises(NotifyUnavailable, match="may or may not have been done"):
            call(topic)

        assert time.monotonic() - start < 3


Answers = Iterator[grpc.StatusCode | bytes]


@contextmanager
def pubsub(answers: Answers) -> Iterator[PubSubTopic]:
    """A topic at a server of Pub/Sub's protocol that gives these answers in turn."""

    def answer(_: bytes, context: Any) -> bytes:
        given = next(answers)
        if isinstance(given, bytes):
            return given
        context.abort(given, "a text of the service")
        raise AssertionError

    method = grpc.unary_unary_rpc_method_handler(answer)
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        for service, name in (
            ("google.pubsub.v1.Publisher", "Publish"),
            ("google.iam.v1.IAMPolicy", "TestIamPermissions"),
        ):
            handler = grpc.method_handlers_generic_handler(service, {name: method})
            server.add_generic_rpc_handlers((handler,))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:

            def new_client() -> PublisherClient:
                credentials = google.auth.credentials.AnonymousCredentials()
                transport = PublisherGrpcTransport(channel=channel, credentials=credentials)
                return PublisherClient(transport=transport)

            yield PubSubTopic(TOPIC, new_client, try_seconds=2, publish_seconds=2)
        server.stop(None).wait()


@pytest.fixture(autouse=True)
def no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.UNKNOWN,
    ],
)
def test_a_busy_service_is_asked_again(code: grpc.StatusCode) -> None:
    with pubsub(iter([code, code, PUBLISHED])) as topic:
        assert topic.publish(NOTIFICATION) == "17"


@pytest.mark.parametrize(
    ("code", "failure", "words"),
    [
        (grpc.StatusCode.NOT_FOUND, Misconfigured, f"{TOPIC} does not exist: create it"),
        (grpc.StatusCode.PERMISSION_DENIED, Misconfigured, "roles/pubsub.publisher"),
        (grpc.StatusCode.UNAUTHENTICATED, Misconfigured, "roles/pubsub.publisher"),
        (grpc.StatusCode.CANCELLED, NotifyUnavailable, "may or may not have been done"),
    ],
)
@BOTH_CALLS
def test_a_refusal_is_told_in_words_of_ours(
    code: grpc.StatusCode, failure: type[LandfallError], words: str, call: Call
) -> None:
    with pubsub(iter([code])) as topic, pytest.raises(failure, match=words) as raised:
        call(topic)

    assert "a text of the service" not in str(raised.value)


def test_a_check_passes_with_the_right_to_publish() -> None:
    granted = Granted(permissions=["pubsub.topics.publish"]).SerializeToString()

    with pubsub(iter([granted])) as topic:
        topic.check()


def test_a_check_without_the_right_to_publish_names_the_role() -> None:
    with (
        pubsub(iter([b""])) as topic,
        pytest.raises(Misconfigured, match=r"roles/pubsub\.publisher"),
    ):
        topic.check()
