"""A running Landfall in two flavours, and an S3 server that honours If-Match."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from tests.system.backends import Backend, Cloud, Embedded
from tests.system.service import ROOT, Service, serving

REGION = "eu-central-1"


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def s3(s3_url: str) -> Iterator[Any]:
    """boto3 as it comes, but for the server's address."""
    client = client_for(s3_url)
    yield client
    client.close()


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    name = f"pictures-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


@pytest.fixture(scope="session")
def storage_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Cloud Storage server of its own process, so that its memory is not the service's."""
    directory = tmp_path_factory.mktemp("cloud-storage")
    command = [sys.executable, "-m", "tests.servers.cloud_storage", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--bucket", "landing", "--directory", str(directory), "--no-md5"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(timeout=10)
    process.stdout.close()


@pytest.fixture(scope="module", params=["embedded", "cloud"])
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    if request.param == "embedded":
        yield Embedded(tmp_path_factory.mktemp("embedded"))
        return
    cloud = Cloud(
        request.getfixturevalue("storage_url"),
        request.getfixturevalue("pubsub_emulator"),
        f"landed-{uuid.uuid4().hex[:8]}",
    )
    yield cloud
    cloud.close()


@pytest.fixture(scope="module")
def service(
    backend: Backend, s3_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("service")
    with serving(folder, backend, S3_ENDPOINTS=s3_url, LOG_LEVEL="DEBUG") as service:
        yield service


def client_for(s3_url: str, region: str = REGION, **config: Any) -> Any:
    return boto3.client(
        "s3",
        region_name=region,
        endpoint_url=s3_url,
        aws_access_key_id="canaryaccess",
        aws_secret_access_key="canarysecret",
        config=Config(**config),
    )
