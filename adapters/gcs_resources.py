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
MAX_METADATA_BYTES = 8 * 1024
"""Of all names and values. https://cloud.google.com/storage/quotas#objects"""
MAX_METADATA_NAME_BYTES, MAX_METADATA_VALUE_BYTES = 1024, 4 * 1024
_MARK_BYTES = 512
"""Room for what is recorded once the object is announced."""

_log = logging.getLogger("landfall.store")


def resource_of(name: str, headers: ObjectHeaders) -> dict[str, Any]:
    """Return what a request that creates the object says of it.

    What Cloud Storage would refuse is left out and named in the log, so that the object lands.
    There is always a `contentType` that fits into a header.
    """
    said = {field: getattr(headers, attribute) for field, attribute in _HEADERS.items()}
    fields = {field: value for field, value in said.items() if value and _fits(field, value)}
    metadata = _within_limits(headers.metadata)
    lost = [field for field, value in said.items() if value and field not in fields]
    lost += [f"metadata {key!r}" for key in headers.metadata if key not in metadata]
    if lost:
        _log.warning("%s: Cloud Storage cannot hold its %s: left out", name, ", ".join(lost))
    return {"name": name, "contentType": ANY_BYTES, **fields, "metadata": metadata}


def _fits(field: str, value: str) -> bool:
    """Whether Cloud Storage takes it. A type also stands in a header, which holds ASCII only."""
    if field == "contentType":
        printable = value.isascii() and value.isprintable() and value == value.strip()
        return printable and len(value) <= MAX_TYPE_CHARACTERS
    return field != "contentLanguage" or len(value) <= MAX_LANGUAGE_CHARACTERS


def _within_limits(metadata: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is too much, and first what comes first: the landing's record comes last."""
    room = MAX_METADATA_BYTES - _MARK_BYTES
    kept = {}
    for key, value in reversed(list(metadata.items())):
        sizes = len(key.encode()), len(value.encode())
        fits = sizes[0] <= MAX_METADATA_NAME_BYTES and sizes[1] <= MAX_METADATA_VALUE_BYTES
        if key and fits and sum(sizes) <= room:
            kept[key] = value
            room -= sum(sizes)
    return dict(reversed(list(kept.items())))


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
