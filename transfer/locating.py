"""Where an S3 object is by now, told by one look at the store and its record."""

from dataclasses import dataclass
from datetime import datetime

from transfer import object_headers as names
from transfer.comparing import is_from, is_whole
from transfer.notification import lag_ms
from transfer.object_name import ObjectName
from transfer.s3_object import S3Object
from transfer.store import Store, StoredObject


@dataclass(frozen=True)
class Location:
    """`landed`, `missing` or `different`, and what is there.

    For `different`, only the stored object is reported: it was landed from another S3 object, put
    there by somebody else, or holds other bytes than were verified.
    """

    status: str
    there: StoredObject | None = None

    @property
    def etag(self) -> str | None:
        """Of the version of the S3 object that landed."""
        return self._recorded(names.ETAG)

    @property
    def verified(self) -> str | None:
        """What was proven before the landing, separated by commas."""
        return self._recorded(names.VERIFIED)

    @property
    def message_id(self) -> str | None:
        """Of the last notification; None while there was none."""
        return self._recorded(names.NOTIFIED)

    @property
    def announce_time(self) -> datetime | None:
        """When that was; None if it was not recorded."""
        try:
            time = datetime.fromisoformat(self._recorded(names.NOTIFIED_TIME) or "")
        except ValueError:
            return None
        return time if time.tzinfo else None

    @property
    def land_time(self) -> datetime | None:
        return self.there.created if self.there and self.status == "landed" else None

    @property
    def lag_ms(self) -> int | None:
        """From the source's Last-Modified to the landing; None if S3 told none."""
        return lag_ms(self.there) if self.there and self.status == "landed" else None

    def _recorded(self, name: str) -> str | None:
        return self.there.metadata.get(name) if self.there and self.status == "landed" else None


class Locating:
    """Asks the store and nothing else. Threads may share it."""

    def __init__(self, store: Store, object_name: ObjectName) -> None:
        self._store = store
        self._object_name = object_name

    def locate(self, s3_object: S3Object) -> Location:
        """Tell what is where this object would land.

        Raises:
            InvalidMessage, StoreUnavailable, Misconfigured
        """
        there = self._store.stat(self._object_name.of_object(s3_object))
        if there is None:
            return Location("missing")
        return Location("landed" if _is_landed(there, s3_object) else "different", there)


def _is_landed(there: StoredObject, s3_object: S3Object) -> bool:
    version = there.metadata.get(names.VERSION_ID, s3_object.version_id)
    return (
        is_from(there, s3_object.origins, s3_object.bucket, s3_object.key)
        and is_whole(there)
        and s3_object.version_id in (None, version)
    )
