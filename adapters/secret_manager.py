"""Google Secret Manager: where the API keys' digests may live.

Before it works: the service's account holds roles/secretmanager.secretAccessor.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.google_advice import advice
from adapters.google_credentials import are_missing, no_credentials
from transfer.errors import Misconfigured, Unavailable

if TYPE_CHECKING:
    from google.cloud.secretmanager import SecretManagerServiceClient

TIMEOUT_SECONDS = 10.0
"""Of all tries: gunicorn kills a worker that boots for a minute, and then nobody is told why."""
_API = "secretmanager.googleapis.com"
_SETTING = "API_KEYS_SECRET"


def _new_client() -> "SecretManagerServiceClient":
    """Import gRPC late: never before a fork, and not at all for keys from elsewhere."""
    from google.cloud.secretmanager import SecretManagerServiceClient

    return SecretManagerServiceClient()


def read_secret(
    version: str,
    new_client: Callable[[], "SecretManagerServiceClient"] = _new_client,
    seconds: float = TIMEOUT_SECONDS,
) -> str:
    """Return the payload of `projects/P/secrets/S/versions/V`.

    Raises:
        Misconfigured: It is missing, forbidden, or not UTF-8.
        Unavailable: Secret Manager does not answer.
    """
    from google.api_core import exceptions as api
    from google.api_core.retry import Retry
    from google.auth import exceptions as auth

    try:
        with new_client() as client:
            answer = client.access_secret_version(
                name=version, retry=Retry(timeout=seconds), timeout=seconds
            )
        return answer.payload.data.decode("utf-8")
    except UnicodeDecodeError:
        raise Misconfigured(
            f"{version} of {_SETTING} is not UTF-8: add a version that is."
        ) from None
    except (api.NotFound, api.FailedPrecondition):
        raise Misconfigured(
            f"{version} does not exist, or is disabled: add or enable it, or correct {_SETTING}."
        ) from None
    except (api.PermissionDenied, api.Unauthenticated) as error:
        # Without another reason it is the same as for a secret that is not there.
        raise advice(error, version, _API) or Misconfigured(
            f"{version} does not exist, or the service may not read it: create it, correct "
            f"{_SETTING}, or grant the service's account roles/secretmanager.secretAccessor."
        ) from None
    except (api.GoogleAPIError, auth.GoogleAuthError) as error:
        if are_missing(error):
            raise no_credentials() from None
        raise Unavailable(
            f"{version} of {_SETTING} cannot be read, for Secret Manager does not answer "
            f"({type(error).__name__}): see that this machine reaches "
            "secretmanager.googleapis.com, and that its Google credentials still work."
        ) from None
