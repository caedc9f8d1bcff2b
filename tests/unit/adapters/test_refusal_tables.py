"""Every error code of S3, and every reason of Cloud Storage, that has words of its own."""

import pytest

from adapters.gcs_advice import advice, lacks_permission
from adapters.gcs_errors import meaning_of
from adapters.gcs_refusals import Refusal
from adapters.s3_refusals import BUSY, BY_CODE, GONE
from adapters.s3_refusals import meaning_of as meaning_at_s3
from transfer.errors import Misconfigured, SourceRefused, StoreUnavailable, TokenMoved, UrlExpired

LATER = (
    "RequestTimeout SlowDown SlowDownRead ServiceUnavailable InternalError Throttling "
    "ThrottlingException RequestThrottled RequestLimitExceeded TooManyRequests "
    "TooManyRequestsException BandwidthLimitExceeded Busy OperationAborted "
    "XMinioServerNotInitialized KMS.ThrottlingException KMS.KeyUnavailableException "
    "KMS.KMSInternalException KMS.DependencyTimeoutException KMS.InternalFailureException"
)
SIGN_AGAIN = {
    "ExpiredToken": "session token in the presigned URL has expired",
    "TokenRefreshRequired": "session token in the presigned URL has expired",
    "RequestTimeTooSkewed": "set the signer's clock",
    "RequestExpired": "presigned URL has expired",
}
REFUSED = {
    "InvalidToken": "Regional STS endpoint",
    "InvalidAccessKeyId": "does not know the access key",
    "SignatureDoesNotMatch": "changed on its way",
    "AccessDenied": "s3:GetObject",
    "IllegalLocationConstraintException": "another Region",
    "AuthorizationHeaderMalformed": "cannot read the signature parameters",
    "AuthorizationQueryParametersError": "cannot read the signature parameters",
    "InvalidObjectState": "restore it",
    "ObjectNotInActiveTierError": "restore it",
    "AllAccessDisabled": "ask AWS Support",
    "AccountProblem": "account",
    "NotSignedUp": "account",
    "OptInRequired": "account",
    "UserSuspended": "account",
    "MethodNotAllowed": "delete marker",
    "KMS.AccessDeniedException": "kms:Decrypt",
    "KMS.DisabledException": "is disabled: enable it",
    "KMS.NotFoundException": "does not exist",
    "KMS.KMSInvalidStateException": "KMS key",
    "KMS.InvalidStateException": "KMS key",
    "KMSNotConfigured": "KMS",
    "XMinioKMSNotConfigured": "KMS",
    "XMinioInvalidObjectName": "MinIO does not take this object's name",
}


def test_codes_for_later_and_of_what_is_gone() -> None:
    assert set(LATER.split()) == BUSY
    assert {"NoSuchKey", "NoSuchVersion", "NoSuchBucket"} == GONE


def test_every_code_of_s3_is_written_out_here() -> None:
    assert BY_CODE.keys() == SIGN_AGAIN.keys() | REFUSED.keys()


@pytest.mark.parametrize("code", SIGN_AGAIN)
def test_a_code_that_a_fresh_url_helps_against(code: str) -> None:
    meaning = meaning_at_s3(code, "")

    assert meaning.error is UrlExpired
    assert SIGN_AGAIN[code] in meaning.text


@pytest.mark.parametrize("code", REFUSED)
def test_a_code_that_a_fresh_url_does_not_help_against(code: str) -> None:
    meaning = meaning_at_s3(code, "")

    assert meaning.error is SourceRefused
    assert REFUSED[code] in meaning.text


