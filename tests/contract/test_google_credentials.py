"""Tokens that do not come: because nobody may have one, or because their issuer was away."""

from collections.abc import Callable

import pytest
from google.auth import exceptions as auth
from google.auth.credentials import Credentials
from google.cloud import storage

from adapters.gcs_patience import Patience
from adapters.gcs_store import GcsStore
from adapters.pubsub_errors import translated
from adapters.secret_manager import read_secret
from tests.servers.cloud_storage import CloudStorage
from transfer.errors import LandfallError, Misconfigured, Unavailable


class Response:
    """As the library has it in its errors."""

    def __init__(self, status: int) -> None:
        self.status = status


def refused(cause: Exception | None = None, *, retryable: bool = False) -> auth.RefreshError:
    error = auth.RefreshError("canary", retryable=retryable)
    error.__cause__ = cause
    return error


def transport(status: int | None = None) -> auth.TransportError:
    details = () if status is None else (Response(status),)
    return auth.TransportError("canary", *details)


PASSES: dict[str, Callable[[], Exception]] = {
    # https://github.com/googleapis/google-auth-library-python/issues/1285
    "metadata server: 500": lambda: refused(transport(500)),
    # https://github.com/googleapis/google-auth-library-python/issues/1562
    "metadata server: 429": lambda: refused(transport(429)),
    "metadata server: no answer": lambda: refused(transport()),
    "no answer": transport,
    "issuer: try again": lambda: refused(retryable=True),
}
LASTS: dict[str, Callable[[], Exception]] = {
    "no account": lambda: refused(transport(404)),
    "revoked": refused,
}


class Failing(Credentials):
    """Gets its token after so many failures."""

    def __init__(self, error: Callable[[], Exception], times: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._error, self._left = error, times

    def refresh(self, request: object) -> None:
        if self._left:
            self._left -= 1
            raise self._error()
        self.token = "t"


def store(cloud: CloudStorage, credentials: Credentials) -> GcsStore:
    client = storage.Client("p", credentials, client_options={"api_endpoint": cloud.url})
    return GcsStore("landing", lambda: client, Patience(call_seconds=0.5))


@pytest.mark.parametrize("error", PASSES.values(), ids=PASSES)
def test_an_issuer_that_was_away_is_asked_again(
    cloud: CloudStorage, error: Callable[[], Exception]
) -> None:
    assert store(cloud, Failing(error, times=2)).stat("n") is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [(error, Unavailable) for error in PASSES.values()]
    + [(error, Misconfigured) for error in LASTS.values()],
    ids=[*PASSES, *LASTS],
)
def test_only_what_lasts_is_an_operators_matter(
    cloud: CloudStorage, error: Callable[[], Exception], expected: type[LandfallError]
) -> None:
    def no_client() -> object:
        raise error()

    def publish() -> None:
        with translated("projects/p/topics/t", "NOTIFICATION_TOPIC", "roles/pubsub.publisher"):
            raise error()

    for call in (
        lambda: store(cloud, Failing(error, times=10**6)).stat("n"),
        publish,
        lambda: read_secret("projects/p/secrets/s/versions/1", no_client),  # type: ignore[arg-type]
    ):
        with pytest.raises(expected) as failure:
            call()
        assert "canary" not in str(failure.value)
