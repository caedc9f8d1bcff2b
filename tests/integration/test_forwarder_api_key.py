"""The API key in Secrets Manager: read once, read again when it is refused."""

from typing import Any

import boto3
import pytest

from forwarder.lambda_function import ForwardingFailed
from tests.integration.conftest import BUCKET, REGION, Answer, RecordingServer, refusal
from tests.integration.events import forward

OLD, NEW = "canary-old-key", "canary-new-key"


@pytest.fixture
def secrets(s3_url: str, s3: Any, forwarder_environment: pytest.MonkeyPatch) -> Any:
    """A client of Secrets Manager; `heron-api-key` is the forwarder's secret."""
    forwarder_environment.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", s3_url)
    forwarder_environment.delenv("ENDPOINT_API_KEY")
    client = boto3.client("secretsmanager", region_name=REGION)
    arn = client.create_secret(Name="heron-api-key", SecretString=OLD)["ARN"]
    forwarder_environment.setenv("ENDPOINT_API_KEY_SECRET", arn)
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    yield client
    client.delete_secret(SecretId="heron-api-key", ForceDeleteWithoutRecovery=True)


def keys_sent(endpoint: RecordingServer) -> list[str]:
    return [headers["x-api-key"] for _, headers, _ in endpoint.requests]


def test_the_key_is_read_once_and_kept_for_later_invocations(
    secrets: Any, endpoint: RecordingServer
) -> None:
    forward("one")
    secrets.put_secret_value(SecretId="heron-api-key", SecretString=NEW)
    forward("one")
    assert keys_sent(endpoint) == [OLD, OLD]


@pytest.mark.parametrize(
    "refused",
    [
        refusal(401, "API_KEY_INVALID"),
        # As Google's gateway answers an unknown key, an expired one and a restricted one.
        Answer(400, b'{"code": 3, "message": "API key not valid. Please pass a valid API key."}'),
        Answer(400, b"INVALID_ARGUMENT: API key expired. Please renew the API key."),
        Answer(403, b'{"code": 7, "message": "API S is invalid for the consumer project."}'),
    ],
)
def test_a_refused_key_is_read_again_and_the_new_one_tried_at_once(
    refused: Answer, secrets: Any, endpoint: RecordingServer
) -> None:
    forward("one")
    secrets.put_secret_value(SecretId="heron-api-key", SecretString=NEW)
    endpoint.answers = [refused, Answer()]
    forward("one")
    forward("one")
    assert keys_sent(endpoint) == [OLD, OLD, NEW, NEW]


@pytest.mark.parametrize("status", [400, 403])
def test_what_landfall_itself_refuses_is_not_about_the_key(
    status: int, secrets: Any, endpoint: RecordingServer
) -> None:
    forward("one")
    secrets.put_secret_value(SecretId="heron-api-key", SecretString=NEW)
    endpoint.answers = [refusal(status, "URL_REFUSED")]
    with pytest.raises(ForwardingFailed, match="URL_REFUSED"):
        forward("one")
    assert keys_sent(endpoint) == [OLD, OLD]


def test_a_refused_key_that_has_not_changed_is_a_failure(
    secrets: Any, endpoint: RecordingServer
) -> None:
    endpoint.answers = [refusal(401, "API_KEY_INVALID")]
    with pytest.raises(ForwardingFailed, match="check the API key"):
        forward("one")
    assert keys_sent(endpoint) == [OLD]


def test_a_new_key_that_is_refused_too_is_not_read_a_third_time(
    secrets: Any, endpoint: RecordingServer
) -> None:
    forward("one")
    secrets.put_secret_value(SecretId="heron-api-key", SecretString=NEW)
    endpoint.answers = [refusal(401, "API_KEY_INVALID")]
    with pytest.raises(ForwardingFailed, match="API_KEY_INVALID"):
        forward("one")
    assert keys_sent(endpoint) == [OLD, OLD, NEW]


def test_a_missing_secret_says_what_to_do(
    secrets: Any, endpoint: RecordingServer, forwarder_environment: pytest.MonkeyPatch
) -> None:
    forwarder_environment.setenv("ENDPOINT_API_KEY_SECRET", "no-such-secret")
    with pytest.raises(
        ForwardingFailed, match=r"ResourceNotFoundException.*secretsmanager:GetSecretValue"
    ):
        forward("one")
    assert endpoint.requests == []


@pytest.mark.parametrize("value", ['{"key": "canary"}', "canary key", "canary\n"])
def test_a_secret_that_is_no_key_says_what_to_store_and_shows_nothing(
    value: str, secrets: Any, endpoint: RecordingServer
) -> None:
    secrets.put_secret_value(SecretId="heron-api-key", SecretString=value)
    with pytest.raises(ForwardingFailed, match="store the bare key") as failed:
        forward("one")
    assert "canary" not in str(failed.value)
    assert endpoint.requests == []
