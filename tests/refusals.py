"""Refusals of Cloud Storage, as public reports show them: status, reason, message, and what to do.

In the messages `{name}` stands for an object's name.
"""

from dataclasses import dataclass

from tests.servers.cloud_storage_faults import Answer


@dataclass(frozen=True)
class Told:
    """A refusal, and words of the advice that must follow."""

    status: int
    reason: str | None
    message: str
    words: str

    def fault(self, name: str = "n") -> Answer:
        return Answer(self.status, self.message.replace("{name}", name), self.reason)


_BILLING = "billing"
_KEY = "Cloud KMS key"
_PAYS = "--no-requester-pays"
MISCONFIGURED = {
    "retention": Told(
        403, "retentionPolicyNotMet", "Object is under retention.", "--clear-retention-period"
    ),
    # https://github.com/treeverse/lakeFS/issues/1339
    "retention, by its message": Told(
        403,
        "forbidden",
        "Object 'landing/{name}' is subject to bucket's retention policy and cannot be deleted, "
        "overwritten or archived until 2021-02-05T11:36:47.70576-08:00",
        "--clear-retention-period",
    ),
    "hold": Told(403, "objectUnderActiveHold", "Object is held.", "hold"),
    # https://github.com/googleapis/google-cloud-rust/issues/4046
    "hold, by its message": Told(
        403,
        "forbidden",
        "Object 'landing/{name}' is under active Event-Based hold and cannot be deleted, "
        "overwritten or archived until hold is removed.",
        "--no-default-event-based-hold",
    ),
    # https://github.com/googleapis/python-storage/issues/1456
    "billing": Told(
        403,
        "accountDisabled",
        "The billing account for the owning project is disabled in state absent",
        _BILLING,
    ),
    # https://github.com/googleapis/nodejs-storage/issues/769
    "billing, by its message": Told(
        403,
        "forbidden",
        "The project to be billed is associated with an absent billing account.",
        _BILLING,
    ),
    # https://github.com/GoogleCloudPlatform/java-docs-samples/issues/276
    "billing, off": Told(
        403, "forbidden", "Project p-1 (#8084) has billing disabled. Please enable it.", _BILLING
    ),
    "billing, newer": Told(403, "BILLING_DISABLED", "Billing.", _BILLING),
    "KMS key disabled": Told(400, "cloudKmsDisabledKey", "Key is disabled.", _KEY),
    "KMS key gone": Told(400, "cloudKmsEncryptionKeyNotFound", "No key.", _KEY),
    "KMS key elsewhere": Told(400, "cloudKmsKeyLocationNotAllowed", "Location.", _KEY),
    "KMS key bad": Told(400, "cloudKmsBadKey", "Bad key.", _KEY),
    "KMS key of what is there": Told(400, "cloudKmsDecryptionKeyNotFound", "No key.", _KEY),
    "KMS key version": Told(
        400,
        "failedPrecondition",
        "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1 is not enabled, "
        "current state is: DISABLED.",
        _KEY,
    ),
    # https://github.com/googleapis/nodejs-storage/issues/1254
    "KMS key not allowed": Told(
        403,
        "forbidden",
        "Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account "
        "has been authorized to use this key.",
        "roles/cloudkms.cryptoKeyEncrypterDecrypter",
    ),
    # https://github.com/cloudquery/cloudquery/issues/1062
    "VPC Service Controls": Told(
        403,
        "SECURITY_POLICY_VIOLATED",
        "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: a-_Z",
        "perimeter",
    ),
    # https://github.com/broadinstitute/gatk/pull/9053
    "VPC Service Controls, by its message": Told(
        403,
        "forbidden",
        "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: a-_Z",
        "perimeter",
    ),
    "requester pays": Told(400, "userProjectMissing", "No project.", _PAYS),
    "requester pays, by its message": Told(
        400,
        "required",
        "Bucket is a requester pays bucket but no user project provided.",
        _PAYS,
    ),
    "requester pays, project": Told(403, "UserProjectAccessDenied", "Not yours.", _PAYS),
    "organization policy": Told(
        412,
        "orgPolicyConstraintFailed",
        "Request violates an OrgPolicy constraint.",
        "organization policy",
    ),
    # https://github.com/googleapis/java-storage/issues/1240
    "organization policy, as a condition": Told(
        412,
        "conditionNotMet",
        "Request violates constraint 'constraints/storage.uniformBucketLevelAccess'",
        "organization policy",
    ),
    # https://github.com/terraform-google-modules/terraform-google-cloud-storage/issues/4
    "organization policy, older": Told(
        412,
        "conditionNotMet",
        "Constraint 'constraints/storage.bucketPolicyOnly' violated for 'projects/p' enabling "
        "legacy object ACLs",
        "organization policy",
    ),
    "API": Told(403, "accessNotConfigured", "Not enabled.", "services enable storage"),
    "API, newer": Told(403, "SERVICE_DISABLED", "Not enabled.", "services enable storage"),
    "country": Told(403, "countryBlocked", "Not there.", "country"),
    "a key of its own": Told(400, "resourceIsEncryptedWithCustomerEncryptionKey", "CSEK.", "CSEK"),
    "permissions": Told(403, "insufficientPermissions", "No.", "roles/storage.objectUser"),
    "forbidden": Told(
        403,
        "forbidden",
        "a@b does not have storage.objects.get access to the Google Cloud Storage object. "
        "Permission 'storage.objects.get' denied on resource (or it may not exist).",
        "roles/storage.objectUser",
    ),
    "forbidden, unknown reason": Told(403, "newReason", "?", r"objectUser.*\(403 newReason\)"),
    "forbidden, plain text": Told(403, None, "Forbidden", "roles/storage.objectUser"),
    "credentials": Told(401, "authError", "Invalid Credentials", "Google credentials"),
}
PASSES = {
    "request timed out": Told(408, "uploadBrokenConnection", "Broken.", "408"),
    "too many": Told(429, "rateLimitExceeded", "The object exceeded the rate limit.", "429"),
    "rate limit": Told(403, "rateLimitExceeded", "Rate.", "rateLimitExceeded"),
    "rate limit of a user": Told(403, "userRateLimitExceeded", "Rate.", "userRateLimitExceeded"),
    "quota": Told(403, "quotaExceeded", "Quota.", "quotaExceeded"),
    "quota of a day": Told(403, "dailyLimitExceeded", "Quota.", "dailyLimitExceeded"),
    "quota, newer": Told(403, "RATE_LIMIT_EXCEEDED", "Rate.", "RATE_LIMIT_EXCEEDED"),
    "internal": Told(500, "internalError", "We failed.", "500 internalError"),
    "bad gateway": Told(502, None, "Bad Gateway", "502"),
    "back end": Told(503, "backendError", "Back end.", "503 backendError"),
    "gateway": Told(504, None, "Gateway Timeout", "504"),
}
"""Such as are worth another try. https://cloud.google.com/storage/docs/retry-strategy"""
INVALID = {
    "too much metadata": Told(
        400, "invalid", "The total size of the metadata is too large.", "400 invalid"
    ),
    "content type": Told(
        400, "badRequest", "Content-Type of the upload does not match.", "400 badRequest"
    ),
    "name": Told(400, "invalidArgument", "Invalid object name: '{name}'", "400 invalidArgument"),
    "conflict": Told(409, "conflict", "Somebody else.", "409 conflict"),
    "too large": Told(413, "uploadTooLarge", "More than 5 TiB.", "413 uploadTooLarge"),
    "plain text": Told(400, None, "Failed to parse Content-Range header.", "400"),
}
"""Such as no setting is the cause of."""
# https://github.com/googleapis/python-storage/issues/1541
HASH = {
    "CRC32C": 'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "2HvlZg==".',
    "CRC32C, bare": "Provided CRC32C xMvOLw== doesn't match calculated CRC32C ObqI+Q==",
    "MD5": (
        'Provided MD5 hash "1B2M2Y8AsgTpgAmY7PhCfg==" doesn\'t match calculated MD5 hash '
        '"XUFAKrxLKna5cZ2REBfFkg==".'
    ),
}
PHRASES = [
    "bucket does not exist",
    "The specified bucket does not exist.",
    "requester pays",
    *(told.message for told in (*MISCONFIGURED.values(), *PASSES.values())),
    *HASH.values(),
    *(told.reason for told in MISCONFIGURED.values() if told.reason),
    '","errors":[{"reason":"accountDisabled"}],"x":"',
    "<Error><Code>NoSuchBucket</Code></Error>",
]
"""Parts of names that look like what a refusal says."""
