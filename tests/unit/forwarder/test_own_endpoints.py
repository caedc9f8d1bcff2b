"""A server of the user's own is addressed in the path, wherever its address was configured."""

from pathlib import Path

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.message import MessageMaker
from forwarder.s3_clients import S3Clients

OWN = "http://minio.example:9000"
AWS = "https://heron-meadow.s3.eu-west-2.amazonaws.com/one?"
FOR_ALL = f"[default]\nendpoint_url = {OWN}\n"
FOR_S3 = f"[default]\nservices = here\n[services here]\ns3 =\n  endpoint_url = {OWN}\n"
OF_PROFILE = f"[profile heron]\nendpoint_url = {OWN}\n"


def signed() -> str:
    target = {"Bucket": "heron-meadow", "Key": "one"}
    client = S3Clients().of_region("eu-west-2")
    return client.generate_presigned_url("get_object", Params=target, ExpiresIn=60)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "minio.example", "[::1]"])
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_a_variable_names_the_server(name: str, host: str, aws: pytest.MonkeyPatch) -> None:
    aws.setenv(name, f"http://{host}:9000")

    assert signed().startswith(f"http://{host}:9000/heron-meadow/one?")


@pytest.mark.parametrize("text", [FOR_ALL, FOR_S3, OF_PROFILE])
def test_the_config_file_names_the_server(
    text: str, aws: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(text)
    aws.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    if text is OF_PROFILE:
        aws.setenv("AWS_PROFILE", "heron")

    assert signed().startswith(f"{OWN}/heron-meadow/one?")


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
@pytest.mark.parametrize(
    "url", ["localhost:9000", "localhost", "minio/", "http://", "http://[::1", "http://a b", "://x"]
)
def test_what_is_no_url_of_a_server_is_a_mistake_in_the_configuration(
    url: str, name: str, aws: pytest.MonkeyPatch
) -> None:
    aws.setenv(name, url)
    wanted = S3Object("heron-meadow", "one", "eu-west-2")

    with pytest.raises(NotForwarded, match=r"such as .*AWS_ENDPOINT_URL_S3") as failed:
        MessageMaker(S3Clients(), 60).message_about(wanted)

    assert failed.value.reason == "AWS_CONFIGURATION"
    assert url not in str(failed.value)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_what_is_configured_can_be_ignored(name: str, aws: pytest.MonkeyPatch) -> None:
    aws.setenv(name, OWN)
    aws.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")

    assert signed().startswith(AWS)


def test_the_server_of_another_service_does_not_matter(aws: pytest.MonkeyPatch) -> None:
    aws.setenv("AWS_ENDPOINT_URL_SQS", OWN)

    assert signed().startswith(AWS)


@pytest.mark.parametrize(
    ("variable", "host"),
    [
        ("AWS_USE_DUALSTACK_ENDPOINT", "heron-meadow.s3.dualstack.eu-west-2.amazonaws.com"),
        ("AWS_USE_FIPS_ENDPOINT", "heron-meadow.s3-fips.eu-west-2.amazonaws.com"),
    ],
)
def test_aws_itself_is_addressed_by_the_buckets_host(
    variable: str, host: str, aws: pytest.MonkeyPatch
) -> None:
    aws.setenv(variable, "true")

    assert signed().startswith(f"https://{host}/one?")
