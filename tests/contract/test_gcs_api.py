"""What Cloud Storage's calls say on the wire, and which answers they do not trust."""

import math
import re
import time
from collections.abc import Mapping

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.oauth2.credentials import Credentials

from adapters.gcs_api import GcsApi
from adapters.gcs_patience import Patience
from adapters.gcs_refusals import Refusal
from adapters.gcs_resources import resource_of
from adapters.gcs_store import GcsStore
from adapters.kept_connections import Answer, Body, KeptConnections
from tests.servers.cloud_storage import CloudStorage
from tests.servers.raw import RawServer, stall
from transfer.errors import StoreUnavailable
from transfer.store import ObjectHeaders


class Recording(KeptConnections):
    """Keeps what it was asked to send, and answers always the same."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer
        self.sent: list[tuple[Mapping[str, str], bytes]] = []

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Body,
        timeout: tuple[float, float],
        *,
        repeatable: bool,
    ) -> Answer:
        assert isinstance(body, bytes)
        self.sent.append((headers, body))
        return self._answer


def asking(connections: KeptConnections) -> GcsApi:
    client = storage.Client("p", AnonymousCredentials())
    return GcsApi(client, "landing", connections, Patience())


def test_no_content_makes_a_boundary_longer_than_is_allowed() -> None:
    """https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1"""
    connections = Recording(Answer(412, {}, b""))
    gcs = asking(connections)
    for _ in range(2):  # the second holds all that the first was written with
        data = connections.sent[0][1] if connections.sent else b"=landfall=".ljust(200, b"=")
        with pytest.raises(Refusal, match="412"):
            gcs.create(resource_of("n", ObjectHeaders()), data, {}, math.inf)

        headers, body = connections.sent[-1]
        boundary = re.search(r'boundary="(.*)"', headers["Content-Type"])
        assert boundary is not None
        assert len(boundary[1]) <= 70
        assert body.count(boundary[1].encode()) == 3


@pytest.mark.parametrize(
    "location",
    [
        "/upload/storage/v1/b/landing/o?upload_id=secret",
        "ftp://storage.googleapis.com/o?upload_id=secret",
        "http://storage.googleapis.com/o?upload_id=secret",
        "https:///o?upload_id=secret",
        "https://secret",
        "https://storage.googleapis.com/o?upload_id=secret\xe9",
        "https://storage.googleapis.com/o?upload_id=secret and more",
        "",
    ],
)
def test_a_session_without_a_proper_url_is_none(location: str) -> None:
    gcs = asking(Recording(Answer(200, {"location": location}, b"")))

    with pytest.raises(StoreUnavailable) as failure:
        gcs.begin({"name": "n"}, 1, {}, math.inf)

    assert "secret" not in str(failure.value)


def test_a_session_is_where_cloud_storage_says() -> None:
    url = "https://storage.europe-west1.rep.googleapis.com:443/upload/o?upload_id=a-b_c~d"

    begun = asking(Recording(Answer(200, {"location": url}, b""))).begin({}, 1, {}, math.inf)

    assert begun == url


def test_a_token_that_does_not_come_holds_no_call(cloud: CloudStorage) -> None:
    with RawServer([stall()]) as tokens:
        credentials = Credentials(
            None,
            refresh_token="r",
            token_uri=f"{tokens.origin}/token",
            client_id="c",
            client_secret="s",
        )
        client = storage.Client("p", credentials, client_options={"api_endpoint": cloud.url})
        patience = Patience(call_seconds=0.5, answer_seconds=0.3)
        began = time.monotonic()

        with pytest.raises(StoreUnavailable):
            GcsStore("landing", lambda: client, patience).stat("name")

    assert tokens.connections
    assert time.monotonic() - began < 5
