"""Who may send messages: keys known by their digests only, and what each may land."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from transfer.errors import BucketNotAllowed
from transfer.origins import parse_origin

MAX_KEYS = 20
"""Each presented key is compared with all of them."""


@dataclass(frozen=True)
class ApiKey:
    """One entry. A key has full entropy, so a fast digest is the right one."""

    name: str
    sha256: bytes
    buckets: tuple[str, ...] = ("*",)
    """Globs of S3 buckets whose objects this key may land."""
    expires: datetime | None = None
    disabled: bool = False
    origins: frozenset[str] | None = None
    """Partitions of AWS and listed servers whose buckets it may land; None for all."""

    def why_refused(self, now: datetime) -> str | None:
        """Return what is wrong with this key at present, for the operator; None if it is live."""
        if self.disabled:
            return "is disabled"
        if self.expires is not None and now >= self.expires:
            return f"expired at {self.expires.isoformat()}"
        return None


def parse_api_keys(text: str) -> tuple[ApiKey, ...]:
    """Return the keys of a JSON list such as
    `[{"name": "lambda", "sha256": "<hex>", "buckets": ["images-*"], "origins": ["aws"],
    "expires": "<RFC 3339>", "disabled": false}]`, of which only name and sha256 are needed.

    Raises:
        ValueError: It says which entry is wrong, and how; never what a digest is.
    """
    try:
        entries = json.loads(text)
    except ValueError:
        raise ValueError("it is not JSON") from None
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_KEYS:
        raise ValueError(f"it must be a JSON list of 1 to {MAX_KEYS} keys")
    keys = tuple(_parse(number, entry) for number, entry in enumerate(entries, start=1))
    if len({key.name for key in keys}) < len(keys):
        raise ValueError("two keys have one name")
    if len({key.sha256 for key in keys}) < len(keys):
        raise ValueError("two names have one key")
    return keys


def find_api_key(keys: Sequence[ApiKey], presented: str) -> ApiKey | None:
    """Return the key that was presented, live or not, comparing with all in constant time."""
    digest = hashlib.sha256(presented.encode("utf-8", "surrogateescape")).digest()
    found = None
    for key in keys:
        if hmac.compare_digest(digest, key.sha256):
            found = key
    return found


def check_bucket(
    bucket: str, origins: Set[str] | None, allowed: Iterable[str], key: ApiKey
) -> None:
    """Raise BucketNotAllowed unless both the service and the key take this bucket of any of these
    origins; None names none.
    """
    if not any(fnmatchcase(bucket, pattern) for pattern in allowed):
        raise BucketNotAllowed("This service does not land that bucket; see SOURCE_BUCKETS.")
    if not any(fnmatchcase(bucket, pattern) for pattern in key.buckets):
        raise BucketNotAllowed(f"The key {key.name} may not land that bucket; see its buckets.")
    if origins is not None and key.origins is not None and not origins <= key.origins:
        raise BucketNotAllowed(
            f"The key {key.name} may land buckets of {', '.join(sorted(key.origins))} only, not of "
            f"{', '.join(sorted(origins))}; see its origins."
        )


def _parse(number: int, entry: object) -> ApiKey:
    if not isinstance(entry, dict):
        raise ValueError(f"entry {number} is not an object")
    unknown = set(entry) - {"name", "sha256", "buckets", "origins", "expires", "disabled"}
    if unknown:
        raise ValueError(f"entry {number} has unknown fields: {', '.join(sorted(unknown))}")
    name, digest = entry.get("name"), entry.get("sha256")
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]{1,64}", name, re.ASCII):
        raise ValueError(f"entry {number} needs a name of letters, digits, dots and dashes")
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise ValueError(f"entry {number} needs sha256, the 64 hex digits of its key's digest")
    buckets = entry.get("buckets", ["*"])
    if not isinstance(buckets, list) or not all(isinstance(b, str) and b for b in buckets):
        raise ValueError(f"entry {number}: buckets must be a list of names or globs")
    expires = _time(number, entry.get("expires"))
    disabled = entry.get("disabled", False)
    if not isinstance(disabled, bool):
        raise ValueError(f"entry {number}: disabled must be true or false")
    origins = _origins(number, entry["origins"]) if "origins" in entry else None
    return ApiKey(name, bytes.fromhex(digest), tuple(buckets), expires, disabled, origins)


def _origins(number: int, value: object) -> frozenset[str]:
    try:
        if isinstance(value, list) and value:
            return frozenset(parse_origin(str(each)) for each in value)
    except ValueError:
        pass
    raise ValueError(
        f"entry {number}: origins must be a list of partitions such as aws, and of origins of "
        "S3_ENDPOINTS"
    )


def _time(number: int, value: object) -> datetime | None:
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ValueError(f"entry {number}: expires must be a time like 2027-01-01T00:00:00Z")
    return time