BILLING, PAYS, KEY = (
    "gcloud billing projects link",
    "--no-requester-pays",
    "--default-encryption-key",
)
PERIMETER, POLICY, ROLE = "ingress rule", "gcloud org-policies list", "roles/storage.objectUser"
CREDENTIALS, ENABLE = "does not accept the service's Google credentials", "gcloud services enable"
REASONS = {
    "noSuchBucket": "does not exist: create it",
    "retentionPolicyNotMet": "--clear-retention-period",
    "objectUnderActiveHold": "--no-event-based-hold",
    **dict.fromkeys(
        ["accountDisabled", "accountProblem", "billingDisabled", "billingNotEnabled"], BILLING
    ),
    **dict.fromkeys(["consumerSuspended", "userProjectAccountProblem"], BILLING),
    **dict.fromkeys(["userProjectMissing", "userProjectInvalid", "userProjectAccessDenied"], PAYS),
    "authenticationRequiredRequesterPays": PAYS,
    **dict.fromkeys(
        ["cloudKmsBadKey", "cloudKmsDecryptionKeyNotFound", "cloudKmsDisabledKey"], KEY
    ),
    **dict.fromkeys(["cloudKmsEncryptionKeyNotFound", "cloudKmsKeyLocationNotAllowed"], KEY),
    "cloudKmsPermissionDenied": "--authorize-cmek",
    **dict.fromkeys(["vpcServiceControls", "securityPolicyViolated"], PERIMETER),
    "orgPolicyConstraintFailed": POLICY,
    "resourceIsEncryptedWithCustomerEncryptionKey": "delete or rename that object",
    **dict.fromkeys(["accessNotConfigured", "serviceDisabled"], ENABLE),
    "countryBlocked": "run it elsewhere",
    **dict.fromkeys(["insufficientPermissions", "forbidden", "accessDenied"], ROLE),
    **dict.fromkeys(["authError", "accountStateInvalid"], CREDENTIALS),
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_of_cloud_storage_has_its_remedy_however_it_is_spelt(reason: str) -> None:
    for spelling in (reason, reason.upper(), f"{reason[:4]}_{reason[4:]}"):
        found = advice(Refusal(400, spelling), "landing")

        assert isinstance(found, Misconfigured)
        assert REASONS[reason] in str(found)


def test_a_status_without_a_known_reason_has_the_remedy_of_the_status() -> None:
    assert ROLE in str(advice(Refusal(403), "landing"))
    assert CREDENTIALS in str(advice(Refusal(401), "landing"))
    assert str(advice(Refusal(403, "unheardOf"), "landing")).endswith("(403 unheardOf)")
    assert advice(Refusal(400, "invalid"), "landing") is None


@pytest.mark.parametrize("reason", ["", "forbidden", "accessDenied", "insufficientPermissions"])
def test_only_a_403_without_another_cause_is_a_missing_permission(reason: str) -> None:
    assert lacks_permission(Refusal(403, reason))
    assert not lacks_permission(Refusal(401, reason))
    assert not lacks_permission(Refusal(403, "accountDisabled"))


@pytest.mark.parametrize("reason", ["hashMismatch", "BadDigest"])
def test_a_refused_hash_has_the_destination_read_if_the_call_was_conditional(reason: str) -> None:
    refusal = Refusal(400, reason)

    assert isinstance(meaning_of(refusal, "landing", is_conditional=True), TokenMoved)
    assert isinstance(meaning_of(refusal, "landing", is_conditional=False), StoreUnavailable)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_never_an_operators_matter(status: int) -> None:
    refusal = Refusal(status, "forbidden")

    assert isinstance(meaning_of(refusal, "landing", is_conditional=True), StoreUnavailable)


@pytest.mark.parametrize(
    "reason", ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "SlowDown"]
)
def test_a_limit_passes_whatever_its_status(reason: str) -> None:
    assert Refusal(403, reason).may_pass
    assert isinstance(
        meaning_of(Refusal(403, reason), "landing", is_conditional=False), StoreUnavailable
    )


def test_a_404_of_a_call_that_names_no_object_is_the_buckets() -> None:
    found = meaning_of(Refusal(404, "notFound"), "landing", is_conditional=True)

    assert isinstance(found, Misconfigured)
    assert "The landing bucket landing does not exist" in str(found)
