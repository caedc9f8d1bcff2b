"""The least environment with which Landfall starts, and what is wrong with another."""

import hashlib
import json

import pytest

from settings import Settings, SettingsInvalid, read_settings

KEY = "canary-api-key-5d1f"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
KEYS = json.dumps([{"name": "lambda", "sha256": DIGEST}])
LEAST = {"API_KEYS": KEYS, "SOURCE_BUCKETS": "images-*"}


def read(**changed: str) -> Settings:
    return read_settings(LEAST | changed)


def problems_of(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsInvalid) as refusal:
        read_settings(environment)
    first, *problems = str(refusal.value).splitlines()
    assert first == "Landfall cannot start with these settings:"
    assert DIGEST not in str(refusal.value)
    assert KEY not in str(refusal.value)
    return [problem.removeprefix("  - ") for problem in problems]
