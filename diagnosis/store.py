"""Whether objects can land: what the store says of itself and, in Cloud Storage, one that does.

The object is named under `.landfall/`, which is reserved, is never announced, and is deleted at
once. Subscribers of the topic hear nothing; who listens to the bucket's own notifications sees
it, as they see the parts of large objects.
"""

import base64
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import google_crc32c

from diagnosis.bucket_settings import CHECK as SETTINGS
from diagnosis.bucket_settings import check_settings, keeps_objects
from diagnosis.finding import Finding, Verdict, advised, failure, look
from transfer.errors import LandfallError, StoreUnavailable, TokenMoved, UploadLost
from transfer.object_name import RESERVED_PREFIX
from transfer.store import ABSENT, ComposingStore, ObjectHeaders, Store, StoredObject

STORE = "landing store"
OBJECT = "an object"
_REACH = (
    "See that this machine reaches storage.googleapis.com on port 443, and look at "
    "https://status.cloud.google.com."
)
_LOOK = (
    "The account may not look at them, and need not. To have them checked, run this as somebody "
    "with storage.buckets.get on the bucket."
)
_DATA = b"landfall"
_MARK = {"landfall-doctor": "tried"}


@runtime_checkable
class BucketStore(ComposingStore, Protocol):
    """A store whose bucket has settings of its own."""

    def settings(self) -> Mapping[str, Any] | None:
        """Return the bucket's resource; None if the account may not look.

        Raises:
            StoreUnavailable, Misconfigured
        """


def check_store(store: Store, names_are_unique: bool) -> Iterator[Finding]:
    """`names_are_unique` if no object ever replaces another."""
    in_cloud = isinstance(store, BucketStore)
    usable = look(STORE, lambda: _check(store), _REACH if in_cloud else "")
    yield usable
    if not isinstance(store, BucketStore):
        yield from advised(STORE, store)
        return
    if usable.verdict is not Verdict.OK:
        for check in (SETTINGS, OBJECT):
            yield Finding(check, Verdict.NOT_CHECKED, f"Mend the {STORE} first.")
        return
    try:
        bucket = store.settings()
    except LandfallError as error:
        yield failure(SETTINGS, error, _REACH)
        bucket = None
    else:
        if bucket is None:
            yield Finding(SETTINGS, Verdict.NOT_CHECKED, _LOOK)
        else:
            yield from check_settings(bucket, names_are_unique)
    if bucket is not None and keeps_objects(bucket):
        text = "None was landed, since the bucket would keep it."
        yield Finding(OBJECT, Verdict.NOT_CHECKED, text)
        return
    yield look(OBJECT, lambda: _land_one(store), _REACH)


def _check(store: Store) -> str:
    store.check()
    return "It is there, and may be used as landing needs."


def _land_one(store: ComposingStore) -> str:
    """Take the steps of a landing, without a source and without a notification."""
    name = f"{RESERVED_PREFIX}doctor/{uuid.uuid4().hex}"
    landed = _landed(store, name)
    try:
        store.stat(name)
        _mark(store, landed)
    finally:
        _delete(store, landed)
    return "One landed, was marked and was deleted again. Nobody was notified."


def _landed(store: ComposingStore, name: str) -> StoredObject:
    upload = store.create(name, len(_DATA), ObjectHeaders(content_type="text/plain"), ABSENT)
    try:
        return upload.finish(_DATA, _crc32c(_DATA))
    except (UploadLost, TokenMoved):  # as in a landing: the answer was lost, the destination tells
        pass
    try:
        there = store.stat(name)
    except LandfallError as error:
        raise type(error)(f"{error} {name} may be left over: delete it by hand.") from None
    if there is None:
        raise StoreUnavailable("Cloud Storage did not take the object.")
    return there


def _mark(store: ComposingStore, landed: StoredObject) -> None:
    try:
        store.patch(landed.name, landed.token, _MARK)
    except TokenMoved:  # by its own first try, if only the answer was lost
        there = store.stat(landed.name)
        if there is None or not _MARK.items() <= there.metadata.items():
            raise StoreUnavailable("Somebody else changed the object meanwhile.") from None


def _delete(store: ComposingStore, landed: StoredObject) -> None:
    try:
        store.delete(landed)
    except LandfallError as error:
        raise type(error)(f"{error} {landed.name} is left over: delete it by hand.") from None


def _crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
