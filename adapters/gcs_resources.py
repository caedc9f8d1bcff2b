"""Objects as Cloud Storage's JSON API writes them.

https://cloud.google.com/storage/docs/json_api/v1/objects#resource
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from transfer.errors import StoreUnavailable
from transfer.store import ObjectHeaders, StoredObject

_HEADERS = {
    "contentType": "content_type",
    "cacheControl": "cache_control",
    "contentDisposition": "content_disposition",
    "contentLanguage": "content_language",
    "contentEncoding": "content_encoding",
}


def resource_of(name: str, headers: ObjectHeaders) -> dict[str, Any]:
    """Return what a request that creates the object says of it."""
    said = {field: getattr(headers, attribute) for field, attribute in _HEADERS.items()}
    fields = {field: value for field, value in said.items() if value is not None}
    return {"name": name, **fields, "metadata": dict(headers.metadata)}


def stored_object(resource: Mapping[str, Any]) -> StoredObject:
    """Return what an answer says of an object.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    try:
        return _stored_object(resource)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # outside of here, the foreign text would stay as context
    raise StoreUnavailable("Cloud Storage described an object in a way that cannot be read.")


def written_object(resource: Mapping[str, Any]) -> StoredObject:
    """Return what the answer to a request that writes says of the object.

    Raises:
        StoreUnavailable: It cannot be read, or tells no checksum: the destination may tell more.
    """
    written = stored_object(resource)
    if not written.crc32c:
        raise StoreUnavailable("Cloud Storage did not tell the checksum of what it wrote.")
    return written


def _stored_object(resource: Mapping[str, Any]) -> StoredObject:
    said = {attribute: resource.get(field) for field, attribute in _HEADERS.items()}
    return StoredObject(
        bucket=resource["bucket"],
        name=resource["name"],
        generation=int(resource["generation"]),
        metageneration=int(resource["metageneration"]),
        size=int(resource.get("size", 0)),  # servers that speak protobuf leave zeros out
        crc32c=resource.get("crc32c", ""),  # encrypted too, if the customer supplied the key
        md5=resource.get("md5Hash"),
        headers=ObjectHeaders(**said, metadata=dict(resource.get("metadata") or {})),
        created=datetime.fromisoformat(resource["timeCreated"]),
        updated=datetime.fromisoformat(resource["updated"]),
    )
