"""What it means that Google's libraries find no credentials, or none that still work."""

from transfer.errors import Misconfigured


def no_credentials() -> Misconfigured:
    return Misconfigured(
        "There are no usable Google credentials: run as a service account, or "
        "`gcloud auth application-default login`."
    )
