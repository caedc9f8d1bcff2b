"""Whether a running Landfall takes messages: asked from outside, as senders ask.

The message is with `validateOnly`, so nothing is fetched, landed or announced. Its URL has no
good signature, which only S3 would notice.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from diagnosis.answer import Answer
from diagnosis.clock import check_clock, skew_of
from diagnosis.finding import Finding, Verdict
from transfer.errors import Unavailable

HEALTH, READINESS, STRANGERS, MESSAGE = "health", "readiness", "strangers", "message"
CHECKS = (HEALTH, READINESS, STRANGERS, MESSAGE)
BUCKET = "landfall-doctor"
_KEY = "landfall-doctor/never-there"
_SIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=NOBODY%2F20260101%2Fus-east-1%2Fs3%2F"
    "aws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&"
    f"X-Amz-Signature={'0' * 64}"
)
_PATH = "/processmessage"
_JSON = {"Content-Type": "application/json"}
_COMPARED = ("landed", "missing", "different")
_NOT_LANDFALL = "not as Landfall does"
_URL_WRONG = "Correct the URL: it is what stands before /processmessage, as senders have it."
_LOG = "Look at its log, and run this where it runs, with its settings."
_NOT_MORE = "Which bucket it may land was not tried: name one with --bucket."


class Service(Protocol):
    """A Landfall somewhere."""

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Raise Unavailable if no answer comes."""


def check_service(
    service: Service,
    key: str | None,
    bucket: str | None,
    host: str,
    now: Callable[[], datetime],
) -> Iterator[Finding]:
    """Ask the service, with the sender's key if there is one, about an object of this bucket.

    `host` names the service in what is told about its clock.
    """
    try:
        answer = service.ask("GET", "/healthz")
    except Unavailable as error:
        healthy = Finding(HEALTH, Verdict.FAILED, f"{error} {_URL_WRONG} See that it runs.")
    else:
        healthy = _health(answer)
    yield healthy
    if healthy.verdict is not Verdict.OK:
        yield from _not_checked(CHECKS[1:], HEALTH)
        return
    yield from check_clock({host: skew_of(answer.headers.get("date"), now())})
    is_landfall = False
    try:
        ready = service.ask("GET", "/readyz")
        yield _readiness(ready)
        is_landfall = _is_landfall(ready)
    except Unavailable as error:
        yield Finding(READINESS, Verdict.FAILED, f"{error} {_LOG}")
    if not is_landfall:
        yield from _not_checked(CHECKS[2:], READINESS)
        return
    yield _asked(STRANGERS, lambda: _strangers(service.ask("POST", _PATH, _JSON, _message(BUCKET))))
    yield _asked(MESSAGE, lambda: _with_key(service, key, bucket))


def _asked(check: str, ask: Callable[[], Finding]) -> Finding:
    try:
        return ask()
    except Unavailable as error:
        return Finding(check, Verdict.FAILED, f"{error} {_LOG}")


def _not_checked(checks: Sequence[str], first: str) -> Iterator[Finding]:
    """Whatever is not Landfall must not get the key."""
    for check in checks:
        yield Finding(check, Verdict.NOT_CHECKED, f"Mend its {first} first.")


def _health(answer: Answer) -> Finding:
    if answer.status == 200 and _at(answer, "status") == "ok":
        return Finding(HEALTH, Verdict.OK, "It lives.")
    told = f"/healthz answers {answer.status}"
    if answer.status >= 500:
        text = f"{told}: see that an instance runs behind its gateway, and look at its log."
        return Finding(HEALTH, Verdict.FAILED, text)
    return Finding(HEALTH, Verdict.FAILED, f"{told}, which is not Landfall. {_URL_WRONG}")


def _readiness(answer: Answer) -> Finding:
    told = f"/readyz answers {answer.status}"
    if answer.status == 503:
        text = f"{told}: it is starting or about to end. Ask again in a minute. {_LOG}"
        return Finding(READINESS, Verdict.FAILED, text)
    checks = _at(answer, "checks")
    if answer.status != 200 or not isinstance(checks, dict):
        text = f"{told}, {_NOT_LANDFALL}: deploy its own openapi.yaml and code again. {_URL_WRONG}"
        return Finding(READINESS, Verdict.FAILED, text)
    faults = [f"{_word(name)} {_word(result)}" for name, result in checks.items() if result != "ok"]
    if faults:
        text = f"When that instance started it found: {', '.join(faults[:5])}. {_LOG}"
        return Finding(READINESS, Verdict.FAILED, text)
    return Finding(READINESS, Verdict.OK, "It is ready, and found its store and topic usable.")


def _is_landfall(readiness: Answer) -> bool:
    """Whether it has a form of Landfall's own. A gateway's 503, for one, has not."""
    has_checks = readiness.status == 200 and isinstance(_at(readiness, "checks"), dict)
    return has_checks or _reason(readiness) is not None


