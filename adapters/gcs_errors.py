"""What Cloud Storage's failures mean. Foreign texts may hold a session URL: none is kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from adapters.google_credentials import no_credentials
from transfer.errors import Misconfigured, StoreUnavailable, TokenMoved, UploadLost


@contextmanager
def translated(bucket: str) -> Iterator[None]:
    """Turn the client libraries' exceptions into ours."""
    try:
        yield
    except api.PreconditionFailed:
        raise TokenMoved from None
    except (api.Forbidden, api.Unauthorized):
        raise forbidden(bucket) from None
    except api.NotFound:
        raise missing(bucket) from None
    except api.BadRequest as error:
        if "requester pays" in error.message:
            raise _requester_pays(bucket) from None
        raise StoreUnavailable("Cloud Storage failed (BadRequest).") from None
    except (auth.DefaultCredentialsError, auth.RefreshError):
        raise no_credentials() from None
    except (api.GoogleAPIError, auth.GoogleAuthError, requests.RequestException, OSError) as error:
        raise StoreUnavailable(f"Cloud Storage failed ({type(error).__name__}).") from None


def error_of_status(status: int, bucket: str) -> Exception:
    """Return our condition for an upload session's answer other than success."""
    if status == 412:
        return TokenMoved()
    if status in (401, 403):
        return forbidden(bucket)
    if status in (404, 410):
        return UploadLost("Cloud Storage no longer knows the upload.")
    return StoreUnavailable(f"Cloud Storage answered {status}.")


def forbidden(bucket: str) -> Misconfigured:
    return Misconfigured(
        f"Cloud Storage forbids access to the landing bucket {bucket}: grant the service's "
        "account roles/storage.objectUser on it."
    )


def missing(bucket: str) -> Misconfigured:
    return Misconfigured(
        f"The landing bucket {bucket} does not exist: create it, or correct LANDING_BUCKET."
    )


def _requester_pays(bucket: str) -> Misconfigured:
    return Misconfigured(
        f"The landing bucket {bucket} wants requests to name a project to bill, which Landfall "
        f"does not: `gcloud storage buckets update gs://{bucket} --no-requester-pays`."
    )
