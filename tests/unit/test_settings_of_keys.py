"""Where the API keys come from: a variable, a file or a secret, and one of them only."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from settings import read_settings
from tests.unit.environment import DIGEST, KEY, KEYS, LEAST, problems_of
from transfer.api_keys import ApiKey


@pytest.mark.parametrize(
    "text", ["secret", "projects/p/secrets/s", "projects/p/secrets//versions/1"]
)
def test_a_secret_is_named_with_its_version(text: str) -> None:
    [problem] = problems_of({"API_KEYS_SECRET": text, "SOURCE_BUCKETS": "*"})

    assert problem.startswith("API_KEYS_SECRET is wrong: it must be projects/")


def test_keys_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    entry = {"name": "lambda", "sha256": DIGEST, "expires": "2027-01-01T00:00:00Z"}
    file.write_text(json.dumps([entry]), encoding="utf-8")

    settings = read_settings({"API_KEYS_FILE": str(file), "SOURCE_BUCKETS": "*"})

    expires = datetime(2027, 1, 1, tzinfo=UTC)
    assert settings.api_keys == (ApiKey("lambda", bytes.fromhex(DIGEST), expires=expires),)


@pytest.mark.parametrize("content", [b"", b"\xff", KEY.encode(), f'{{"k": "{DIGEST}"}}'.encode()])
def test_a_wrong_file_of_keys_is_told_without_its_content(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(content)

    [problem] = problems_of({"API_KEYS_FILE": str(file), "SOURCE_BUCKETS": "*"})

    assert problem.startswith("API_KEYS_FILE is wrong: ")
    assert "codec" not in problem


@pytest.mark.parametrize("path", ["/nowhere/keys.json", "/", KEYS, KEY])
def test_a_file_of_keys_that_cannot_be_read_is_told_in_words(path: str) -> None:
    [problem] = problems_of({"API_KEYS_FILE": path, "SOURCE_BUCKETS": "*"})

    assert problem.startswith("API_KEYS_FILE is wrong: the file cannot be read (")


def test_without_keys_it_does_not_start() -> None:
    [problem] = problems_of({"SOURCE_BUCKETS": "*"})

    assert problem.startswith("no API key is set: API_KEYS holds a JSON list like [{")


def test_keys_come_from_one_place_only() -> None:
    [problem] = problems_of(LEAST | {"API_KEYS_FILE": "keys.json"})

    assert problem.startswith("only one of API_KEYS, API_KEYS_FILE may be set")
