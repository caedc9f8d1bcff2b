"""Whether notifications can go out, and whether anybody listens.

Nothing is published: subscribers would take it for a landed object.
"""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from diagnosis.finding import Finding, Verdict, advised, failure, look
from transfer.errors import LandfallError
from transfer.topic import Topic, TopicFacts

TOPIC = "topic"
LISTENERS = "subscriptions"
_REACH = (
    "See that this machine reaches pubsub.googleapis.com on port 443, and look at "
    "https://status.cloud.google.com."
)


@runtime_checkable
class SubscribedTopic(Topic, Protocol):
    """A topic that others subscribe to."""

    def facts(self) -> TopicFacts | None:
        """Return what is known of it; None if the account may not look.

        Raises:
            NotifyUnavailable, Misconfigured
        """


def check_topic(topic: Topic) -> Iterator[Finding]:
    in_cloud = isinstance(topic, SubscribedTopic)
    usable = look(TOPIC, lambda: _check(topic), _REACH if in_cloud else "")
    yield usable
    if not isinstance(topic, SubscribedTopic):
        yield from advised(TOPIC, topic)
        return
    if usable.verdict is not Verdict.OK:
        yield Finding(LISTENERS, Verdict.NOT_CHECKED, f"Mend the {TOPIC} first.")
        return
    try:
        facts = topic.facts()
    except LandfallError as error:
        yield failure(LISTENERS, error, _REACH)
    else:
        yield from _judge(facts)


def _check(topic: Topic) -> str:
    topic.check()
    return "It is there, and may be published to. Nothing was."


def _judge(facts: TopicFacts | None) -> Iterator[Finding]:
    if facts is None:
        text = (
            "The account may not look at them, and need not. To have them checked, run this as "
            "somebody with roles/pubsub.viewer on the topic."
        )
        yield Finding(LISTENERS, Verdict.NOT_CHECKED, text)
        return
    if facts.schema is not None:
        text = (
            f"The topic has the schema {facts.schema}: notifications that do not fit it are "
            "refused, and messages answered 503. Use a topic without one."
        )
        yield Finding(TOPIC, Verdict.ADVICE, text)
    if not facts.subscriptions:
        text = (
            "There is none, so notifications are lost: `gcloud pubsub subscriptions create NAME "
            "--topic=TOPIC`, before the first object lands."
        )
        yield Finding(LISTENERS, Verdict.ADVICE, text)
    else:
        yield Finding(LISTENERS, Verdict.OK, f"The topic has {facts.subscriptions}.")
