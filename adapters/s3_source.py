"""S3 objects by presigned URL, over requests.

The request goes through the transport only, never through a Session: that would follow
redirects, read proxies and .netrc, and rewrite the path that was signed.
"""

import re
import ssl
import time
from collections.abc import Callable
from http.client import HTTPException
from types import TracebackType
from typing import Self

import requests
import urllib3

from adapters.pinned_http import CONNECT_SECONDS, Dialer, PinnedAdapter, new_tls_context
from adapters.s3_answers import error_of
from transfer.errors import SourceCorrupt, SourceUnavailable
from transfer.presigned_url import PresignedUrl
from transfer.source import SourceHeaders, SourceObject

IDLE_SECONDS = 20.0
HEADER_SECONDS = 30.0
_MAX_ERROR_BYTES = 64 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
# urllib3 raises HTTPError while reading, requests its own while connecting, http.client
# and ssl what neither wraps. Their texts hold the URL, so none is kept.
_FOREIGN = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)


class S3Source:
    """Fetches over TLS from public addresses only, or from origins the operator listed."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls or new_tls_context()

    def open(
        self, url: PresignedUrl, etag: str | None, start: int, deadline: float
    ) -> SourceObject:
        dialer = Dialer(private_allowed=url.listed)
        adapter = PinnedAdapter(dialer, self._tls, plain_allowed=url.listed)

        def close() -> None:
            dialer.close()
            adapter.close()

        try:
            answer = self._ask(adapter, dialer, url, etag, start, deadline)
            if answer.status_code != (206 if start else 200):
                raise _refusal(answer)
            opened = _S3Object(answer, start, close)
            if etag is not None and opened.etag != etag:
                raise SourceCorrupt("S3 answered with another ETag than was asked for.")
            dialer.cut_off_at(deadline)
            return opened
        except BaseException:
            close()
            raise

    def _ask(
        self,
        adapter: PinnedAdapter,
        dialer: Dialer,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
    ) -> requests.Response:
        request = requests.PreparedRequest()
        request.prepare(method="GET", url=url.reveal(), headers=_headers(url, etag, start))
        request.url = url.reveal()  # prepare() rewrites dot segments; the signature covers them
        dialer.cut_off_at(min(deadline, time.monotonic() + HEADER_SECONDS))
        try:
            answer = adapter.send(
                request, stream=True, timeout=(CONNECT_SECONDS, IDLE_SECONDS), proxies={}
            )
        except _FOREIGN as error:
            raise SourceUnavailable(f"S3 could not be asked ({type(error).__name__}).") from None
        if dialer.cut_off:
            raise SourceUnavailable("S3 took too long to answer.")
        return answer


class _S3Object:
    """The body of one answer, as it is on the wire."""

    def __init__(self, answer: requests.Response, start: int, close: Callable[[], None]) -> None:
        self._answer = answer
        self._close = close
        self.headers = SourceHeaders({k.lower(): v for k, v in answer.headers.items()})
        self.etag = (self.headers.get("etag") or "").strip('"')
        if not self.etag:
            raise SourceCorrupt("S3's answer has no ETag, so its bytes cannot be pinned.")
        length = self.headers.get("content-length") or ""
        if not re.fullmatch(r"\d{1,15}", length):
            raise SourceCorrupt("S3's answer has no Content-Length, so its end cannot be told.")
        self._left = int(length)
        self.size = start + self._left
        if start:
            _check_range(self.headers.get("content-range"), start, self.size)

    def read(self, limit: int) -> bytes:
        try:
            block: bytes = self._answer.raw.read(min(limit, self._left), decode_content=False)
        except _FOREIGN as error:
            raise SourceUnavailable(f"S3 broke off ({type(error).__name__}).") from None
        if not block and limit and self._left:
            raise SourceUnavailable("S3 ended before the object's end.")
        self._left -= len(block)
        return block

    def close(self) -> None:
        self._answer.raw.close()
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _headers(url: PresignedUrl, etag: str | None, start: int) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "landfall", **url.signed_headers}
    if etag is not None:
        headers["If-Match"] = f'"{etag}"'
    if start:
        headers["Range"] = f"bytes={start}-"
    return headers


def _refusal(answer: requests.Response) -> Exception:
    if 200 <= answer.status_code < 300:
        return SourceCorrupt(f"S3 answered {answer.status_code}, which was not asked for.")
    try:
        body = answer.raw.read(_MAX_ERROR_BYTES, decode_content=False)
    except _FOREIGN:
        body = b""
    return error_of(answer.status_code, body, answer.headers.get("Retry-After"))


def _check_range(value: str | None, start: int, size: int) -> None:
    found = _CONTENT_RANGE.fullmatch(value or "")
    if found is None or tuple(map(int, found.groups())) != (start, size - 1, size):
        raise SourceUnavailable("S3 does not go on where it broke off.")
