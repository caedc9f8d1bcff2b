"""Where notifications go: the port."""

from dataclasses import dataclass
from typing import Protocol

from transfer.notification import Notification


class Topic(Protocol):
    """Tells subscribers about landed objects."""

    def publish(self, notification: Notification) -> str:
        """Return the id under which the topic keeps the notification, once it is kept.

        Publishing twice is allowed; subscribers tell repeats by `ce-id`.

        Raises:
            NotifyUnavailable: Subscribers may or may not have heard.
            Misconfigured: The topic is missing or forbidden.
        """

    def check(self) -> None:
        """Prove that the topic is there and may be published to.

        Raises:
            NotifyUnavailable, Misconfigured
        """


@dataclass(frozen=True)
class TopicFacts:
    """What an operator wants to know of a topic."""

    schema: str | None
    """Notifications that do not fit it are refused."""
    subscriptions: int
