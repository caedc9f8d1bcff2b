"""Google Secret Manager: where the API keys' digests may live.

Before it works: the service's account holds roles/secretmanager.secretAccessor.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from transfer.errors import Misconfigured

if TYPE_CHECKING:
    from google.cloud.secretmanager import SecretManagerServiceClient

TIMEOUT_SECONDS = 10.0


def _new_client() -> "SecretManagerServiceClient":
    """Import gRPC late: never before a fork, and not at all for keys from elsewhere."""
    from google.cloud.secretmanager import SecretManagerServiceClient

    return SecretManagerServiceClient()


def read_secret(
    version: str, new_client: Callable[[], "SecretManagerServiceClient"] = _new_client
) -> str:
    """Return the payload of `projects/P/secrets/S/versions/V`.

    Raises:
        Misconfigured: It is missing, forbidden, or not UTF-8.
    """
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    try:
        with new_client() as client:
            answer = client.access_secret_version(name=version, timeout=TIMEOUT_SECONDS)
        return answer.payload.data.decode("utf-8")
    except (GoogleAPIError, GoogleAuthError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"The secret {version} of API_KEYS_SECRET cannot be read ({type(error).__name__}): "
            "create it and grant the service's account roles/secretmanager.secretAccessor."
        ) from None
