"""What an operator can do about a refusal that any API of Google may give, by its reason.

A missing role is only one of the causes of PERMISSION_DENIED, and a role does not mend the others.
https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
"""

from typing import TYPE_CHECKING

from transfer.errors import Misconfigured

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

_DOMAIN = "googleapis.com"
BILLING = (
    "Billing is disabled for the project of {resource}, or the project is suspended: link an "
    "active billing account to it (`gcloud billing projects link`), or ask Google's support."
)
PERIMETER = (
    "VPC Service Controls block {resource}: let the service's account or network in by an ingress "
    "rule of the perimeter, or move both into the same perimeter."
)
DISABLED_API = (
    "The API {api} is disabled in the project: `gcloud services enable {api}`, and wait some "
    "minutes."
)
_PROJECT = "The project of {resource} does not exist or is being deleted: correct its name."
_POLICY = (
    "An organization policy forbids the use of {resource}: ask the organization's administrator."
)
_ACCOUNT = (
    "Google refuses the service's credentials for {resource}: run it as a service account that is "
    "enabled, or `gcloud auth application-default login`."
)
_BY_REASON = {
    "SERVICE_DISABLED": DISABLED_API,
    "BILLING_DISABLED": BILLING,
    "CONSUMER_SUSPENDED": BILLING,
    "GCP_SUSPENDED": BILLING,
    "CONSUMER_INVALID": _PROJECT,
    "RESOURCE_PROJECT_INVALID": _PROJECT,
    "USER_PROJECT_DENIED": "The service's account may not use its quota project: grant it "
    "roles/serviceusage.serviceUsageConsumer there.",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "The machine's access scopes are too narrow for {resource}: "
    "give it the scope cloud-platform.",
    "SECURITY_POLICY_VIOLATED": PERIMETER,
    "ORG_RESTRICTION_VIOLATION": _POLICY,
    "LOCATION_POLICY_VIOLATED": _POLICY,
    "RESOURCE_USAGE_RESTRICTION_VIOLATED": _POLICY,
    "ACCOUNT_STATE_INVALID": _ACCOUNT,
    "ACCESS_TOKEN_EXPIRED": _ACCOUNT,
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": _ACCOUNT,
    "CREDENTIALS_MISSING": _ACCOUNT,
}


def advice(error: "GoogleAPICallError", resource: str, api: str) -> Misconfigured | None:
    """Return what is to be mended; None if the error's reason says no more than its status does.

    `api` is the host of the API that was called, such as `pubsub.googleapis.com`.
    """
    text = _BY_REASON.get(error.reason or "") if error.domain == _DOMAIN else None
    return Misconfigured(text.format(resource=resource, api=api)) if text else None
