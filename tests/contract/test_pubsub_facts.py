"""What an operator is told of a topic, by Google's emulator."""

import uuid

import pytest
import requests

from adapters.pubsub_topic import PubSubTopic
from transfer.errors import Misconfigured
from transfer.topic import TopicFacts


@pytest.fixture
def url(pubsub_emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
    return f"http://{pubsub_emulator}/v1"


def test_subscriptions_are_counted(url: str) -> None:
    name = f"landed-{uuid.uuid4().hex}"
    topic = f"projects/p/topics/{name}"
    requests.put(f"{url}/{topic}", json={}, timeout=10).raise_for_status()

    assert PubSubTopic(topic).facts() == TopicFacts(schema=None, subscriptions=0)

    for number in range(2):
        subscription = f"{url}/projects/p/subscriptions/{name}-{number}"
        requests.put(subscription, json={"topic": topic}, timeout=10).raise_for_status()

    assert PubSubTopic(topic).facts() == TopicFacts(schema=None, subscriptions=2)


def test_a_topic_that_is_missing_says_what_to_do(url: str) -> None:
    with pytest.raises(Misconfigured, match="topics/never-made does not exist: create it"):
        PubSubTopic("projects/p/topics/never-made").facts()
