"""Presigned URLs: right for every region, and no longer lived than what signs them."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.message import MessageMaker
from forwarder.s3_clients import S3Clients
from tests.integration.conftest import Answer, recording_server
from transfer.errors import UrlRefused
from transfer.presigned_url import parse_presigned_url

pytestmark = pytest.mark.usefixtures("aws")


def sign(region: str, bucket: str, key: str = "one") -> str:
    target = {"Bucket": bucket, "Key": key}
    client = S3Clients().of_region(region)
    return client.generate_presigned_url("get_object", Params=target, ExpiresIn=60)


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("us-east-1", "amazonaws.com"),
        ("eu-west-1", "amazonaws.com"),
        ("ap-southeast-4", "amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("eusc-de-east-1", "amazonaws.eu"),
    ],
)
def test_a_url_names_bucket_and_region_in_its_host_and_landfall_accepts_it(
    region: str, suffix: str
) -> None:
    url = sign(region, "heron-meadow", "a b+c%.txt")
    host = f"heron-meadow.s3.{region}.{suffix}"
    assert url.startswith(f"https://{host}/a%20b%2Bc%25.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    parse_presigned_url(url, "heron-meadow", "a b+c%.txt", None, set())


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "cn-north-1"])
@pytest.mark.parametrize("bucket", ["heron.meadow", "Heron_Meadow"])
def test_a_bucket_that_no_certificate_covers_is_named_in_the_path(region: str, bucket: str) -> None:
    url = sign(region, bucket)
    assert url.startswith(f"https://s3.{region}.amazonaws.com")
    assert urlsplit(url).path == f"/{bucket}/one"
    parse_presigned_url(url, bucket, "one", None, set())


def test_a_url_that_pins_a_version_is_accepted_with_that_version_and_no_other() -> None:
    target = {"Bucket": "heron-meadow", "Key": "one", "VersionId": "Qx7invented.Version_01"}
    client = S3Clients().of_region("eu-west-1")
    url = client.generate_presigned_url("get_object", Params=target, ExpiresIn=60)
    assert (
        parse_presigned_url(url, "heron-meadow", "one", "Qx7invented.Version_01", set()).version_id
        == "Qx7invented.Version_01"
    )
    with pytest.raises(UrlRefused, match="another version"):
        parse_presigned_url(url, "heron-meadow", "one", "v2", set())


def test_a_region_has_one_client() -> None:
    clients = S3Clients()
    assert clients.of_region("eu-west-1") is clients.of_region("eu-west-1")
    assert clients.of_region("eu-west-1") is not clients.of_region("eu-west-3")


def expiry(aws: pytest.MonkeyPatch, wished: int) -> int:
    """The life of a URL, in seconds, of an object on a server that has every object."""
    with recording_server() as server:
        server.answers = [Answer(headers={"ETag": '"e"'})]
        aws.setenv("AWS_ENDPOINT_URL_S3", server.url)
        message = MessageMaker(S3Clients(), wished).message_about(
            S3Object("heron-meadow", "one", "eu-west-3")
        )
    [seconds] = parse_qs(urlsplit(str(message["PresignedUrl"])).query)["X-Amz-Expires"]
    return int(seconds)


def ending_in(aws: pytest.MonkeyPatch, seconds: float) -> None:
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    aws.setenv("AWS_SESSION_TOKEN", "token")
    aws.setenv("AWS_CREDENTIAL_EXPIRATION", end.isoformat())


def test_keys_that_do_not_end_sign_for_as_long_as_wished(aws: pytest.MonkeyPatch) -> None:
    assert expiry(aws, 604800) == 604800


def test_a_url_ends_with_the_credentials_and_a_warning_says_so(
    aws: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ending_in(aws, 1800)
    assert 1700 < expiry(aws, 3600) <= 1800
    assert "it ends with the temporary AWS credentials" in caplog.text


def test_credentials_that_last_longer_do_not_matter(
    aws: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ending_in(aws, 7200)
    assert expiry(aws, 3600) == 3600
    assert "temporary" not in caplog.text


def test_of_temporary_credentials_without_an_end_an_hour_is_expected(
    aws: pytest.MonkeyPatch,
) -> None:
    aws.setenv("AWS_SESSION_TOKEN", "token")
    assert expiry(aws, 43200) == 3600


def test_credentials_that_have_expired_are_to_be_renewed(aws: pytest.MonkeyPatch) -> None:
    ending_in(aws, -60)
    with pytest.raises(NotForwarded, match="credentials have expired: renew them") as failed:
        expiry(aws, 3600)
    assert failed.value.reason == "CREDENTIALS"


class Living(S3Clients):
    """With credentials that are good for so many seconds more."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self._seconds = seconds

    def seconds_to_live(self) -> int:
        return self._seconds


@pytest.mark.parametrize(
    ("life", "signed", "warns"), [(61, 60, 0), (60, 60, 0), (59, 59, 1), (1, 1, 1)]
)
def test_a_url_never_outlives_its_credentials(
    life: int, signed: int, warns: int, aws: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listed = S3Object("heron-meadow", "one", "eu-west-3", etag="e")

    message = MessageMaker(Living(life), 60).message_as_listed(listed, 1)

    assert f"X-Amz-Expires={signed}&" in str(message["PresignedUrl"])
    assert len([r for r in caplog.records if r.levelname == "WARNING"]) == warns


def test_credentials_in_their_last_second_sign_nothing(aws: pytest.MonkeyPatch) -> None:
    listed = S3Object("heron-meadow", "one", "eu-west-3", etag="e")

    with pytest.raises(NotForwarded, match="credentials have expired"):
        MessageMaker(Living(0), 60).message_as_listed(listed, 1)
