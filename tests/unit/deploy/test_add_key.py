"""One more key in the list of API_KEYS."""

import hashlib
import json

import pytest

from deploy.add_key import add_key
from transfer.api_keys import MAX_KEYS, parse_api_keys

OTHER = {"name": "lambda", "sha256": "a" * 64, "buckets": ["images-*"], "disabled": True}


@pytest.mark.parametrize("nothing", ["", "\n", "[]"])
def test_the_first_key_makes_a_list_that_the_service_reads(nothing: str) -> None:
    (key,) = parse_api_keys(add_key("lambda", "AIzaKey", nothing))

    assert key.name == "lambda"
    assert key.sha256 == hashlib.sha256(b"AIzaKey").digest()


def test_other_entries_stay_as_they_are() -> None:
    entries = json.loads(add_key("lambda-2", "AIzaKey", json.dumps([OTHER])))

    assert entries[0] == OTHER
    assert entries[1]["name"] == "lambda-2"


def test_a_key_that_is_there_changes_nothing() -> None:
    digest = hashlib.sha256(b"AIzaKey").hexdigest().upper()
    text = f'[ {{"name": "somebody", "sha256": "{digest}"}} ]'

    assert add_key("lambda", "AIzaKey", text) == text


def test_another_key_is_never_replaced_under_its_name() -> None:
    with pytest.raises(ValueError, match="another key named lambda: choose a new name"):
        add_key("lambda", "AIzaKey", json.dumps([OTHER]))


@pytest.mark.parametrize("text", ["{", '{"name": "lambda"}', '["lambda"]'])
def test_what_is_no_list_of_keys_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        add_key("lambda", "AIzaKey", text)


def test_a_list_that_the_service_would_refuse_is_not_made() -> None:
    text = "[]"
    for number in range(MAX_KEYS):
        text = add_key(f"lambda-{number}", f"AIzaKey{number}", text)

    assert len(parse_api_keys(text)) == MAX_KEYS
    assert add_key("again", "AIzaKey0", text) == text
    with pytest.raises(ValueError, match="no list of more than 20"):
        add_key("lambda-20", "AIzaKey20", text)


def test_without_a_key_nothing_is_added() -> None:
    with pytest.raises(ValueError, match="no key"):
        add_key("lambda", "", "[]")
