"""What the forwarder accepts as its environment, and what it says of the rest."""

import pytest

from forwarder.lambda_function import BadEnvironment, lambda_handler, read_settings

GOOD = {
    "ENDPOINT_URL": "https://landfall.example/processmessage",
    "ENDPOINT_API_KEY": "canary-key",
}


def test_url_and_key_are_enough() -> None:
    settings = read_settings(GOOD)
    assert (settings.endpoint_url, settings.api_key) == (GOOD["ENDPOINT_URL"], "canary-key")
    assert (settings.url_expires_seconds, settings.log_level) == (3600, "INFO")


def test_an_empty_optional_variable_is_an_unset_one() -> None:
    assert read_settings(GOOD | {"URL_EXPIRES_SECONDS": "", "LOG_LEVEL": ""}) == read_settings(GOOD)


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
    ],
)
def test_a_bad_variable_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(BadEnvironment, match=f", set {name} to ") as refused:
        read_settings(GOOD | {name: value})
    assert "canary" not in str(refused.value)


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
