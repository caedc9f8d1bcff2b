"""The deployed function where something is set up wrong: it fails, and says what to do.

The S3 server is rclone's, which checks signatures; the runtime is AWS's own.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.servers.lambda_runtime import InvocationFailed, running_function
from tests.servers.s3 import ACCESS_KEY, SECRET_KEY, S3Server, rclone_server
from tests.system.aws import pack, unpack
from tests.system.backends import Embedded
from tests.system.service import API_KEY, ROOT, serving

HANDLER = "forwarder.lambda_function.lambda_handler"
BUCKET, KEY, BODY = "heron-signed", "a b+ü.txt", b"signed for\n"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with rclone_server(tmp_path_factory.mktemp("s3")) as server:
        server.client.create_bucket(Bucket=BUCKET)
        server.client.put_object(Bucket=BUCKET, Key=KEY, Body=BODY)
        yield server


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    return Embedded(tmp_path_factory.mktemp("embedded"))


@pytest.fixture(scope="module")
def right(
    s3: S3Server, backend: Embedded, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """An environment with nothing wrong in it."""
    with serving(
        tmp_path_factory.mktemp("service"),
        backend,
        S3_ENDPOINTS=s3.endpoint,
        SOURCE_BUCKETS=BUCKET,
    ) as service:
        yield {
            "ENDPOINT_URL": f"http://127.0.0.1:{service.port}/processmessage",
            "ENDPOINT_API_KEY": API_KEY,
            "AWS_ENDPOINT_URL_S3": s3.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    return unpack(pack(folder), folder / "task")


def event(bucket: str = BUCKET) -> Any:
    found = json.loads((ROOT / "tests/payloads/s3-put.json").read_text(encoding="utf-8"))
    [record] = found["Records"]
    record["awsRegion"] = "us-east-1"
    record["s3"] = {"bucket": {"name": bucket}, "object": {"key": quote_plus(KEY)}}
    return found


def invoke(task: Path, environment: Mapping[str, str], log: Path, bucket: str = BUCKET) -> Any:
    with running_function(HANDLER, task, environment, log) as function:
        return function.invoke(event(bucket))


def test_with_nothing_wrong_the_signature_is_good_and_the_object_lands(
    right: dict[str, str], task: Path, backend: Embedded, tmp_path: Path
) -> None:
    assert invoke(task, right, tmp_path / "log") is None
    assert backend.read(f"{BUCKET}/{KEY}") == BODY


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            {"ENDPOINT_URL": ""},
            "BadEnvironment: In the environment of the function, set ENDPOINT_URL",
        ),
        ({"ENDPOINT_URL": "http://127.0.0.1:1/x"}, "no answer from ENDPOINT_URL .*: check that"),
        ({"ENDPOINT_API_KEY": "canary-wrong"}, "API_KEY_INVALID: .*check the API key"),
        (
            {"AWS_SECRET_ACCESS_KEY": "canary-wrong"},
            "SignatureDoesNotMatch: the AWS credentials are wrong",
        ),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}, "S3 could not be asked .*network"),
        ({"AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"}, "expired: renew them"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(
    wrong: dict[str, str], told: str, right: dict[str, str], task: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvocationFailed, match=told) as failed:
        invoke(task, right | wrong, tmp_path / "log")
    written = str(failed.value) + (tmp_path / "log").read_text(encoding="utf-8")
    for secret in (API_KEY, SECRET_KEY, "canary-wrong", "Signature="):
        assert secret not in written


def test_a_path_that_is_not_landfalls_is_told(
    right: dict[str, str], task: Path, tmp_path: Path
) -> None:
    url = right["ENDPOINT_URL"].replace("/processmessage", "/elsewhere")
    with pytest.raises(InvocationFailed, match=r"404, .*URL of Landfall's /processmessage"):
        invoke(task, right | {"ENDPOINT_URL": url}, tmp_path / "log")


def test_a_bucket_that_landfall_does_not_land_is_told(
    right: dict[str, str], s3: S3Server, task: Path, tmp_path: Path
) -> None:
    s3.client.create_bucket(Bucket="heron-private")
    s3.client.put_object(Bucket="heron-private", Key=KEY, Body=BODY)
    with pytest.raises(InvocationFailed, match=r"BUCKET_NOT_ALLOWED: .*SOURCE_BUCKETS"):
        invoke(task, right, tmp_path / "log", bucket="heron-private")
