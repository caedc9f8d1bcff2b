"""What the forwarder accepts as its environment, and what it says of the rest."""

import re
from pathlib import Path

import pytest

from forwarder.lambda_function import lambda_handler
from forwarder.settings import BadEnvironment, read_settings

FORWARDER = Path(__file__).parents[3] / "forwarder"
GOOD = {
    "ENDPOINT_URL": "https://landfall.example/processmessage",
    "ENDPOINT_API_KEY": "canary-key",
}


def test_url_and_key_are_enough() -> None:
    settings = read_settings(GOOD)
    assert (settings.endpoint_url, settings.api_key) == (GOOD["ENDPOINT_URL"], "canary-key")
    assert (settings.url_expires_seconds, settings.log_level) == (3600, "INFO")
    assert settings.pin_versions is False


def test_the_key_may_be_in_a_secret() -> None:
    arn = "arn:aws:secretsmanager:eu-west-3:1:secret:landfall"
    without = {"ENDPOINT_URL": GOOD["ENDPOINT_URL"]}
    settings = read_settings(without | {"ENDPOINT_API_KEY_SECRET": arn})
    assert (settings.api_key, settings.api_key_secret) == ("", arn)


def test_a_key_and_a_secret_are_one_too_many() -> None:
    with pytest.raises(BadEnvironment, match="and not both"):
        read_settings(GOOD | {"ENDPOINT_API_KEY_SECRET": "landfall"})


@pytest.mark.parametrize(("value", "pins"), [("true", True), ("True", True), ("false", False)])
def test_versions_are_pinned_on_demand(value: str, pins: bool) -> None:
    assert read_settings(GOOD | {"PIN_VERSIONS": value}).pin_versions is pins


def test_an_empty_optional_variable_is_an_unset_one() -> None:
    names = ("URL_EXPIRES_SECONDS", "LOG_LEVEL", "PIN_VERSIONS", "ENDPOINT_API_KEY_SECRET")
    empty = dict.fromkeys(names, "")
    assert read_settings(GOOD | empty) == read_settings(GOOD)


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "error"])
def test_the_levels_are_those_of_logging(level: str) -> None:
    assert read_settings(GOOD | {"LOG_LEVEL": level}).log_level == level.upper()


@pytest.mark.parametrize("seconds", [1, 604800])
def test_a_url_may_live_from_a_second_to_seven_days(seconds: int) -> None:
    settings = read_settings(GOOD | {"URL_EXPIRES_SECONDS": str(seconds)})
    assert settings.url_expires_seconds == seconds


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"])
def test_plain_http_is_accepted_on_this_machine(origin: str) -> None:
    read_settings(GOOD | {"ENDPOINT_URL": f"{origin}/processmessage"})


def test_the_settings_do_not_show_the_key() -> None:
    assert "canary" not in repr(read_settings(GOOD))


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(BadEnvironment, match=r"set ENDPOINT_URL to .*; set ENDPOINT_API_KEY to "):
        read_settings({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENDPOINT_URL", "canary.example/processmessage"),
        ("ENDPOINT_URL", "http://canary.example/processmessage"),
        ("ENDPOINT_URL", "https://canary@landfall.example/processmessage"),
        ("ENDPOINT_URL", "https://landfall.example/processmessage?key=canary"),
        ("ENDPOINT_URL", "https://landfall.example:canary/processmessage"),
        ("ENDPOINT_URL", "https://landfall.example/processmessage\n"),
        ("ENDPOINT_URL", "https://landfall.example/ processmessage"),
        ("ENDPOINT_URL", "https://[canary/processmessage"),
        ("ENDPOINT_URL", "https://"),
        ("ENDPOINT_API_KEY", "canary\n"),
        ("ENDPOINT_API_KEY", "canary canary"),
        ("ENDPOINT_API_KEY", "cänary"),
        ("URL_EXPIRES_SECONDS", "0"),
        ("URL_EXPIRES_SECONDS", "604801"),
        ("URL_EXPIRES_SECONDS", "1h"),
        ("LOG_LEVEL", "LOUD"),
        ("PIN_VERSIONS", "canary"),
    ],
)
def test_a_bad_variable_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(BadEnvironment, match=f", set {name} to ") as refused:
        read_settings(GOOD | {name: value})
    assert "canary" not in str(refused.value)


def test_the_readme_lists_the_variables_that_are_read() -> None:
    code = (FORWARDER / "settings.py").read_text("utf-8")
    readme = (FORWARDER / "README.md").read_text("utf-8")
    read = set(re.findall(r'environment.get\("([A-Z_]+)"', code))
    section = readme.partition("## Environment")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)`", section, re.MULTILINE)) == read
    assert len(read) == 6


def test_an_event_with_work_needs_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENDPOINT_URL", raising=False)
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "awsRegion": "eu-west-3",
        "s3": {"bucket": {"name": "heron-meadow"}, "object": {"key": "one"}},
    }
    with pytest.raises(BadEnvironment, match="ENDPOINT_URL"):
        lambda_handler({"Records": [record]}, None)


def test_a_test_event_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENDPOINT_URL", raising=False)
    lambda_handler({"Service": "Amazon S3", "Event": "s3:TestEvent"}, None)
