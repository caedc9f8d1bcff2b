"""Uploads to Cloud Storage: one streaming PUT whose tail decides, or one small request.

The session's URL is a credential: it stays inside this object.
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from adapters.gcs_api import GcsApi
from adapters.gcs_errors import in_doubt, meaning_of, translated_write
from adapters.gcs_patience import Patience
from adapters.gcs_refusals import Refusal, may_pass, refusal_of
from adapters.gcs_resources import written_object
from adapters.kept_connections import Answer, Body, KeptConnections
from transfer.errors import StoreUnavailable, UploadLost
from transfer.store import StoredObject

MAX_TRIES = 4
_RESUME = 308
_RANGE = re.compile(r"bytes=0-(\d{1,18})")


class _Blocks:
    """Blocks with a length: each is sent as it comes."""

    def __init__(self, blocks: Iterator[bytes], length: int) -> None:
        self._blocks = blocks
        self._length = length
        self.failure: Exception | None = None
        """Of the blocks: an OSError of theirs is none of the connection."""

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._blocks
        except Exception as failure:
            self.failure = failure
            raise

    def __len__(self) -> int:
        return self._length


class SessionUpload:
    """A resumable upload session."""

    def __init__(
        self,
        connections: KeptConnections,
        session_url: str,
        bucket: str,
        size: int,
        patience: Patience,
        deadline: float,
    ) -> None:
        self._connections = connections
        self._session_url = session_url
        self._bucket = bucket
        self._size = size
        self._patience = patience
        self._deadline = deadline

    def send(self, blocks: Iterator[bytes], start: int, end: int) -> int:
        body = _Blocks(blocks, end - start)
        try:
            answer = self._put(body, f"bytes {start}-{end - 1}/{self._size}")
        except (Refusal, OSError) as failure:
            raise body.failure or self._meaning(failure) from None
        if answer.status != _RESUME:
            raise StoreUnavailable("Cloud Storage ended the upload before its end.")
        return _persisted(answer)

    def persisted(self) -> int:
        try:
            answer = self._ask_state()
        except (Refusal, OSError) as failure:
            raise self._meaning(failure) from None
        if answer.status != _RESUME:
            raise UploadLost("Cloud Storage ended the upload before its end.")
        return _persisted(answer)

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        self._patience.for_answer(self._deadline)  # before the tail is sent, nothing is in doubt
        ends = self._patience.clock() + self._patience.upload_seconds
        start = self._size - len(tail)
        for tries in range(MAX_TRIES):
            try:
                answer = self._put(
                    tail, f"bytes {start}-{self._size - 1}/{self._size}", f"crc32c={crc32c}"
                )
            except (Refusal, OSError, StoreUnavailable) as failure:
                if isinstance(failure, Refusal) and not failure.may_pass:
                    raise self._meaning(failure) from None
            else:
                if answer.status != _RESUME:
                    return self._finished(answer)
            self._expect_unfinished(tries)
            if self._patience.clock() >= ends:
                break
        raise StoreUnavailable("Cloud Storage did not take the end of the upload.")

    def abort(self) -> None:
        try:
            self._connections.request(
                "DELETE",
                self._session_url,
                {},
                b"",
                self._patience.for_tidying(),
                repeatable=True,
            )
        except OSError:
            pass  # unfinished sessions are invisible and expire after a week

    def _expect_unfinished(self, tries: int) -> None:
        """Return if the tail should be sent again; its answer may be all that was lost."""
        try:
            self._patience.pause(tries, self._deadline)
            if self._ask_state().status == _RESUME:
                return
        except (Refusal, OSError, StoreUnavailable):
            pass
        raise in_doubt()

    def _ask_state(self) -> Answer:
        ask = partial(self._put, b"", f"bytes */{self._size}")
        return self._patience.patiently(ask, may_pass, self._deadline)

    def _put(self, body: bytes | Body, content_range: str, checksum: str | None = None) -> Answer:
        """Return an answer of 200, 201 or 308.

        Raises:
            StoreUnavailable: The deadline is over.
            Refusal, OSError: Their texts hold no URL.
        """
        timeout = self._patience.for_upload(len(body), self._deadline)
        headers = {"Content-Range": content_range}
        if checksum is not None:
            headers["x-goog-hash"] = checksum
        answer = self._connections.request(
            "PUT", self._session_url, headers, body, timeout, repeatable=False
        )
        if answer.status not in (200, 201, _RESUME):
            raise refusal_of(answer)
        return answer

    def _meaning(self, failure: Exception) -> Exception:
        if isinstance(failure, Refusal) and failure.status in (404, 410):
            return UploadLost("Cloud Storage no longer knows the upload.")
        return meaning_of(failure, self._bucket, is_conditional=True)

    def _finished(self, answer: Answer) -> StoredObject:
        try:
            return written_object(json.loads(answer.body))
        except (StoreUnavailable, ValueError, RecursionError):
            pass  # outside of here, the foreign text would stay as context
        raise UploadLost("Cloud Storage answered what cannot be read: read the destination.")


class SmallUpload:
    """An object that fits into one request, which is sent at the end."""

    def __init__(
        self,
        api: GcsApi,
        bucket: str,
        resource: Mapping[str, Any],
        conditions: Mapping[str, int],
        deadline: float,
    ) -> None:
        self._api = api
        self._bucket = bucket
        self._resource = resource
        self._conditions = conditions
        self._deadline = deadline

    def send(self, blocks: Iterator[bytes], start: int, end: int) -> int:
        raise StoreUnavailable("A small object has no part to send before its end.")

    def persisted(self) -> int:
        return 0

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        self._api.expect_time(self._deadline)  # before it is sent, nothing is in doubt
        resource = {**self._resource, "crc32c": crc32c}
        with translated_write(self._bucket):
            found = self._api.create(resource, tail, self._conditions, self._deadline)
            return written_object(found)

    def abort(self) -> None:
        pass  # nothing was sent yet


def _persisted(answer: Answer) -> int:
    found = _RANGE.fullmatch(answer.headers.get("range", ""))
    return int(found[1]) + 1 if found else 0
