"""The steps that make a landed object known: publish, then mark. The mark is the record."""

import uuid
from datetime import datetime

from transfer import object_headers as names
from transfer.notification import notification_of
from transfer.store import Store, StoredObject, Token
from transfer.topic import Topic


def is_unannounced(there: StoredObject) -> bool:
    """Whether we landed this generation and nothing tells that it was announced."""
    return names.ETAG in there.metadata and names.NOTIFIED not in there.metadata


def publish(topic: Topic, landed: StoredObject, since: datetime | None = None) -> str:
    """Announce, wait for the acknowledgement, and return the message's id.

    `since` is when S3 says that the object came to be, if that is known.

    Raises:
        NotifyUnavailable, Misconfigured
    """
    return topic.publish(notification_of(landed, since))


def mark(store: Store, landed: StoredObject, token: Token, message_id: str) -> StoredObject:
    """Record that the object was announced. The fresh id tells our own mark from another's.

    Raises:
        TokenMoved, StoreUnavailable, Misconfigured
    """
    record = {names.NOTIFIED: message_id, names.TOUCHED: uuid.uuid4().hex}
    return store.patch(landed.name, token, {**landed.metadata, **record})
