"""Keys as main.py reads them again: what would let tenants meet is not taken."""

import json
from pathlib import Path
from typing import Any

import pytest

from main import make_key_ring
from settings import SettingsInvalid, read_settings
from transfer.key_ring import KeyRing


def entry(name: str, *buckets: str, **fields: object) -> dict[str, Any]:
    return {"name": name, "sha256": name.encode().hex().ljust(64, "0"), "buckets": buckets} | fields


def ring_of(file: Path, **settings: str) -> KeyRing:
    environment = {"API_KEYS_FILE": str(file), "SOURCE_BUCKETS": "*", **settings}
    return make_key_ring(read_settings(environment))


def names(ring: KeyRing) -> list[str]:
    return [key.name for key in ring.keys]


@pytest.mark.parametrize(
    ("new", "template", "why"),
    [
        ([entry("a", "*"), entry("b", "images")], "{key}", "keys a and b differ in buckets"),
        ([entry("a", "*"), entry("b", "*", origins=["aws"])], "{key}", "differ in origins"),
        ([entry("a", "*", origins=["aws-us-gov"])], "{bucket}/{key}", "not take: aws-us-gov"),
        ([entry("a", "*", origins=["gov"])], "{bucket}/{key}", "entry 1: origins must be"),
    ],
)
def test_new_keys_that_would_let_objects_meet_are_not_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, new: list[Any], template: str, why: str
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps([entry("former", "*")]), "utf-8")
    ring = ring_of(file, OBJECT_NAME=template, S3_ENDPOINTS="http://127.0.0.1:9000")

    file.write_text(json.dumps(new), "utf-8")
    ring.refresh()

    assert names(ring) == ["former"]
    [logged] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert logged.getMessage().startswith("The former API keys stay in force")
    assert why in logged.getMessage()

    file.write_text(json.dumps([entry("a", "*"), entry("b", "*")]), "utf-8")
    ring.refresh()

    assert names(ring) == ["a", "b"]


def test_keys_that_change_between_two_reads_of_the_start_are_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps([entry("a", "*")]), "utf-8")
    settings = read_settings(
        {"API_KEYS_FILE": str(file), "SOURCE_BUCKETS": "*", "OBJECT_NAME": "{key}"}
    )
    file.write_text(json.dumps([entry("a", "*"), entry("b", "c")]), "utf-8")

    with pytest.raises(SettingsInvalid, match="API_KEYS_FILE is wrong: the keys a and b differ"):
        make_key_ring(settings)
