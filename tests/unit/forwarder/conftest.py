"""AWS credentials of nobody, and a scripted S3 server."""

from collections.abc import Iterator

import pytest

from forwarder.aws import session
from tests.servers.whole_s3 import WholeS3

UNSET = (
    "CONFIG_FILE", "CREDENTIAL_EXPIRATION", "DEFAULT_REGION", "ENDPOINT_URL", "ENDPOINT_URL_S3",
    "IGNORE_CONFIGURED_ENDPOINT_URLS", "PROFILE", "REGION", "SESSION_TOKEN",
)  # fmt: skip


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Credentials, and no custom endpoint."""
    for name in UNSET:
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHERONEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret-77aa")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    session.cache_clear()
    yield monkeypatch
    session.cache_clear()


@pytest.fixture(scope="module")
def running_s3() -> Iterator[WholeS3]:
    with WholeS3() as server:
        yield server


@pytest.fixture
def s3(aws: pytest.MonkeyPatch, running_s3: WholeS3) -> WholeS3:
    running_s3.forget()
    aws.setenv("AWS_ENDPOINT_URL_S3", running_s3.origin)
    return running_s3
