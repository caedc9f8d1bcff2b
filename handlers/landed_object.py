"""An object of the store, as answers describe it."""

from collections.abc import Mapping

from transfer.store import StoredObject


def described(there: StoredObject) -> Mapping[str, object]:
    return {
        "bucket": there.bucket,
        "name": there.name,
        "generation": str(there.generation),
        "size": there.size,
        "contentType": there.headers.content_type,
        "crc32c": there.crc32c,
        "md5Hash": there.md5,
    }
