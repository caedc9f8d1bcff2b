"""Uploads to Cloud Storage: one streaming PUT whose tail decides, or one small request.

The session's URL is a credential: it stays inside this object.
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import requests
from google.api_core import exceptions as api
from google.cloud import storage

from adapters.gcs_errors import error_of_status, translated
from adapters.gcs_patience import Patience, Timeout
from transfer.errors import StoreUnavailable, TokenMoved, UploadLost
from transfer.store import ObjectHeaders, StoredObject, Token

MAX_TRIES = 4
_RESUME = 308
_RANGE = re.compile(r"bytes=0-(\d+)")

# They write whole URLs, and the session's is a secret, whatever LOG_LEVEL says.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)


class _Blocks:
    """Blocks with a length: requests then sends Content-Length and each block as it comes."""

    def __init__(self, blocks: Iterator[bytes], length: int) -> None:
        self._blocks = blocks
        self._length = length
        self.failure: Exception | None = None
        """Of the blocks: requests takes an OSError of theirs for one of its own."""

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
        http: requests.Session,
        session_url: str,
        bucket: str,
        size: int,
        headers: ObjectHeaders,
        patience: Patience,
        deadline: float,
    ) -> None:
        self._http = http
        self._session_url = session_url
        self._bucket = bucket
        self._size = size
        self._headers = headers
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
        if answer.status_code != _RESUME:
            raise error_of_status(answer.status_code, self._bucket)
        return _persisted(answer)

    def persisted(self) -> int:
        answer = self._ask_state()
        if answer.status_code != _RESUME:
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
            if answer.status_code in (200, 201):
                return self._finished(answer)
            if answer.status_code == 400:
                raise TokenMoved  # the checksum was refused; the caller looks which it is
            failure = error_of_status(answer.status_code, self._bucket)
            if not isinstance(failure, StoreUnavailable) or isinstance(failure, UploadLost):
                raise failure
            self._expect_unfinished(tries)
        raise StoreUnavailable("Cloud Storage did not take the end of the upload.")

    def abort(self) -> None:
        try:
            self._http.delete(self._session_url, timeout=self._patience.for_tidying())
        except (requests.RequestException, OSError):
            pass  # unfinished sessions are invisible and expire after a week

    def _expect_unfinished(self, tries: int) -> None:
        """Return if the tail should be sent again; its answer may be all that was lost."""
        self._patience.pause(tries)
        try:
            if self._ask_state().status_code == _RESUME:
                return
        except StoreUnavailable:
            pass
        raise UploadLost("Cloud Storage may have finished the upload: read the destination.")

    def _ask_state(self) -> requests.Response:
        for tries in range(MAX_TRIES):
            try:
                answer = self._put(b"", f"bytes */{self._size}")
            except StoreUnavailable:
                self._patience.pause(tries)
                continue
            if answer.status_code == 429 or answer.status_code >= 500:
                self._patience.pause(tries)
                continue
            if answer.status_code in (200, 201, _RESUME):
                return answer
            raise error_of_status(answer.status_code, self._bucket)
        raise StoreUnavailable("Cloud Storage does not tell the upload's state.")

    def _put(
        self, body: bytes | _Blocks, content_range: str, checksum: str | None = None
    ) -> requests.Response:
        timeout = self._timeout()
        headers = {"Content-Range": content_range}
        if checksum is not None:
            headers["x-goog-hash"] = checksum
        try:
            return self._http.put(
                self._session_url,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as error:
            raise StoreUnavailable(f"Cloud Storage failed ({type(error).__name__}).") from None

    def _timeout(self) -> Timeout:
        """Raise StoreUnavailable once the deadline is over."""
        return self._patience.for_upload(self._deadline)

    def _finished(self, answer: requests.Response) -> StoredObject:
        try:
            return self._stored(answer.json())
        except (ValueError, KeyError, TypeError):
            pass  # outside of here, the foreign text would stay as context
        raise UploadLost("Cloud Storage answered what cannot be read: read the destination.")

    def _stored(self, resource: Mapping[str, str]) -> StoredObject:
        return StoredObject(
            bucket=resource["bucket"],
            name=resource["name"],
            generation=int(resource["generation"]),
            metageneration=int(resource["metageneration"]),
            size=int(resource["size"]),
            crc32c=resource["crc32c"],
            md5=resource.get("md5Hash"),
            headers=replace(self._headers, content_type=resource.get("contentType")),
            created=datetime.fromisoformat(resource["timeCreated"]),
            updated=datetime.fromisoformat(resource["updated"]),
        )


class SmallUpload:
    """An object that fits into one request, which is sent at the end."""

    def __init__(
        self,
        blob: storage.Blob,
        headers: ObjectHeaders,
        token: Token,
        limits: Callable[[], Mapping[str, Any]],
        describe: Callable[[], StoredObject],
    ) -> None:
        self._blob = blob
        self._headers = headers
        self._token = token
        self._limits = limits
        self._describe = describe

    def send(self, blocks: Iterator[bytes], start: int, end: int) -> int:
        raise StoreUnavailable("A small object has no part to send before its end.")

    def persisted(self) -> int:
        return 0

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        self._blob.crc32c = crc32c
        limits = self._limits()  # or there is no time left, and nothing is in doubt
        try:
            with translated(str(self._blob.bucket.name)):
                self._send(tail, limits)
        except StoreUnavailable:
            raise UploadLost("Cloud Storage may have it all: read the destination.") from None
        return self._describe()

    def _send(self, tail: bytes, limits: Mapping[str, Any]) -> None:
        try:
            self._blob.upload_from_string(
                tail,
                content_type=self._headers.content_type,
                checksum=None,
                if_generation_match=self._token.generation,
                if_metageneration_match=self._token.metageneration or None,
                **limits,
            )
        except api.BadRequest:
            raise TokenMoved from None  # the checksum; the caller looks which it is

    def abort(self) -> None:
        pass  # nothing was sent yet


def _persisted(answer: requests.Response) -> int:
    found = _RANGE.fullmatch(answer.headers.get("Range", ""))
    return int(found[1]) + 1 if found else 0
