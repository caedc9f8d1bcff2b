"""Nothing behind the Pub/Sub client can hold or kill a request: no credentials, no thread."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import google.auth.credentials
import grpc
import pytest
from google.auth.exceptions import DefaultCredentialsError, RefreshError
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from adapters.pubsub_topic import PubSubTopic
from tests.servers.certificates import Authority
from tests.servers.pubsub_protocol import PubSub
from transfer.errors import Misconfigured, NotifyUnavailable
from transfer.notification import Notification

NOTIFICATION = Notification(b"data", {"ce-id": "1"})
TOPIC = "projects/p/topics/t"
TRY_SECONDS, PUBLISH_SECONDS = 0.3, 0.6
SOON_SECONDS = PUBLISH_SECONDS + 2


class Token(google.auth.credentials.Credentials):
    """gRPC has it renewed in a thread of its own."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.failure: BaseException | None = None
        self.released = Event()
        self.released.set()

    @property
    def valid(self) -> bool:
        return False

    @property
    def expired(self) -> bool:
        return True

    def refresh(self, request: object) -> None:
        self.released.wait(20)
        if self.failure is not None:
            raise self.failure
        self.token = "canary"


@dataclass
class Rig:
    pubsub: PubSub
    token: Token
    new_client: Callable[[], PublisherClient]

    def topic(self, new_client: Callable[[], PublisherClient] | None = None) -> PubSubTopic:
        return PubSubTopic(TOPIC, new_client or self.new_client, TRY_SECONDS, PUBLISH_SECONDS)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A topic over TLS, as gRPC sends a token over nothing less."""
    authority = Authority(tmp_path)
    authority.server_context("localhost")
    key_and_chain = (tmp_path / "server-1.pem").read_bytes()
    trust = grpc.ssl_channel_credentials(authority.file.read_bytes())
    token = Token()
    pubsub = PubSub()
    pubsub.start(grpc.ssl_server_credentials([(key_and_chain, key_and_chain)]))

    def new_client() -> PublisherClient:
        return PublisherClient(
            transport=PublisherGrpcTransport(
                host=f"localhost:{pubsub.port}", credentials=token, ssl_channel_credentials=trust
            )
        )

    yield Rig(pubsub, token, new_client)
    token.released.set()
    pubsub.close()


def test_a_token_is_fetched_and_the_notification_kept(rig: Rig) -> None:
    rig.topic().publish(NOTIFICATION)

    assert rig.pubsub.published == [{"ce-id": "1"}]


def test_a_token_that_does_not_come_holds_nobody(rig: Rig) -> None:
    topic = rig.topic()
    rig.token.released.clear()
    started = time.monotonic()

    with ThreadPoolExecutor(4) as pool:
        failures = list(pool.map(lambda _: _failure(topic), range(4)))

    assert time.monotonic() - started < 2 * SOON_SECONDS
    assert all(isinstance(failure, NotifyUnavailable) for failure in failures)
    assert rig.pubsub.published == []
    rig.token.released.set()
    assert _failure(topic) is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("failure", [RefreshError("canary"), ValueError("canary"), SystemExit()])
def test_a_thread_that_dies_of_its_token_holds_nobody(rig: Rig, failure: BaseException) -> None:
    topic = rig.topic()
    rig.token.failure = failure
    started = time.monotonic()

    refusal = _failure(topic)

    assert isinstance(refusal, NotifyUnavailable)
    assert "canary" not in str(refusal)
    assert time.monotonic() - started < SOON_SECONDS
    rig.token.failure = None
    assert _failure(topic) is None


def test_a_client_that_is_not_made_in_time_holds_nobody(rig: Rig) -> None:
    released, made = Event(), []

    def new_client() -> PublisherClient:
        released.wait(20)
        made.append(1)
        return rig.new_client()

    topic = rig.topic(new_client)
    started = time.monotonic()

    with ThreadPoolExecutor(4) as pool:
        failures = list(pool.map(lambda _: _failure(topic), range(4)))

    assert time.monotonic() - started < SOON_SECONDS
    assert all(isinstance(failure, NotifyUnavailable) for failure in failures)
    released.set()
    assert _failure(topic) is None
    assert made == [1]


def test_without_credentials_an_operator_is_told_until_there_are_some(rig: Rig) -> None:
    missing = [DefaultCredentialsError("canary")]

    def new_client() -> PublisherClient:
        if missing:
            raise missing.pop()
        return rig.new_client()

    topic = rig.topic(new_client)

    assert isinstance(_failure(topic), Misconfigured)
    assert _failure(topic) is None


def _failure(topic: PubSubTopic) -> Exception | None:
    try:
        topic.publish(NOTIFICATION)
    except (NotifyUnavailable, Misconfigured) as failure:
        return failure
    return None
