"""Uploads to Cloud Storage: one streaming PUT whose tail decides, or one small request.

The session's URL is a credential: it stays inside this object.
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from google.api_core.exceptions import BadRequest

from adapters.gcs_api import GcsApi
from adapters.gcs_errors import error_of_status, translated
from adapters.gcs_patience import Patience, Timeout
from adapters.gcs_resources import written_object
from adapters.kept_connections import Answer, Body, KeptConnections
from transfer.errors import StoreUnavailable, TokenMoved, UploadLost
from transfer.store import StoredObject

MAX_TRIES = 4
_RESUME = 308
_RANGE = re.compile(r"bytes=0-(\d+)")


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
        except StoreUnavailable:
            if body.failure is not None:
                raise body.failure from None
            raise
        if answer.status != _RESUME:
            raise error_of_status(answer.status, self._bucket)
        return _persisted(answer)

    def persisted(self) -> int:
        answer = self._ask_state()
        if answer.status != _RESUME:
            raise UploadLost("Cloud Storage ended the upload before its end.")
        return _persisted(answer)

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        start = self._size - len(tail)
        self._timeout()  # before the tail is sent, nothing is in doubt
        for tries in range(MAX_TRIES):
            try:
                answer = self._put(
                    tail, f"bytes {start}-{self._size - 1}/{self._size}", f"crc32c={crc32c}"
                )
            except StoreUnavailable:
                self._expect_unfinished(tries)
                continue
            if answer.status in (200, 201):
                return self._finished(answer)
            if answer.status == 400:
                raise TokenMoved  # the checksum was refused; the caller looks which it is
            failure = error_of_status(answer.status, self._bucket)
            if not isinstance(failure, StoreUnavailable) or isinstance(failure, UploadLost):
                raise failure
            self._expect_unfinished(tries)
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
        except StoreUnavailable:
            pass
        raise UploadLost("Cloud Storage may have finished the upload: read the destination.")

    def _ask_state(self) -> Answer:
        for tries in range(MAX_TRIES):
            try:
                answer = self._put(b"", f"bytes */{self._size}")
            except StoreUnavailable:
                self._patience.pause(tries, self._deadline)
                continue
            if answer.status == 429 or answer.status >= 500:
                self._patience.pause(tries, self._deadline)
                continue
            if answer.status in (200, 201, _RESUME):
                return answer
            raise error_of_status(answer.status, self._bucket)
        raise StoreUnavailable("Cloud Storage does not tell the upload's state.")

    def _put(self, body: bytes | Body, content_range: str, checksum: str | None = None) -> Answer:
        timeout = self._timeout()
        headers = {"Content-Range": content_range}
        if checksum is not None:
            headers["x-goog-hash"] = checksum
        try:
            return self._connections.request(
                "PUT", self._session_url, headers, body, timeout, repeatable=False
            )
        except OSError as error:
            raise StoreUnavailable(f"Cloud Storage failed ({type(error).__name__}).") from None

    def _timeout(self) -> Timeout:
        """Raise StoreUnavailable once the deadline is over."""
        return self._patience.for_upload(self._deadline)

    def _finished(self, answer: Answer) -> StoredObject:
        try:
            return written_object(json.loads(answer.body))
        except (StoreUnavailable, ValueError):
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
        try:
            with translated(self._bucket):
                return written_object(self._create({**self._resource, "crc32c": crc32c}, tail))
        except StoreUnavailable:
            raise UploadLost("Cloud Storage may have it all: read the destination.") from None

    def _create(self, resource: Mapping[str, Any], tail: bytes) -> Mapping[str, Any]:
        try:
            return self._api.create(resource, tail, self._conditions, self._deadline)
        except BadRequest:
            raise TokenMoved from None  # the checksum; the caller looks which it is

    def abort(self) -> None:
        pass  # nothing was sent yet


def _persisted(answer: Answer) -> int:
    found = _RANGE.fullmatch(answer.headers.get("range", ""))
    return int(found[1]) + 1 if found else 0
