"""Answers of Cloud Storage that refuse a request, and the reasons that they give.

Their texts may hold an object's name or the URL of an upload. So a reason comes from the answer's
structure, or from a message that is one of Cloud Storage's own from its first character to its
last. Nothing else of the text is kept.
https://cloud.google.com/storage/docs/json_api/v1/status-codes
"""

import json
import re
from typing import Any

from adapters import google_credentials
from adapters.kept_connections import Answer

_WORD = re.compile(r"[A-Za-z_]{1,60}")
_XML = re.compile(
    rb"\s{0,99}(?:<\?xml[^>]{0,100}\?>\s{0,99})?<Error>\s{0,99}<Code>([A-Za-z]{1,60})</Code>"
)
_MAX_BODY = 64 * 1024
_PASSING = {
    "ratelimitexceeded", "userratelimitexceeded", "quotaexceeded", "dailylimitexceeded", "slowdown",
}  # fmt: skip

# For reasons that say little, such as "forbidden", "invalid" and "conditionNotMet".
_MESSAGES = {
    re.compile(pattern, re.DOTALL): reason
    for pattern, reason in {
        # https://github.com/googleapis/python-storage/issues/1541
        r"Provided (CRC32C|MD5)( hash)? [\"']?[\w+/=]*[\"']? doesn't match calculated "
        r"\1( hash)? [\"']?[\w+/=]*[\"']?\.?": "hashMismatch",
        r"The specified bucket does not exist\.?": "noSuchBucket",
        r"Bucket is a requester pays bucket but no user project provided\.?": "userProjectMissing",
        # https://github.com/googleapis/java-storage/issues/1240
        r"Request violates constraint 'constraints/.*": "orgPolicyConstraintFailed",
        r"Constraint 'constraints/.*": "orgPolicyConstraintFailed",
        # https://github.com/treeverse/lakeFS/issues/1339
        r"Object '.*' is subject to \S+ retention \w+ and cannot be deleted, overwritten or "
        r"archived until [0-9T:.Z+-]+": "retentionPolicyNotMet",
        # https://github.com/googleapis/google-cloud-rust/issues/4046
        r"Object '.*' is under active \S+ hold and cannot be deleted, overwritten or archived "
        r"until hold is removed\.?": "objectUnderActiveHold",
        # https://github.com/googleapis/python-storage/issues/1456
        r"The (billing account for the owning|project to be billed) .*": "accountDisabled",
        r"Project \S+( \(#\d+\))? has billing disabled\..*": "accountDisabled",
        # https://github.com/googleapis/nodejs-storage/issues/1254
        r"Permission denied on Cloud KMS key\..*": "cloudKmsPermissionDenied",
        r"projects/\S+/cryptoKeyVersions/\d+ is not enabled, .*": "cloudKmsDisabledKey",
        # https://cloud.google.com/vpc-service-controls/docs/troubleshooting
        r"(VPC Service Controls: )?Request is prohibited by organization's policy\..*": (
            "vpcServiceControls"
        ),
        r"Request violates VPC Service Controls\.?": "vpcServiceControls",
    }.items()
}


class Refusal(Exception):
    """An answer other than success. `reason` is a word, or empty if none was given."""

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(f"{status} {reason}".strip())
        self.status = status
        self.reason = reason
        self.key = reason.replace("_", "").lower()
        """The reason, however it is spelt: JSON, XML and newer answers differ."""

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later.
        https://cloud.google.com/storage/docs/retry-strategy
        """
        return self.status in (408, 429) or self.status >= 500 or self.key in _PASSING


def may_pass(failure: Exception) -> bool:
    """Whether a request that failed like this is worth another try."""
    if isinstance(failure, Refusal):
        return failure.may_pass
    if isinstance(failure, (ConnectionError, TimeoutError)):
        return True
    return google_credentials.may_pass(failure)


def refusal_of(answer: Answer) -> Refusal:
    """Return what an answer other than success says."""
    body = answer.body[:_MAX_BODY]
    if found := _XML.match(body):
        return Refusal(answer.status, found[1].decode())
    try:
        error = json.loads(body)["error"]
        reason, message = _reason(error), str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        reason, message = "", body.decode("utf-8", "replace").strip()
    for pattern, known in _MESSAGES.items():
        if pattern.fullmatch(message):
            return Refusal(answer.status, known)
    return Refusal(answer.status, reason)


def _reason(error: Any) -> str:
    """`details` is the newer form, and the more exact where there are both.
    https://google.aip.dev/193
    """
    for part in (*error.get("details", ()), *error.get("errors", ())):
        word = part.get("reason")
        if isinstance(word, str) and _WORD.fullmatch(word):
            return word
    return ""
