"""What an operator can do about a refusal of Cloud Storage, by its documented reason.

https://cloud.google.com/storage/docs/json_api/v1/status-codes
"""

from adapters.gcs_refusals import Refusal
from adapters.google_advice import BILLING, DISABLED_API, PERIMETER
from transfer.errors import Misconfigured

_UPDATE = "`gcloud storage buckets update gs://{bucket}"
_REQUESTER_PAYS = (
    "The landing bucket {bucket} wants requests to name a project to bill, which Landfall does "
    f"not: {_UPDATE} --no-requester-pays`."
)
_KEY = (
    "The Cloud KMS key that encrypts the landing bucket {bucket} is disabled, destroyed, missing "
    "or in another location: enable or restore its version, or set another key "
    f"({_UPDATE} --default-encryption-key=KEY`)."
)
_FORBIDDEN = (
    "Cloud Storage forbids access to the landing bucket {bucket}: grant the service's account "
    "roles/storage.objectUser on it."
)
_CREDENTIALS = (
    "Cloud Storage does not accept the service's Google credentials for the landing bucket "
    "{bucket}: see that its account is enabled and its key not revoked, or "
    "`gcloud auth application-default login`."
)
_BY_REASON = {
    "noSuchBucket": (
        "The landing bucket {bucket} does not exist: create it, or correct LANDING_BUCKET."
    ),
    "retentionPolicyNotMet": (
        "A retention policy of the landing bucket {bucket} forbids to replace or delete the "
        f"object yet: {_UPDATE} --clear-retention-period`, unless the policy is locked, or set "
        "OBJECT_NAME so that each version has a name of its own."
    ),
    "objectUnderActiveHold": (
        "A hold on the object in the landing bucket {bucket} forbids to replace or delete it: "
        "`gcloud storage objects update gs://{bucket}/NAME --no-event-based-hold "
        f"--no-temporary-hold`, and {_UPDATE} --no-default-event-based-hold` for new ones."
    ),
    "accountDisabled": BILLING,
    "accountProblem": BILLING,
    "billingDisabled": BILLING,
    "billingNotEnabled": BILLING,
    "consumerSuspended": BILLING,
    "userProjectAccountProblem": BILLING,
    "userProjectMissing": _REQUESTER_PAYS,
    "userProjectInvalid": _REQUESTER_PAYS,
    "userProjectAccessDenied": _REQUESTER_PAYS,
    "authenticationRequiredRequesterPays": _REQUESTER_PAYS,
    "cloudKmsBadKey": _KEY,
    "cloudKmsDecryptionKeyNotFound": _KEY,
    "cloudKmsDisabledKey": _KEY,
    "cloudKmsEncryptionKeyNotFound": _KEY,
    "cloudKmsKeyLocationNotAllowed": _KEY,
    "cloudKmsPermissionDenied": (
        "Cloud Storage may not use the Cloud KMS key of the landing bucket {bucket}: grant the "
        "project's Cloud Storage service agent roles/cloudkms.cryptoKeyEncrypterDecrypter on it "
        "(`gcloud storage service-agent --authorize-cmek=KEY`)."
    ),
    "vpcServiceControls": PERIMETER,
    "securityPolicyViolated": PERIMETER,
    "orgPolicyConstraintFailed": (
        "An organization policy (constraints/storage...) forbids the request to the landing bucket "
        "{bucket}: `gcloud org-policies list` shows which apply; change the bucket or the policy."
    ),
    "resourceIsEncryptedWithCustomerEncryptionKey": (
        "The object in the landing bucket {bucket} is encrypted with a key that its writer "
        "supplied (CSEK), which Landfall does not have: delete or rename that object."
    ),
    "accessNotConfigured": DISABLED_API,
    "serviceDisabled": DISABLED_API,
    "countryBlocked": (
        "Google may not serve Cloud Storage to the country that the service's requests come from: "
        "run it elsewhere."
    ),
    "insufficientPermissions": _FORBIDDEN,
    "forbidden": _FORBIDDEN,
    "accessDenied": _FORBIDDEN,
    "authError": _CREDENTIALS,
    "accountStateInvalid": _CREDENTIALS,
}
_ADVICE = {reason.lower(): text for reason, text in _BY_REASON.items()}
_BY_STATUS = {401: _CREDENTIALS, 403: _FORBIDDEN}
_DENIED = {"", "forbidden", "accessdenied", "insufficientpermissions"}


def advice(refusal: Refusal, bucket: str) -> Misconfigured | None:
    """Return what is to be mended; None if no setting is known to be the cause."""
    known = _ADVICE.get(refusal.key)
    text = known or _BY_STATUS.get(refusal.status)
    if text is None:
        return None
    said = text.format(
        bucket=bucket, resource=f"the landing bucket {bucket}", api="storage.googleapis.com"
    )
    return Misconfigured(said if known or not refusal.reason else f"{said} ({refusal})")


def lacks_permission(refusal: Refusal) -> bool:
    """Whether nothing but a missing permission is the cause."""
    return refusal.status == 403 and refusal.key in _DENIED
