"""Resumable uploads to the stand-in for Cloud Storage."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from tests.servers.cloud_storage_objects import Bucket, Json, StoredObject
from tests.servers.cloud_storage_rules import Refusal, invalid

STEP = 256 * 1024
"""A broken upload keeps a multiple of this many bytes."""


@dataclass(frozen=True)
class Span:
    """Bytes `start` to before `end` of an object; its size may not be known yet."""

    start: int
    end: int
    size: int | None

    @property
    def is_last(self) -> bool:
        return self.end == self.size


def span_of(content_range: str | None, length: int) -> Span | None:
    """What a PUT of so many bytes says it sends; None if the two do not agree."""
    if content_range is None:
        return Span(0, length, length)
    match = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", content_range)
    if match is None:
        return None
    size = None if match[3] == "*" else int(match[3])
    start, end = (int(match[1]), int(match[2]) + 1) if match[1] else (0, 0)
    return Span(start, end, size) if end - start == length else None


class Session:
    """One resumable upload. Whoever sends last owns it, so no byte is written twice."""

    def __init__(
        self,
        bucket: Bucket,
        name: str,
        fields: Json,
        query: Mapping[str, str],
        size: int | None,
    ) -> None:
        self.name = name
        self._bucket, self._fields, self._query, self._size = bucket, fields, query, size
        self._content = bucket.new_content()
        self._lock = Lock()
        self._writer: object = None
        self._hashes: Mapping[str, str] = {}
        self._end: StoredObject | Refusal | None = None
        """What a session that is over says to everything."""

    @property
    def is_open(self) -> bool:
        return self._end is None

    @property
    def persisted(self) -> int:
        return self._content.size

    def write(
        self,
        span: Span,
        read: Callable[[int], bytes],
        hashes: Mapping[str, str],
        keep: int | None = None,
    ) -> StoredObject | None:
        """Append what is new in the span; return the object, once it is whole.

        Whole steps persist as they arrive, even if `read` fails later. `keep` bounds how
        many of the bytes are kept, as the service may for reasons of its own.
        """
        writer = object()
        with self._lock:
            if found := self._finalised():
                return found
            self._check(span)
            self._size = span.size if self._size is None else self._size
            self._writer, self._hashes = writer, hashes
            position, end = min(self.persisted, span.end), span.end
        if keep is not None:
            end = max(position, min(end, (span.start + keep) // STEP * STEP))
        for known in range(span.start, position, STEP):
            read(min(STEP, position - known))
        while position < end:
            block = read(min(STEP - position % STEP, end - position))
            self._append(writer, block)
            position += len(block)
        return self._finalise() if end == span.size else None

    def status(self, size: int | None) -> StoredObject | None:
        """The object, if it is whole; this also ends an upload whose size was not known."""
        with self._lock:
            if found := self._finalised():
                return found
        ends = self.persisted == size and self._size is None
        return self._finalise() if ends else None

    def cancel(self) -> int:
        """Forget the bytes, and return the status of the answer."""
        with self._lock:
            if not self.is_open:
                return self._bucket.ways.cancel_again
            text = "The upload session was cancelled."
            self._close(Refusal(self._bucket.ways.after_cancel, "gone", text))
            return 499

    def _append(self, writer: object, block: bytes) -> None:
        with self._lock:
            if self._finalised() or self._writer is not writer:
                raise Refusal(503, "backendError", "Another request goes on with this upload.")
            self._content.append(block)

    def _finalise(self) -> StoredObject | None:
        with self._lock:
            if found := self._finalised():
                return found
            self._admit()
            try:
                self._end = self._bucket.insert(
                    self.name, self._content, self._fields, self._query, self._hashes
                )
            except Refusal:
                self._refused()
                raise
            return self._end

    def _admit(self) -> None:
        try:
            self._bucket.limits.admit(self._bucket.name, self.name, "write")
        except Refusal as refusal:
            if not self._bucket.ways.limit_ends_sessions:
                raise  # the session goes on
            self._close(Refusal(410, refusal.reason, refusal.message, refusal.domain))
            self._finalised()

    def _refused(self) -> None:
        if self._bucket.ways.after_refusal == "gone":
            self._close(Refusal(410, "gone", "The upload session is over."))
        elif self._bucket.ways.after_refusal == "object":
            self._close(self._bucket.phantom(self.name, self._content, self._fields))

    def _close(self, end: StoredObject | Refusal) -> None:
        self._end = end
        self._content.path.unlink()

    def _finalised(self) -> StoredObject | None:
        """None if the upload goes on."""
        if isinstance(self._end, Refusal):
            end = self._end
            raise Refusal(end.status, end.reason, end.message, end.domain)
        return self._end

    def _check(self, span: Span) -> None:
        if self._size is not None and span.size not in (None, self._size):
            raise invalid(f"The upload was announced with {self._size} bytes, not {span.size}.")
        if span.start > span.end or (span.size is not None and span.end > span.size):
            raise invalid(f"Bytes {span.start} to {span.end} of {span.size} are no range.")
        is_odd = not span.is_last and (span.end - span.start) % STEP
        if is_odd and self._bucket.ways.odd_chunks == "refused":
            raise invalid(f"A chunk before the last must be a multiple of {STEP} bytes.")
        if span.start > self.persisted:
            text = "Invalid request.  According to the Content-Range header, the upload offset is"
            exceeds = f"which exceeds already uploaded size of {self.persisted} byte(s)."
            raise Refusal(503, None, f"{text} {span.start} byte(s), {exceeds}")
