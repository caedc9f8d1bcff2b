"""Which answers count: Landfall's own, about the object that was asked for.

Whatever else answers with 200 (a health page, a log intake, a mock) has landed nothing.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# Whether each status names the object at the destination; None where it may or may not, since an
# API key is not shown what it may not land.
LANDING = {"landed": True, "already-landed": True, "superseded": False}
COMPARING = {"landed": True, "different": None, "missing": False}
FIELDS = frozenset({"object", "source", "verified", "notification"})
PROOFS = frozenset(
    {"size", "md5", "multipart-etag", "crc32c", "crc32", "crc64nvme", "sha1", "sha256"}
)
"""All that `verified` is read for: other words are left out."""
GENERATION = re.compile("[0-9]{1,20}")
MESSAGE_ID = re.compile("[A-Za-z0-9-]{1,64}")
SECRETS_OF_URLS = frozenset(
    {
        "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "Signature",
        "AWSAccessKeyId", "x-amz-security-token",
    }
)  # fmt: skip
LEAST_SECRET = 12
"""Characters: what is shorter may be a part of any name."""
LONGEST_NAME = 1024


class NotUnderstood(ValueError):
    """It is no answer of Landfall to this message; the text says why, and quotes nothing."""


def understood(
    body: bytes,
    message: Mapping[str, object],
    *,
    compares: bool,
    secrets: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the answer to the message, with all the fields that its status must have.

    What is shown of it to people has a known form, and holds none of these secrets, nor what is
    secret in the message's URL.

    Raises:
        NotUnderstood
    """
    answer = parsed(body)
    if not isinstance(answer, dict):
        raise NotUnderstood("the body is no JSON object")
    known, status = COMPARING if compares else LANDING, answer.get("status")
    if not isinstance(status, str) or status not in known:
        raise NotUnderstood(f"the status is none of {', '.join(known)}")
    if not answer.keys() >= FIELDS:
        raise NotUnderstood(f"one of {', '.join(sorted(FIELDS))} is missing")
    for name, is_right in _rules(message, there=known[status], compares=compares).items():
        if not is_right(answer[name]):
            raise NotUnderstood(f"the field {name} is not as it must be with status {status}")
    if _repeats(answer["object"] or {}, [*secrets, *_secrets_of(message)]):
        raise NotUnderstood("it repeats the API key or the presigned URL")
    return answer | {"verified": [proof for proof in answer["verified"] if proof in PROOFS]}


def parsed(body: bytes) -> Any:
    """Return what the JSON says; None if it is no JSON, or says something twice."""
    try:
        return json.loads(body, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        return None


def _rules(
    message: Mapping[str, object], *, there: bool | None, compares: bool
) -> dict[str, Callable[[Any], bool]]:
    return {
        "object": _IS_OBJECT[there],
        "source": lambda source: (
            isinstance(source, dict)
            and source.get("bucket") == message["Bucket"]
            and source.get("key") == message["ObjectKey"]
        ),
        "verified": lambda proofs: isinstance(proofs, list) and all(map(_is_text, proofs)),
        # What is compared may not be announced yet; what is landed is.
        "notification": _is_notification if there and not compares else _is_none_or_notification,
    }


def _is_object(there: Any) -> bool:
    return (
        isinstance(there, dict)
        and all(
            _is_text(there.get(name)) and len(there[name]) <= LONGEST_NAME
            for name in ("bucket", "name")
        )
        and _is_like(GENERATION, there.get("generation"))
        and type(there.get("size")) is int  # True is an int, but no size
        and there["size"] >= 0
    )


def _is_notification(notification: Any) -> bool:
    return isinstance(notification, dict) and _is_like(MESSAGE_ID, notification.get("messageId"))


def _is_none_or_notification(notification: Any) -> bool:
    return notification is None or _is_notification(notification)


def _is_none(value: Any) -> bool:
    return value is None


_IS_OBJECT: Mapping[bool | None, Callable[[Any], bool]] = {
    True: _is_object,
    False: _is_none,
    None: lambda there: there is None or _is_object(there),
}


def _is_like(form: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _secrets_of(message: Mapping[str, object]) -> list[str]:
    query = urlsplit(str(message.get("PresignedUrl", ""))).query
    values = [value for name, value in parse_qsl(query) if name in SECRETS_OF_URLS]
    return [query, unquote(query), *values]


def _repeats(there: Mapping[str, Any], secrets: Iterable[str]) -> bool:
    shown = f"{there.get('bucket')}\n{there.get('name')}"
    found = (shown, unquote(shown))
    return any(
        len(secret) >= LEAST_SECRET and secret in text for secret in secrets for text in found
    )


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
