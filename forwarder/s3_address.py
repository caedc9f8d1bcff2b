"""Addresses like s3://bucket/key, as people type them."""

import re

from forwarder.printable import printable

_ADDRESS = re.compile(r"s3://([A-Za-z0-9._-]{3,255})(?:/(.*))?", re.DOTALL)


def bucket_and_key(address: str) -> tuple[str, str]:
    """Return the bucket, and what follows it as it stands: nothing in it is decoded.

    Raises:
        ValueError: It is no such address.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ValueError(f"{address!r} is not like s3://bucket/key")
    return found[1], found[2] or ""


def address_of(bucket: str, key: str) -> str:
    """Return the address for people; quoted and escaped if it holds what cannot be seen."""
    address = f"s3://{bucket}/{key}"
    shown = printable(address)
    return address if shown == address else f"'{shown}'"
