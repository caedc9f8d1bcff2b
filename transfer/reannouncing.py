"""Announcing a landed object once more, so that its processing starts again from here."""

from dataclasses import dataclass

from transfer.announcing import announce
from transfer.errors import NotLanded
from transfer.locating import Locating, Location
from transfer.s3_object import S3Object
from transfer.store import Store
from transfer.topic import Topic


@dataclass(frozen=True)
class Announcement:
    """What was announced, and the id of this notification."""

    of: Location
    message_id: str


class Reannouncing:
    """Takes the landing protocol's own steps. Threads may share it."""

    def __init__(self, locating: Locating, store: Store, topic: Topic) -> None:
        self._locating = locating
        self._store = store
        self._topic = topic

    def announce(self, s3_object: S3Object) -> Announcement:
        """Publish the notification of what is landed, with the `ce-id` that it always has.

        Raises:
            NotLanded: There is nothing that may be announced.
            InvalidMessage, StoreUnavailable, NotifyUnavailable, Misconfigured
        """
        location = self._locating.locate(s3_object)
        if location.there is None:
            raise NotLanded("The object is not landed: send its message, which also announces it.")
        if location.status != "landed":
            raise NotLanded(
                "Another object, or other bytes than were verified, are where this object would "
                "land and are not announced in its place: look with GET /objects, or send the "
                "object's message, which replaces them."
            )
        return Announcement(location, announce(self._store, self._topic, location.there))
