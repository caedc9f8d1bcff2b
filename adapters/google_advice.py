"""What an operator can do about a refusal that any API of Google may give, by its reason.

https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
"""

from transfer.errors import Misconfigured

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
_BY_REASON = {
    "SERVICE_DISABLED": DISABLED_API,
    "BILLING_DISABLED": BILLING,
    "CONSUMER_SUSPENDED": BILLING,
    "SECURITY_POLICY_VIOLATED": PERIMETER,
}


def advice(reason: str | None, resource: str, api: str) -> Misconfigured | None:
    """Return what is to be mended; None if the reason says no more than the status does."""
    text = _BY_REASON.get(reason or "")
    return Misconfigured(text.format(resource=resource, api=api)) if text else None
