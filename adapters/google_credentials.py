"""What it means that Google's libraries find no credentials, or none that still work."""

from transfer.errors import Misconfigured


def no_credentials() -> Misconfigured:
    return Misconfigured(
        "There are no usable Google credentials: run as a service account, or "
        "`gcloud auth application-default login`."
    )


def are_missing(error: Exception) -> bool:
    """Whether the library says that there are none, and not only that it got no token just now."""
    from google.auth import exceptions as auth

    is_said = isinstance(error, (auth.DefaultCredentialsError, auth.RefreshError))
    return is_said and not may_pass(error)


def may_pass(error: Exception) -> bool:
    """Whether no token came only because its issuer, or the metadata server, was away.

    Its library raises RefreshError for that as well.
    https://github.com/googleapis/google-auth-library-python/issues/1562
    """
    from google.auth import exceptions as auth

    cause = error.__cause__ if isinstance(error, auth.RefreshError) else error
    if isinstance(cause, auth.TransportError):
        response = cause.args[1] if len(cause.args) > 1 else None
        status = getattr(response, "status", 503)
        return status in (408, 429) or status >= 500
    return isinstance(error, auth.GoogleAuthError) and bool(error.retryable)
