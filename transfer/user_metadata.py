"""What users say of their object in S3, as far as every destination can hold it."""

import re
from collections.abc import Mapping, Set

from transfer.header_text import is_fit, text_of

MAX_BYTES = 8 * 1024
"""Of all names and values of an object's metadata in Cloud Storage, as UTF-8.
https://cloud.google.com/storage/quotas#objects"""
MAX_NAME_BYTES, MAX_VALUE_BYTES = 1024, 4 * 1024
"""Of one entry."""
_PREFIX = "x-amz-meta-"
# Cloud Storage sends each name as part of a header's; some of its clients fail at other characters.
# https://github.com/googleapis/google-cloud-go/issues/5098
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")


def user_metadata(
    headers: Mapping[str, str], reserved: Set[str], max_bytes: int
) -> tuple[dict[str, str], list[str]]:
    """Return `x-amz-meta-NAME` as NAME, and the headers that cannot be kept.

    One whose NAME is reserved keeps its whole name. If the entries are larger than `max_bytes`,
    the largest are left out first, so that as many as possible stay.
    """
    kept: dict[str, str] = {}
    header_of: dict[str, str] = {}
    left_out = []
    for header in sorted(headers):
        if not header.startswith(_PREFIX):
            continue
        name, value = header.removeprefix(_PREFIX), text_of(headers[header])
        name = header if name in reserved else name
        if not _fits(name, value) or name in kept:
            left_out.append(header)
            continue
        kept[name], header_of[name] = value, header
    for name in _too_many(kept, max_bytes):
        del kept[name]
        left_out.append(header_of[name])
    return kept, left_out


def _fits(name: str, value: str) -> bool:
    fits = len(name) <= MAX_NAME_BYTES and len(value.encode()) <= MAX_VALUE_BYTES
    return fits and is_fit(value) and _NAME.fullmatch(name) is not None


def size_of(metadata: Mapping[str, str]) -> int:
    """Return the bytes that count against MAX_BYTES."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())


def _too_many(entries: Mapping[str, str], max_bytes: int) -> list[str]:
    sizes = {name: size_of({name: value}) for name, value in entries.items()}
    surplus = sum(sizes.values()) - max_bytes
    names = []
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        if surplus <= 0:
            break
        surplus -= sizes[name]
        names.append(name)
    return names
