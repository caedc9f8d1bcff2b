"""Google Secret Manager: where the API keys' digests may live.

Before it works: the service's account holds roles/secretmanager.secretAccessor.
"""

from transfer.errors import Misconfigured

TIMEOUT_SECONDS = 10.0


def read_secret(version: str) -> str:
    """Return the payload of `projects/P/secrets/S/versions/V`.

    Raises:
        Misconfigured: It is missing, forbidden, or not UTF-8.
    """
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.secretmanager import SecretManagerServiceClient

    try:
        client = SecretManagerServiceClient()
        answer = client.access_secret_version(name=version, timeout=TIMEOUT_SECONDS)
        return answer.payload.data.decode("utf-8")
    except (GoogleAPIError, GoogleAuthError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"The secret {version} of API_KEYS_SECRET cannot be read ({type(error).__name__}): "
            "create it and grant the service's account roles/secretmanager.secretAccessor."
        ) from None
