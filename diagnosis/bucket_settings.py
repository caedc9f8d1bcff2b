"""What the settings of a landing bucket in Cloud Storage do to landing.

https://cloud.google.com/storage/docs/json_api/v1/buckets#resource
"""

from collections.abc import Iterator, Mapping
from typing import Any

from diagnosis.finding import Finding, Verdict
from transfer.ranges import PARTS_PREFIX

CHECK = "bucket settings"
_DAY = 24 * 60 * 60
_NEVER_OF_PARTS = {
    "matchesSuffix", "numNewerVersions", "daysSinceNoncurrentTime", "noncurrentTimeBefore",
    "createdBefore", "customTimeBefore", "daysSinceCustomTime",
}  # fmt: skip
"""All conditions of a rule must hold. https://cloud.google.com/storage/docs/lifecycle#conditions"""


def check_settings(bucket: Mapping[str, Any], names_are_unique: bool) -> Iterator[Finding]:
    """Judge a bucket's resource.

    `names_are_unique` if no object replaces another, since each name holds a version.
    """
    update = f"`gcloud storage buckets update gs://{bucket.get('name', 'NAME')}"
    findings = [
        *_what_keeps_objects(bucket, update, names_are_unique),
        *_what_costs(bucket, update),
    ]
    yield from findings or [Finding(CHECK, Verdict.OK, "Nothing there is in the way of landing.")]


def keeps_objects(bucket: Mapping[str, Any]) -> bool:
    """Whether what is created cannot be deleted or replaced at once."""
    return bool(_retention_seconds(bucket) or bucket.get("defaultEventBasedHold"))


def _what_keeps_objects(
    bucket: Mapping[str, Any], update: str, names_are_unique: bool
) -> Iterator[Finding]:
    verdict = Verdict.ADVICE if names_are_unique else Verdict.FAILED
    kept = (
        "so parts of large objects cannot be deleted (PARALLEL_FROM_BYTES can avoid them)"
        if names_are_unique
        else "so a newer version cannot replace what landed, and is answered 500"
    )
    seconds = _retention_seconds(bucket)
    if seconds:
        text = f"A retention policy keeps every object for {_days(seconds)}, {kept}."
        yield Finding(CHECK, verdict, f"{text} {update} --clear-retention-period` removes it.")
    if bucket.get("defaultEventBasedHold"):
        text = f"Every new object is put on an event-based hold, {kept}."
        yield Finding(CHECK, verdict, f"{text} {update} --no-default-event-based-hold` ends that.")


def _what_costs(bucket: Mapping[str, Any], update: str) -> Iterator[Finding]:
    if _setting(bucket, "billing", "requesterPays"):
        yield Finding(
            CHECK,
            Verdict.FAILED,
            "Requester Pays is on, so requests that name no project to bill, as Landfall's, are "
            f"refused from most accounts. {update} --no-requester-pays` turns it off.",
        )
    deletes = [
        rule.get("condition") or {}
        for rule in _setting(bucket, "lifecycle", "rule") or []
        if _setting(rule, "action", "type") == "Delete"
    ]
    if not any(_takes_parts(condition) for condition in deletes):
        yield Finding(
            CHECK,
            Verdict.ADVICE,
            f"No lifecycle rule deletes what an interrupted transfer leaves under {PARTS_PREFIX}, "
            'which is billed for ever. Add one with {"age": 2, "matchesPrefix": '
            f'["{PARTS_PREFIX}"]}}: {update} --lifecycle-file=FILE` (docs/protocol.md has it).',
        )
    if _setting(bucket, "versioning", "enabled") and not any(map(_takes_old_versions, deletes)):
        yield Finding(
            CHECK,
            Verdict.ADVICE,
            "Object versioning keeps, and bills, every version that was replaced. Add a lifecycle "
            f"rule with numNewerVersions, or {update} --no-versioning`.",
        )
    kept = int(_setting(bucket, "softDeletePolicy", "retentionDurationSeconds") or 0)
    if kept:
        yield Finding(
            CHECK,
            Verdict.ADVICE,
            f"Soft delete bills what is deleted for {_days(kept)} more: replaced objects, and all "
            f"parts of large ones. If that is not wanted, {update} --clear-soft-delete`.",
        )


def _takes_parts(condition: Mapping[str, Any]) -> bool:
    """Whether it deletes parts by their age."""
    prefixes = condition.get("matchesPrefix")
    there = not prefixes or any(PARTS_PREFIX.startswith(prefix) for prefix in prefixes)
    holds = not _NEVER_OF_PARTS & condition.keys() and condition.get("isLive") is not False
    return there and "age" in condition and holds


def _takes_old_versions(condition: Mapping[str, Any]) -> bool:
    return bool(
        {"numNewerVersions", "daysSinceNoncurrentTime", "noncurrentTimeBefore"} & set(condition)
    )


def _retention_seconds(bucket: Mapping[str, Any]) -> int:
    return int(_setting(bucket, "retentionPolicy", "retentionPeriod") or 0)


def _setting(resource: Mapping[str, Any], group: str, name: str) -> Any:
    return (resource.get(group) or {}).get(name)


def _days(seconds: int) -> str:
    return f"{seconds / _DAY:.0f} days" if seconds >= 2 * _DAY else f"{seconds} s"
