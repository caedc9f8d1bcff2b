"""S3 objects by presigned URL, over requests.

The request goes through the transport only, never through a Session: that would follow
redirects, read proxies and .netrc, and rewrite the path that was signed.
"""

import math
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPException
from types import TracebackType
from typing import Self

import requests
import urllib3

from adapters.pinned_http import CONNECT_SECONDS, Dialer, PinnedAdapter, Resolve, new_tls_context
from adapters.s3_answers import error_of
from transfer.errors import SourceCorrupt, SourceUnavailable
from transfer.presigned_url import PresignedUrl
from transfer.source import SourceHeaders, SourceObject

IDLE_SECONDS = 20.0
HEADER_SECONDS = 30.0
_MAX_ERROR_BYTES = 64 * 1024
_ETAG = re.compile(r'"?([!#-~]{1,128})"?')
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
# urllib3 raises HTTPError while reading, requests its own while connecting, http.client
# and ssl what neither wraps. They hold the URL, so none is kept: ours are raised outside
# of the except clause, or the foreign one would stay with them as their context.
_FOREIGN = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)


class S3Source:
    """Fetches over TLS from public addresses only, or from origins the operator listed."""

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = socket.getaddrinfo,
        header_seconds: float = HEADER_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        ends: Callable[[], float] = lambda: math.inf,
        new_dialer: Callable[[bool, Resolve, Callable[[], float]], Dialer] = Dialer,
    ) -> None:
        """`ends` is a time as `deadline` is, for all that is open then; it may come near."""
        self._tls = tls or new_tls_context()
        self._resolve = resolve
        self._header_seconds = header_seconds
        self._ends = ends
        self._timeouts = (CONNECT_SECONDS, idle_seconds)
        self._new_dialer = new_dialer

    def open(
        self, url: PresignedUrl, etag: str | None, start: int, deadline: float
    ) -> SourceObject:
        dialer = self._new_dialer(url.listed, self._resolve, self._ends)
        adapter = PinnedAdapter(dialer, self._tls, plain_allowed=url.listed)
        with ExitStack() as to_close:
            to_close.callback(adapter.close)
            to_close.callback(dialer.close)
            answer = self._ask(adapter, dialer, url, etag, start, deadline)
            to_close.callback(answer.raw.close)
            if dialer.cut_off:
                raise SourceUnavailable("S3 took too long to answer.")
            if answer.status_code != (206 if start else 200):
                raise _refusal(answer)
            opened = _S3Object(answer, start)
            if etag is not None and opened.etag != etag:
                raise SourceCorrupt("S3 answered with another ETag than was asked for.")
            dialer.cut_off_at(deadline)
            opened.to_close = to_close.pop_all()
            return opened

    def _ask(
        self,
        adapter: PinnedAdapter,
        dialer: Dialer,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
    ) -> requests.Response:
        dialer.cut_off_at(min(deadline, time.monotonic() + self._header_seconds))
        try:
            request = requests.PreparedRequest()
            request.prepare(method="GET", url=url.reveal(), headers=_headers(url, etag, start))
            request.url = url.reveal()  # prepare() rewrites dot segments; the signature covers them
            return adapter.send(request, stream=True, timeout=self._timeouts, proxies={})
        except _FOREIGN as error:
            failure = type(error).__name__
        raise SourceUnavailable(f"S3 could not be asked ({failure}).")


class _S3Object:
    """The body of one answer, as it is on the wire."""

    def __init__(self, answer: requests.Response, start: int) -> None:
        self._answer = answer
        self.to_close = ExitStack()
        """What ends with this object."""
        self.headers = SourceHeaders({k.lower(): v for k, v in answer.headers.items()})
        etag = _ETAG.fullmatch(self.headers.get("etag") or "")
        if etag is None:
            raise SourceCorrupt("S3's answer has no proper ETag, so its bytes cannot be pinned.")
        self.etag = etag[1]
        length = self.headers.get("content-length") or ""
        if not re.fullmatch(r"\d{1,15}", length):
            raise SourceCorrupt("S3's answer has no Content-Length, so its end cannot be told.")
        self._left = int(length)
        self.size = start + self._left
        if start:
            _check_range(self.headers.get("content-range"), start, self.size)

    def read(self, limit: int) -> bytes:
        block = b""
        failure: str | None = None
        try:
            block = self._answer.raw.read(min(limit, self._left), decode_content=False)
        except _FOREIGN as error:
            failure = type(error).__name__
        if failure is not None:
            raise SourceUnavailable(f"S3 broke off ({failure}).")
        if not block and limit and self._left:
            raise SourceUnavailable("S3 ended before the object's end.")
        self._left -= len(block)
        return block

    def close(self) -> None:
        self.to_close.close()

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
