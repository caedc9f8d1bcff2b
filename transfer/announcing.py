"""The steps that make a landed object known: publish, then mark. The mark is the record."""

import uuid
from datetime import UTC, datetime

from transfer import object_headers as names
from transfer.errors import LandfallError, TokenMoved
from transfer.notification import notification_of, timestamp
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
    if landed.metadata.get(names.NOTIFIED) != message_id:  # else it was announced before
        record[names.NOTIFIED_TIME] = timestamp(datetime.now(UTC))
    return store.patch(landed.name, token, {**landed.metadata, **record})


def announce(store: Store, topic: Topic, landed: StoredObject) -> str:
    """Publish and mark for whoever only wants it announced; return the message's id.

    Raises:
        NotifyUnavailable, Misconfigured
    """
    message_id = publish(topic, landed)
    try:
        mark(store, landed, landed.token, message_id)
    except (TokenMoved, LandfallError):
        pass  # announced all the same: somebody else acted, or will publish once more
    return message_id
