"""What Cloud Storage takes and refuses: as it is documented, and both ways where it is not."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

MAX_COMPONENTS = 32
"""Of one compose, which needs one. https://cloud.google.com/storage/docs/composing-objects"""
MAX_METADATA_BYTES = 8 * 1024
"""Of all names and values of an object. https://cloud.google.com/storage/quotas#objects"""
MAX_METADATA_NAME_BYTES = 1024
MAX_METADATA_VALUE_BYTES = 4 * 1024

Limits = Literal["none", "separate", "shared"]


@dataclass(frozen=True)
class Ways:
    """How the service acts where no document says it, or where documents and reports differ."""

    hash_refusal: Literal[400, 412] = 400
    """The answer to bytes that do not have the checksum that was sent with them."""
    early_preconditions: bool = False
    """Whether a session is refused at its beginning too."""
    after_refusal: Literal["gone", "object", "open"] = "gone"
    """What a session says once its end was refused: 410; 200 with an object that is not there,
    as googleapis/storage-testbench does; or 308, and it takes the end again."""
    after_cancel: Literal[404, 410, 499] = 410
    """The answer to status questions and bytes after a cancel."""
    cancel_again: Literal[204, 404, 499] = 499
    odd_chunks: Literal["refused", "kept"] = "refused"
    """Chunks before the last whose length is no multiple of 256 KiB."""
    limits: Limits = "none"
    """Each name takes one write and one update of metadata a second, or one of both together.
    https://cloud.google.com/storage/quotas#objects"""
    limit_seconds: float = 1.0
    limit_ends_sessions: bool = False
    """Whether a write too early ends its session with 410, as once reported, or is answered 429.
    https://github.com/learningequality/studio/issues/964"""


USUAL = Ways()


class Refusal(Exception):
    """An answer other than success; without a reason it is sent as plain text."""

    def __init__(
        self, status: int, reason: str | None, message: str, domain: str = "global"
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain


def invalid(message: str) -> Refusal:
    return Refusal(400, "invalid", message)


class MutationLimits:
    """How often the object of one name may change. Threads may share it."""

    def __init__(self, ways: Ways, clock: Callable[[], float] = time.monotonic) -> None:
        self._ways = ways
        self._clock = clock
        self._lock = Lock()
        self._last: dict[tuple[str, str], float] = {}

    def admit(self, bucket: str, name: str, kind: Literal["write", "update"]) -> None:
        """Raises Refusal if the last change of the kind is too young; a refused one counts not."""
        if self._ways.limits == "none":
            return
        key = (name, kind if self._ways.limits == "separate" else "")
        now = self._clock()
        with self._lock:
            if now - self._last.get(key, float("-inf")) < self._ways.limit_seconds:
                text = (
                    f"The object {bucket}/{name} exceeded the rate limit for object mutation "
                    "operations (create, update, and delete). Please reduce your request rate. "
                    "See https://cloud.google.com/storage/docs/gcs429."
                )
                raise Refusal(429, "rateLimitExceeded", text, "usageLimits")
            self._last[key] = now


def check_name(name: str) -> None:
    """https://cloud.google.com/storage/docs/objects#naming"""
    if not name:
        raise Refusal(400, "required", "Required")
    reserved = name in (".", "..") or name.startswith(".well-known/acme-challenge/")
    if len(name.encode()) > 1024 or reserved or re.search(r"[\r\n]", name):
        raise invalid(f"Disallowed object name: {name!r}")


def check_fields(fields: Mapping[str, Any]) -> None:
    """Judge what a request says of an object."""
    content_type = fields.get("contentType")
    if content_type is not None and not _fits_header(content_type):
        raise invalid(f"Invalid Content-Type: {content_type!r}")
    metadata = fields.get("metadata") or {}
    total = 0
    for name, value in metadata.items():
        if not name:
            raise invalid("Metadata keys must not be empty.")
        if value is None:
            continue  # a PATCH removes it
        if not isinstance(value, str):
            raise invalid(f"The metadata value of {name!r} is not a string.")
        sizes = len(name.encode()), len(value.encode())
        if sizes[0] > MAX_METADATA_NAME_BYTES or sizes[1] > MAX_METADATA_VALUE_BYTES:
            raise invalid(f"The metadata entry {name[:20]!r} is too long.")
        total += sum(sizes)
    if total > MAX_METADATA_BYTES:
        raise invalid(f"The metadata has {total} bytes, more than {MAX_METADATA_BYTES}.")


def check_types(in_upload: str | None, in_metadata: str | None) -> None:
    """Refuse two that differ. https://github.com/googleapis/google-cloud-go/issues/306"""
    if in_upload is not None and in_metadata is not None and in_upload != in_metadata:
        raise invalid(
            f"Content-Type specified in the upload ({in_upload}) does not match Content-Type "
            f"specified in metadata ({in_metadata})."
        )


def _fits_header(content_type: object) -> bool:
    return isinstance(content_type, str) and (
        bool(content_type) and content_type.isascii() and content_type.isprintable()
    )
