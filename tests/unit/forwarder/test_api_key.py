"""The API key: given, or in a secret that may rotate."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from forwarder.api_key import GivenKey, SecretKey, is_one_word
from forwarder.failures import NotForwarded
from tests.servers.aws_json import AwsJson

NAME = "heron-api-key"
ARN = f"arn:aws:secretsmanager:eu-west-2:123456789012:secret:{NAME}-AbCdEf"
Secrets = Callable[..., AwsJson]


@pytest.fixture
def secrets(aws: pytest.MonkeyPatch) -> Iterator[Secrets]:
    """A Secrets Manager whose secret has these values in turn."""
    with ExitStack() as servers:

        def start(*values: str | None, status: str = "200 OK") -> AwsJson:
            told = [{} if value is None else {"SecretString": value} for value in values]
            server = servers.enter_context(AwsJson({"GetSecretValue": told}, status))
            aws.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", server.origin)
            aws.setenv("AWS_DEFAULT_REGION", "us-east-1")
            return server

        yield start


def test_a_given_key_has_no_other() -> None:
    key = GivenKey("old")

    assert key.current() == "old"
    assert key.after("old") is None
    assert key.after("one before") == "old"


def test_a_secret_is_read_once(secrets: Secrets) -> None:
    server = secrets("old", "new")
    key = SecretKey(ARN)

    assert [key.current(), key.current()] == ["old", "old"]
    assert len(server.asked) == 1
    assert server.asked == [("GetSecretValue", {"SecretId": ARN})]


@pytest.mark.parametrize(
    ("secret", "region"),
    [(ARN, "eu-west-2"), (NAME, "us-east-1"), ("a:b:c:d", "us-east-1"), ("arn:x", "us-east-1")],
)
def test_an_arn_names_its_region_and_a_name_is_in_the_functions(
    secret: str, region: str, secrets: Secrets
) -> None:
    server = secrets("key")

    SecretKey(secret).current()

    assert server.region == region


def test_a_refused_key_is_read_again(secrets: Secrets) -> None:
    server = secrets("old", "new")
    key = SecretKey(NAME)
    key.current()

    assert key.after("old") == "new"
    assert key.current() == "new"
    assert len(server.asked) == 2


def test_a_key_that_another_thread_has_read_again_is_not_read_a_third_time(
    secrets: Secrets,
) -> None:
    server = secrets("old", "new", "newest")
    key = SecretKey(NAME)
    key.current()
    key.after("old")

    assert key.after("old") == "new"
    assert len(server.asked) == 2


def test_a_refused_key_that_is_still_there_has_no_other(secrets: Secrets) -> None:
    secrets("old")
    key = SecretKey(NAME)

    assert key.after(key.current()) is None


@pytest.mark.parametrize("value", ["", "two words", "key\n", "clé", '{"key": "canary"}', None])
def test_what_is_no_key_is_refused_and_not_shown(value: str | None, secrets: Secrets) -> None:
    secrets(value)

    with pytest.raises(NotForwarded, match="store the bare key") as failed:
        SecretKey(NAME).current()

    assert failed.value.reason == "API_KEY_UNREADABLE"
    assert "canary" not in str(failed.value)


def test_a_secret_that_is_refused_says_which_right_is_needed(secrets: Secrets) -> None:
    server = secrets("", status="400 Bad Request")
    server.answers["GetSecretValue"] = [{"__type": "AccessDeniedException"}]

    with pytest.raises(NotForwarded, match=r"AccessDenied.*secretsmanager:GetSecretValue") as told:
        SecretKey(NAME).current()

    assert told.value.reason == "API_KEY_UNREADABLE"
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__
    assert len(server.asked) == 1


def test_a_service_that_is_not_well_for_a_moment_is_asked_again(secrets: Secrets) -> None:
    server = secrets("", status="500 Internal Server Error")

    with pytest.raises(NotForwarded):
        SecretKey(NAME).current()

    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("key", True), ("~!", True), ("", False), (" ", False), ("a b", False), ("a\t", False),
     ("ä", False), ("a\x7f", False)],
)  # fmt: skip
def test_one_word_is_printable_ascii_without_spaces(value: str, is_one: bool) -> None:
    assert is_one_word(value) is is_one
