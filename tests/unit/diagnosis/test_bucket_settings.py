"""Which settings of a landing bucket are faults, and which only cost money."""

from typing import Any

import pytest

from diagnosis.bucket_settings import check_settings, keeps_objects
from diagnosis.finding import Verdict

PARTS = {"age": 2, "matchesPrefix": [".landfall/parts/"]}


def rules(*conditions: dict[str, Any], action: str = "Delete") -> dict[str, Any]:
    listed = [{"action": {"type": action}, "condition": condition} for condition in conditions]
    return {"lifecycle": {"rule": listed}}


def advice(bucket: dict[str, Any], pinned: bool = False) -> list[str]:
    found = list(check_settings({"name": "landing", **bucket}, pinned))
    assert all(one.verdict in (Verdict.ADVICE, Verdict.OK) for one in found)
    return [one.text for one in found if one.verdict is Verdict.ADVICE]


@pytest.mark.parametrize(
    "condition", [PARTS, {"age": 30}, {"age": 1, "matchesPrefix": ["x/", ".landfall/"]}]
)
def test_a_rule_that_deletes_parts_is_enough(condition: dict[str, Any]) -> None:
    assert advice(rules(condition)) == []


@pytest.mark.parametrize(
    "bucket",
    [
        {},
        {"lifecycle": {}},
        rules(PARTS, action="SetStorageClass"),
        rules({"age": 2, "matchesPrefix": ["images/"]}),
        rules({"age": 2, "isLive": False}),
        rules({"numNewerVersions": 1}),
        rules({**PARTS, "numNewerVersions": 1}),
        rules({"age": 30, "matchesSuffix": [".tmp"]}),
        rules({"age": 30, "createdBefore": "2020-01-01"}),
    ],
)
def test_parts_that_nothing_deletes_are_advised_on(bucket: dict[str, Any]) -> None:
    (text,) = advice(bucket)

    assert "under .landfall/parts/" in text
    assert '{"age": 2, "matchesPrefix": [".landfall/parts/"]}' in text
    assert "gs://landing --lifecycle-file=" in text


def test_versions_that_nothing_deletes_are_advised_on() -> None:
    versioned = {"versioning": {"enabled": True}}

    (text,) = advice({**rules(PARTS), **versioned})

    assert "--no-versioning" in text
    assert advice({**rules(PARTS, {"daysSinceNoncurrentTime": 7}), **versioned}) == []


def test_soft_delete_is_advised_on_unless_it_is_off() -> None:
    (text,) = advice({**rules(PARTS), "softDeletePolicy": {"retentionDurationSeconds": "604800"}})

    assert "for 7 days more" in text
    assert "--clear-soft-delete" in text
    assert advice({**rules(PARTS), "softDeletePolicy": {"retentionDurationSeconds": "0"}}) == []


@pytest.mark.parametrize(
    "setting", [{"retentionPolicy": {"retentionPeriod": "60"}}, {"defaultEventBasedHold": True}]
)
def test_keeping_objects_is_no_fault_where_none_is_replaced(setting: dict[str, Any]) -> None:
    (text,) = advice({**rules(PARTS), **setting}, pinned=True)

    assert "parts of large objects cannot be deleted" in text
    assert keeps_objects(setting)
    assert not keeps_objects({})