def _strangers(answer: Answer) -> Finding:
    told = f"A message without a key is answered {answer.status}"
    if answer.status == 401:
        return Finding(STRANGERS, Verdict.OK, f"{told}, as it should be.")
    if answer.status >= 500:
        return Finding(STRANGERS, Verdict.FAILED, f"{told}. {_LOG}")
    if answer.status != 200 and _reason(answer) is None:
        return Finding(STRANGERS, Verdict.FAILED, f"{told}, not 401. {_URL_WRONG}")
    return Finding(
        STRANGERS,
        Verdict.FAILED,
        f"{told}: anybody gets in. Take it off the net, and deploy Landfall's own openapi.yaml "
        "and code again.",
    )


def _with_key(service: Service, key: str | None, bucket: str | None) -> Finding:
    if key is None:
        text = "Put the sender's key into ENDPOINT_API_KEY to have a message tried."
        return Finding(MESSAGE, Verdict.NOT_CHECKED, text)
    if not re.fullmatch("[!-~]+", key):
        text = "ENDPOINT_API_KEY holds white space, or what no header can carry: take that away."
        return Finding(MESSAGE, Verdict.FAILED, text)
    sent = {**_JSON, "x-api-key": key}
    answer = service.ask("POST", _PATH, sent, _message(bucket or BUCKET))
    return _judge_message(answer, bucket)


def _judge_message(answer: Answer, bucket: str | None) -> Finding:
    reason = _reason(answer)
    if answer.status == 200 and _at(answer, "status") not in _COMPARED:
        text = f"A message is answered 200, {_NOT_LANDFALL}: senders would fail. {_URL_WRONG}"
        return Finding(MESSAGE, Verdict.FAILED, text)
    if answer.status == 200:
        text = f"The key may land from {bucket or BUCKET}, and the store was looked at."
        return Finding(MESSAGE, Verdict.OK, text)
    if reason == "BUCKET_NOT_ALLOWED" and bucket is None:
        return Finding(MESSAGE, Verdict.OK, f"The key is taken. {_NOT_MORE}")
    if reason == "BUCKET_NOT_ALLOWED":
        text = (
            f"The key is taken, but may not land objects of {bucket} in AWS: add it to "
            "SOURCE_BUCKETS, and to the buckets of the key's entry in API_KEYS, whose origins, if "
            "it has any, must hold aws."
        )
        return Finding(MESSAGE, Verdict.FAILED, text)
    if reason == "URL_REFUSED":  # which is told before anything else is looked at
        text = (
            "The key is taken. Neither the bucket nor the store was looked at: this service takes "
            "URLs of other hosts only, or such as pin a version."
        )
        return Finding(MESSAGE, Verdict.NOT_CHECKED if bucket else Verdict.OK, text)
    if answer.status == 401 and reason:
        text = (
            "Landfall refuses the key: see that its entry in API_KEYS holds the key's SHA-256 "
            "(`printf %s KEY | sha256sum`), is not expired and not disabled."
        )
        return Finding(MESSAGE, Verdict.FAILED, text)
    if answer.status in (400, 401, 403) and not reason:
        text = (
            f"The gateway refuses the key ({answer.status}): see in the Google Cloud console that "
            "it exists, is not restricted to other APIs or addresses, and that its project has "
            "this API enabled. A new key may take some minutes."
        )
        return Finding(MESSAGE, Verdict.FAILED, text)
    told = f"A message that only asks is answered {answer.status} {reason or ''}".rstrip()
    remedy = _LOG if answer.status >= 500 else "See the README's table of answers."
    return Finding(MESSAGE, Verdict.FAILED, f"{told}. {remedy}")


def _message(bucket: str) -> bytes:
    url = f"https://s3.us-east-1.amazonaws.com/{bucket}/{_KEY}?{_SIGNED}"
    fields = {"Bucket": bucket, "ObjectKey": _KEY, "PresignedUrl": url, "ETag": "0" * 32}
    return json.dumps({"inputMessage": fields, "validateOnly": True}).encode()


def _reason(answer: Answer) -> str | None:
    """Of an error that is Landfall's own: a gateway's has another form."""
    detail = _at(answer, "error", "details", 0)
    if not isinstance(detail, dict) or detail.get("domain") != "landfall":
        return None
    return _word(detail.get("reason"))


def _word(told: object) -> str:
    """What a stranger says is not repeated to a terminal, unless it is a word."""
    return told if isinstance(told, str) and re.fullmatch(r"[A-Za-z_]{1,40}", told) else "?"


def _at(answer: Answer, *path: str | int) -> Any:
    """Return what is at the path of the answer's JSON, None if it is of another shape."""
    try:
        found = json.loads(answer.body)
        for step in path:
            found = found[step]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return found
