"""Why a Google API refuses a call, by the reason that it sends beside the status.

A missing role is only one of the causes of PERMISSION_DENIED, and a role does not mend the others.
https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
"""

from google.api_core.exceptions import GoogleAPICallError

_DOMAIN = "googleapis.com"
_PERIMETER = (
    "a VPC Service Controls perimeter blocks the call: allow the service's account and this "
    "network in its ingress rules"
)
_ORGANISATION = "an organisation policy forbids it: ask the organisation's administrator"
_TOKEN = "its credentials are refused: run as a service account that is enabled"  # noqa: S105
_REMEDIES = {
    "SERVICE_DISABLED": "the API {api} is not enabled in the project: `gcloud services enable "
    "{api}`",
    "BILLING_DISABLED": "billing is disabled for the project: link an open billing account",
    "CONSUMER_SUSPENDED": "the project is suspended: see its notices in the Google Cloud console",
    "GCP_SUSPENDED": "the project is suspended: see its notices in the Google Cloud console",
    "CONSUMER_INVALID": "the project does not exist or is being deleted: correct its name",
    "RESOURCE_PROJECT_INVALID": "the project does not exist or is being deleted: correct its name",
    "USER_PROJECT_DENIED": "the account may not use its quota project: grant it "
    "roles/serviceusage.serviceUsageConsumer there",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "the machine's access scopes are too narrow: give it the "
    "scope cloud-platform",
    "SECURITY_POLICY_VIOLATED": _PERIMETER,
    "ORG_RESTRICTION_VIOLATION": _ORGANISATION,
    "LOCATION_POLICY_VIOLATED": _ORGANISATION,
    "RESOURCE_USAGE_RESTRICTION_VIOLATED": _ORGANISATION,
    "ACCOUNT_STATE_INVALID": _TOKEN,
    "ACCESS_TOKEN_EXPIRED": _TOKEN,
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": _TOKEN,
    "CREDENTIALS_MISSING": _TOKEN,
}


def remedy_of(error: GoogleAPICallError, api: str) -> str | None:
    """Return the cause and what to do about it; None if the error names no cause known here.

    `api` is the host of the API that was called, such as `pubsub.googleapis.com`.
    """
    if error.domain != _DOMAIN or error.reason not in _REMEDIES:
        return None
    return _REMEDIES[error.reason].format(api=api)
