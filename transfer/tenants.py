"""Keys that may land different objects are tenants: their objects must never share a name.

Names made of two parts that a caller chooses have met elsewhere, and one tenant then replaced
what another had stored: https://github.com/openclaw/crabbox/issues/758
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations

from transfer import object_headers as names
from transfer.api_keys import ApiKey
from transfer.bucket_globs import have_common_bucket, is_glob
from transfer.object_name import ObjectName
from transfer.store import StoredObject


@dataclass(frozen=True)
class _Reach:
    """What one key may land."""

    key: str
    buckets: frozenset[str]
    """Globs."""
    origins: frozenset[str]


def check_kept_apart(
    keys: Sequence[ApiKey],
    source_buckets: Sequence[str],
    origins: Set[str],
    object_name: ObjectName,
) -> None:
    """Refuse keys whose objects could meet under one name though one may land more than another.

    Keys that may all land the same are no tenants of each other, whatever the template is. A key
    that is disabled or expired counts: what it landed is still there.

    Raises:
        ValueError: It says which keys, why, and what to do.
    """
    reaches = [_reach(key, source_buckets, origins) for key in keys]
    for one, other in combinations([reach for reach in reaches if reach.buckets], 2):
        if one.origins != other.origins and have_common_bucket(one.buckets, other.buckets):
            raise ValueError(
                f"the keys {one.key} and {other.key} differ in origins and may land buckets of "
                "one name, whose objects would replace each other, for no OBJECT_NAME holds the "
                "origin; give both the same origins, or buckets that no name can match for both"
            )
        if one.buckets != other.buckets and not object_name.keeps_buckets_apart:
            raise ValueError(
                f"the keys {one.key} and {other.key} differ in buckets, and with this OBJECT_NAME "
                "objects of two buckets can have one name, so that a key could replace what it "
                "may not land; use an OBJECT_NAME with {bucket}/ in it, such as {bucket}/{key}, "
                "or give all keys the same buckets"
            )


def may_see(key: ApiKey, there: StoredObject) -> bool:
    """Whether this key may learn what is there: it may land it, or nobody is recorded to have.

    Where names are kept apart, only an earlier OBJECT_NAME or earlier keys can have put another
    tenant's object in the place.
    """
    bucket, origin = there.metadata.get(names.BUCKET), there.metadata.get(names.ORIGIN)
    is_its_bucket = bucket is None or any(fnmatchcase(bucket, glob) for glob in key.buckets)
    return is_its_bucket and (key.origins is None or origin is None or origin in key.origins)


def _reach(key: ApiKey, source_buckets: Sequence[str], origins: Set[str]) -> _Reach:
    wanted = origins if key.origins is None else key.origins
    if not wanted <= origins:
        raise ValueError(
            f"the key {key.name} names origins that this service does not take: "
            f"{', '.join(sorted(wanted - origins))}; correct them, or add them to S3_PARTITIONS "
            "or S3_ENDPOINTS"
        )
    return _Reach(key.name, _buckets(key, source_buckets), frozenset(wanted))


def _buckets(key: ApiKey, source_buckets: Sequence[str]) -> frozenset[str]:
    """Return what the service takes of the key's buckets, where it can be listed."""
    if not any(map(is_glob, source_buckets)):
        return frozenset(
            bucket
            for bucket in source_buckets
            if any(fnmatchcase(bucket, glob) for glob in key.buckets)
        )
    return frozenset("*") if "*" in key.buckets else frozenset(key.buckets)
