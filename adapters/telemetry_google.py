"""Google Cloud as the receiver of OTLP: whose account sends, and where from.

Before it works: the Telemetry API is enabled, and the service's account holds
roles/telemetry.writer. https://cloud.google.com/stackdriver/docs/reference/telemetry/overview
"""

import logging
import os
from collections.abc import Mapping

import google.auth
import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from transfer.errors import Misconfigured

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_METADATA = os.environ.get("GCE_METADATA_HOST", "metadata.google.internal")  # as Google's clients
_METADATA_SECONDS = 2.0
_log = logging.getLogger("landfall.telemetry")


def find_account() -> tuple[Credentials, str | None]:
    """Return the service's account, and its project if that is known.

    Raises:
        Misconfigured
    """
    try:
        credentials, project = google.auth.default(scopes=_SCOPES)
    except GoogleAuthError:
        raise Misconfigured(
            "Google Cloud gives no account to send telemetry with: run as a service account, or "
            "unset OTEL_EXPORTER_OTLP_ENDPOINT."
        ) from None
    return credentials, project


def new_session(credentials: Credentials) -> requests.Session:
    return AuthorizedSession(credentials)


def place(project: str | None, metadata_host: str = _METADATA) -> Mapping[str, str]:
    """Return what Google needs to know of where this runs, beside the names of the service.

    https://cloud.google.com/stackdriver/docs/reference/telemetry/v1.metrics
    """
    known = {"gcp.project_id": project, "cloud.availability_zone": _zone(metadata_host)}
    return {name: value for name, value in known.items() if value}


def _zone(metadata_host: str) -> str | None:
    url = f"http://{metadata_host}/computeMetadata/v1/instance/zone"
    try:
        answer = requests.get(url, headers={"Metadata-Flavor": "Google"}, timeout=_METADATA_SECONDS)
        answer.raise_for_status()
    except requests.RequestException:
        _log.warning(
            "The zone is not known: without cloud.availability_zone in OTEL_RESOURCE_ATTRIBUTES "
            "Google Cloud may refuse the metrics."
        )
        return None
    return answer.text.rpartition("/")[2]
