"""Errors as answers: one table, one form, for every path and method.

https://google.aip.dev/193
"""

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from handlers.request_log import fail
from transfer.errors import LandfallError

TABLE = {
    "MALFORMED_BODY": (400, "INVALID_ARGUMENT"),
    "INVALID_MESSAGE": (400, "INVALID_ARGUMENT"),
    "URL_REFUSED": (400, "INVALID_ARGUMENT"),
    "KEY_IN_QUERY": (400, "INVALID_ARGUMENT"),
    "METHOD_OVERRIDE": (400, "INVALID_ARGUMENT"),
    "API_KEY_MISSING": (401, "UNAUTHENTICATED"),
    "API_KEY_INVALID": (401, "UNAUTHENTICATED"),
    "BUCKET_NOT_ALLOWED": (403, "PERMISSION_DENIED"),
    "NOT_FOUND": (404, "NOT_FOUND"),
    "NOT_LANDED": (404, "NOT_FOUND"),
    "METHOD_NOT_ALLOWED": (405, "UNIMPLEMENTED"),
    "SOURCE_GONE": (410, "FAILED_PRECONDITION"),
    "BODY_TOO_LARGE": (413, "INVALID_ARGUMENT"),
    "OBJECT_TOO_LARGE": (413, "INVALID_ARGUMENT"),
    "NOT_JSON": (415, "INVALID_ARGUMENT"),
    "SOURCE_REFUSED": (422, "FAILED_PRECONDITION"),
    "RATE_LIMITED": (429, "RESOURCE_EXHAUSTED"),
    "MISCONFIGURED": (500, "INTERNAL"),
    "INTERNAL": (500, "INTERNAL"),
    "URL_EXPIRED": (503, "UNAVAILABLE"),
    "SOURCE_UNAVAILABLE": (503, "UNAVAILABLE"),
    "SOURCE_CORRUPT": (503, "UNAVAILABLE"),
    "STORE_UNAVAILABLE": (503, "UNAVAILABLE"),
    "NOTIFY_UNAVAILABLE": (503, "UNAVAILABLE"),
    "OVERLOADED": (503, "UNAVAILABLE"),
    "DRAINING": (503, "UNAVAILABLE"),
    "STARTING": (503, "UNAVAILABLE"),
}

# What a caller reads instead of details, which go to our log.
SERVER_TEXTS = {
    500: "Landfall failed. This is not done: an operator must look at the log, then send it again.",
    503: "Landfall cannot finish this now. It is not done: send it again, a message with a "
    "freshly signed URL.",
}
_REASONS = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "BODY_TOO_LARGE", 415: "NOT_JSON"}
_TEXTS = {
    404: "There is no such path. Messages are sent by POST to /processmessage.",
    405: "This path does not take that method. See the Allow header.",
    413: "The body is larger than 64 KiB, which no message is.",
}
UNREADABLE = "The request cannot be read."


class RequestRefused(Exception):
    """The HTTP request is at fault, whatever its message says."""

    def __init__(
        self, reason: str, text: str, allow: str | None = None, for_log: str | None = None
    ) -> None:
        """`for_log` is for the operator instead of the text, which the caller reads."""
        super().__init__(text)
        self.reason = reason
        self.allow = allow
        self.for_log = for_log or text


def envelope(reason: str, text: str) -> tuple[int, dict[str, object]]:
    """Return the status and the body for a reason of the table."""
    code, status = TABLE[reason]
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "landfall",
    }
    return code, {"error": {"code": code, "status": status, "message": text, "details": [detail]}}


def answer_with(reason: str, text: str, retry_after: int | None = None) -> Response:
    """Return the answer for a reason of the table."""
    code, body = envelope(reason, text)
    answer = jsonify(body)
    answer.status_code = code
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    if code == 401:
        answer.headers["WWW-Authenticate"] = "ApiKey"
    return answer


def answer_errors(app: Flask) -> None:
    """Make every failure of the app an answer in this form."""
    app.register_error_handler(LandfallError, _landfall_error)
    app.register_error_handler(RequestRefused, _request_refused)
    app.register_error_handler(HTTPException, _http_exception)
    app.register_error_handler(Exception, _unexpected)


def _landfall_error(error: LandfallError) -> Response:
    code, _ = TABLE[error.reason]
    fail(error.reason, code, f"{error.reason} ({code}): {error}")
    return answer_with(error.reason, SERVER_TEXTS.get(code, str(error)), error.retry_after)


def _request_refused(error: RequestRefused) -> Response:
    code, _ = TABLE[error.reason]
    fail(error.reason, code, f"{error.reason}: {error.for_log}")
    answer = answer_with(error.reason, str(error))
    if error.allow is not None:
        answer.headers["Allow"] = error.allow
    return answer


def _http_exception(error: HTTPException) -> Response:
    code = error.code or 500
    if code >= 500:
        return _unexpected(error)
    reason, text = _REASONS.get(code, "MALFORMED_BODY"), _TEXTS.get(code, UNREADABLE)
    fail(reason, code, f"{reason}: {text}")
    return answer_with(reason, text)


def _unexpected(error: Exception) -> Response:
    fail("INTERNAL", 500, f"Unexpected {type(error).__name__}", error)
    return answer_with("INTERNAL", SERVER_TEXTS[500])
