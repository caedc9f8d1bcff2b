"""What Pub/Sub's failures mean."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.google_advice import advice
from adapters.google_credentials import are_missing, no_credentials
from transfer.errors import Misconfigured, NotifyUnavailable

_API = "pubsub.googleapis.com"


@contextmanager
def translated(resource: str, setting: str, role: str) -> Iterator[None]:
    """Turn the client library's exceptions into ours.

    `resource` is the topic or subscription, `setting` names it, and `role` allows its use.
    """
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth

    try:
        yield
    except api.NotFound:
        raise Misconfigured(
            f"{resource} does not exist: create it, or correct {setting}."
        ) from None
    except (api.PermissionDenied, api.Unauthenticated) as error:
        raise advice(error, resource, _API) or _forbidden(resource, role) from None
    except (api.InvalidArgument, api.FailedPrecondition) as error:
        raise NotifyUnavailable(
            f"Pub/Sub refused a call to {resource} ({type(error).__name__}): a topic must have no "
            "schema, a subscription must be of the pull type, and a Cloud KMS key must be enabled."
        ) from None
    except (api.GoogleAPIError, auth.GoogleAuthError, TimeoutError) as error:
        if are_missing(error):
            raise no_credentials() from None
        raise NotifyUnavailable(
            f"Pub/Sub did not acknowledge ({type(error).__name__}): it may or may not have been "
            "done."
        ) from None


def _forbidden(resource: str, role: str) -> Misconfigured:
    return Misconfigured(f"The service may not use {resource}: grant its account {role}.")
