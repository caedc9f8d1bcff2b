"""Objects as Cloud Storage's JSON API writes them.

https://cloud.google.com/storage/docs/json_api/v1/objects#resource
"""

import logging
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
ANY_BYTES = "application/octet-stream"
MAX_TYPE_CHARACTERS = 1024
MAX_LANGUAGE_CHARACTERS = 100

_log = logging.getLogger("landfall.store")


def resource_of(name: str, headers: ObjectHeaders) -> dict[str, Any]:
    """Return what a request that creates the object says of it.

    What Cloud Storage would refuse is left out and named in the log, so that the object lands.
    There is always a `contentType`, and it fits into a header.
    """
    said = {field: getattr(headers, attribute) for field, attribute in _HEADERS.items()}
    fields = {field: value for field, value in said.items() if value and _fits(field, value)}
    for field, value in said.items():
        if value and field not in fields:
            _log.warning("The object %a lands without its %s: it does not fit.", name, field)
    return {"name": name, "contentType": ANY_BYTES, **fields, "metadata": dict(headers.metadata)}


def _fits(field: str, value: str) -> bool:
    """Whether Cloud Storage takes it. A type also stands in a header, which holds ASCII only."""
    if field == "contentType":
        printable = value.isascii() and value.isprintable() and value == value.strip()
        return printable and len(value) <= MAX_TYPE_CHARACTERS
    return field != "contentLanguage" or len(value) <= MAX_LANGUAGE_CHARACTERS


def stored_object(resource: Mapping[str, Any]) -> StoredObject:
    """Return what an answer says of an object.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    try:
        return _stored_object(resource)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
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
