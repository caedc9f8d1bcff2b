"""Keys from Secret Manager, played by a gRPC server on loopback."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager import (
    AccessSecretVersionRequest,
    AccessSecretVersionResponse,
    SecretManagerServiceClient,
    SecretPayload,
)
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from adapters.secret_manager import TIMEOUT_SECONDS, read_secret
from transfer.errors import Misconfigured, Unavailable

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
VERSION = "projects/p/secrets/keys/versions/latest"


class Vault:
    """Holds one payload, or refuses with a status."""

    def __init__(self) -> None:
        self.payload = b"[]"
        self.status: grpc.StatusCode | None = None
        self.asked: list[str] = []

    def access(
        self, request: AccessSecretVersionRequest, context: grpc.ServicerContext
    ) -> AccessSecretVersionResponse:
        self.asked.append(request.name)
        if self.status is not None:
            context.abort(self.status, "canary-detail")
        return AccessSecretVersionResponse(payload=SecretPayload(data=self.payload))


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def address(vault: Vault) -> Iterator[str]:
    handler = grpc.unary_unary_rpc_method_handler(
        vault.access,
        request_deserializer=AccessSecretVersionRequest.deserialize,
        response_serializer=AccessSecretVersionResponse.serialize,
    )
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        handlers = {"AccessSecretVersion": handler}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def read(address: str, seconds: float = TIMEOUT_SECONDS) -> str:
    def new_client() -> SecretManagerServiceClient:
        transport = SecretManagerServiceGrpcTransport(
            channel=grpc.insecure_channel(address), credentials=AnonymousCredentials()
        )
        return SecretManagerServiceClient(transport=transport)

    return read_secret(VERSION, new_client, seconds)


def test_the_payload_of_the_version_is_read(vault: Vault, address: str) -> None:
    vault.payload = '[{"name": "é"}]'.encode()

    assert read(address) == '[{"name": "é"}]'
    assert vault.asked == [VERSION]


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (grpc.StatusCode.NOT_FOUND, "add or enable it"),
        (grpc.StatusCode.FAILED_PRECONDITION, "add or enable it"),  # a version that is disabled
        (grpc.StatusCode.PERMISSION_DENIED, r"grant .* roles/secretmanager\.secretAccessor"),
    ],
)
def test_a_secret_that_is_missing_or_forbidden_says_what_to_do(
    vault: Vault, address: str, status: grpc.StatusCode, remedy: str
) -> None:
    vault.status = status

    with pytest.raises(Misconfigured, match=remedy) as failure:
        read(address)

    assert VERSION in str(failure.value)
    assert "canary" not in str(failure.value)


def test_a_service_that_is_not_there_is_given_up_in_time_and_told() -> None:
    began = time.monotonic()

    with pytest.raises(Unavailable, match=f"{VERSION}.* reaches secretmanager.googleapis.com"):
        read("127.0.0.1:1", seconds=0.5)

    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "error", [auth.DefaultCredentialsError("canary"), auth.RefreshError("canary")]
)
def test_without_credentials_it_says_how_to_get_them(error: Exception) -> None:
    def new_client() -> SecretManagerServiceClient:
        raise error

    with pytest.raises(Misconfigured, match="gcloud auth application-default login") as failure:
        read_secret(VERSION, new_client)

    assert "canary" not in str(failure.value)


def test_a_payload_that_is_no_text_is_misconfigured(vault: Vault, address: str) -> None:
    vault.payload = b"\xff\xfe"

    with pytest.raises(Misconfigured, match="not UTF-8"):
        read(address)
