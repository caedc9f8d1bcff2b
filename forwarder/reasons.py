"""What each reason of Landfall's refusals means, and what to do: in our words, never in those that
were answered.

Whatever is at a wrong URL may send back what it was sent: the presigned URL, or the API key.
"""

from typing import Any

from forwarder.s3_refusals import LATER, code_in, refusal

RIGHT_URL = "check ENDPOINT_URL: it must be the URL of Landfall's /processmessage"
CHECK_KEY = "check the API key, in ENDPOINT_API_KEY or its secret, against Landfall's API_KEYS"
ALLOW_BUCKET = "allow the bucket for this key in Landfall's API_KEYS and SOURCE_BUCKETS"
OTHER_VERSION = (
    "Landfall does not take such a request: use a forwarder and a Landfall of the same version, "
    "and check what is between the two"
)
LOG = "Landfall's log says more"
MAX_SAID = 2000
"""Characters of an explanation that are looked at."""

REASONS = {
    "MALFORMED_BODY": OTHER_VERSION,
    "INVALID_MESSAGE": f"Landfall cannot land an object of such a bucket, key or ETag: {LOG}",
    "URL_REFUSED": "Landfall takes no such presigned URL: check S3_PARTITIONS and S3_ENDPOINTS of "
    f"Landfall, and that PIN_VERSIONS fits its OBJECT_NAME; {LOG}",
    "KEY_IN_QUERY": RIGHT_URL,
    "METHOD_OVERRIDE": OTHER_VERSION,
    "API_KEY_MISSING": CHECK_KEY,
    "API_KEY_INVALID": CHECK_KEY,
    "BUCKET_NOT_ALLOWED": ALLOW_BUCKET,
    "NOT_FOUND": RIGHT_URL,
    "NOT_LANDED": RIGHT_URL,
    "METHOD_NOT_ALLOWED": RIGHT_URL,
    "SOURCE_GONE": "S3 has no such object any more, or not in this bucket",
    "BODY_TOO_LARGE": "the message is too large for Landfall: land an object with a shorter key",
    "OBJECT_TOO_LARGE": "the object is larger than MAX_OBJECT_BYTES of Landfall: raise that",
    "NOT_JSON": OTHER_VERSION,
    "SOURCE_REFUSED": "S3 did not give the object to Landfall: check that the function's role may "
    f"read it, and that it is not archived; {LOG}",
    "RATE_LIMITED": "lower the function's concurrency, or raise Landfall's MAX_MESSAGES_PER_MINUTE",
    "MISCONFIGURED": f"Landfall cannot use its landing bucket or its topic: {LOG}",
    "INTERNAL": f"Landfall failed: {LOG}",
    "URL_EXPIRED": "the presigned URL had expired before Landfall could use it: raise "
    f"URL_EXPIRES_SECONDS if that happens often; {LATER}",
    "SOURCE_UNAVAILABLE": f"Landfall could not read the object from S3: {LATER}",
    "SOURCE_CORRUPT": f"what Landfall read from S3 is not what S3 had announced: {LATER}",
    "STORE_UNAVAILABLE": f"Landfall's landing bucket does not work now: {LATER}",
    "NOTIFY_UNAVAILABLE": f"Landfall's topic does not work now: {LATER}",
    "OVERLOADED": f"Landfall has no room for another transfer now: {LATER}",
    "DRAINING": f"this instance of Landfall is about to end: {LATER}",
    "STARTING": f"this instance of Landfall is starting: {LATER}",
}
"""Landfall's reasons: a test compares them with those of its code."""
OF_STATUS = {
    401: CHECK_KEY,
    403: ALLOW_BUCKET,
    404: RIGHT_URL,
    405: RIGHT_URL,
    429: REASONS["RATE_LIMITED"],
}


def reason_of(status: int, answer: Any) -> str:
    """Return the reason that the parsed answer names, if it is known; else such as `HTTP_502`."""
    reason = at(answer, "error", "details", 0, "reason")
    return reason if isinstance(reason, str) and reason in REASONS else f"HTTP_{status}"


def advice_for(status: int, reason: str, said: Any, *, from_landfall: bool) -> str:
    """Return what to do about a refusal, empty if there is nothing to do but to try again.

    Of `said`, what was answered as its explanation, only a known error code of S3 is used.
    """
    if from_landfall:
        code = code_in(said[:MAX_SAID]) if isinstance(said, str) else None
        if reason == "SOURCE_REFUSED" and code is not None:
            advice = refusal(403, code, said[:MAX_SAID], "s3:GetObject").advice
            return f"S3 answered it {code}: {advice}"
        return REASONS.get(reason) or OF_STATUS.get(status, "")
    if is_by_gateway(status, from_landfall=from_landfall):
        return f"{RIGHT_URL}; if it is right, {CHECK_KEY} and the gateway"
    return OF_STATUS.get(status) or (RIGHT_URL if status < 500 else "")


def is_by_gateway(status: int, *, from_landfall: bool) -> bool:
    """Whether it is as Google's gateway refuses an unknown, expired or restricted key."""
    return not from_landfall and status in (400, 401, 403)


def at(value: Any, *path: str | int) -> Any:
    """Return what is at the path in parsed JSON, None if the JSON is of another shape."""
    try:
        for step in path:
            value = value[step]
    except (IndexError, KeyError, TypeError):
        return None
    return value
