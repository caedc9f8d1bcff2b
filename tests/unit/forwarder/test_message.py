"""The clients that sign the URLs of messages; the messages are tested against servers."""

from collections.abc import Iterator

import pytest

from forwarder.message import s3_client


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Credentials, and no custom endpoint: the URLs are those of AWS itself."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHERONEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "invented")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    s3_client.cache_clear()
    yield
    s3_client.cache_clear()


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "ap-southeast-4"])
def test_a_url_names_bucket_and_region_in_its_host_and_is_signed_with_sigv4(region: str) -> None:
    target = {"Bucket": "heron-meadow", "Key": "one"}
    url = s3_client(region).generate_presigned_url("get_object", Params=target, ExpiresIn=60)
    host = f"heron-meadow.s3.{region}.amazonaws.com"
    assert url.startswith(f"https://{host}/one?X-Amz-Algorithm=AWS4-HMAC-SHA256&")


def test_a_region_has_one_client() -> None:
    assert s3_client("eu-west-1") is s3_client("eu-west-1")
    assert s3_client("eu-west-1") is not s3_client("eu-west-3")
