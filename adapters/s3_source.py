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
from dataclasses import dataclass
from http.client import HTTPException
from types import TracebackType
from typing import Self, cast

import requests
from requests.structures import CaseInsensitiveDict

from adapters.cut_offs import CutOffs
from adapters.http_connection import HeadTooLarge, Response
from adapters.pinned_http import CONNECT_SECONDS, Dialer, Resolve, new_tls_context
from adapters.s3_answers import error_of
from adapters.s3_lines import Line, Lines
from transfer.errors import SourceCorrupt, SourceUnavailable
from transfer.etag import parse_etag
from transfer.presigned_url import PresignedUrl
from transfer.source import SourceHeaders, SourceObject

IDLE_SECONDS = 20.0
HEADER_SECONDS = 30.0
_MAX_ERROR_BYTES = 64 * 1024
_LARGE_BYTES = 1024 * 1024  # from here on reading in pieces that fit pays
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
_LESS_METADATA = (
    "Amazon S3 sends no such answer (https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
    "UsingMetadata.html): the object lands once its metadata is smaller, or once the server, or "
    "the proxy before it, sends fewer headers."
)
# They may hold the URL, so none is kept: ours are raised outside of the except clause, or the
# foreign one would stay with them as their context.
_FOREIGN = (requests.RequestException, HTTPException, OSError)


class S3Source:
    """Fetches over TLS from public addresses only, or from origins the operator listed."""

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = socket.getaddrinfo,
        header_seconds: float = HEADER_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        ends: Callable[[], float] = lambda: math.inf,
        new_dialer: Callable[[bool, Resolve, CutOffs], Dialer] = Dialer,
    ) -> None:
        """`ends` is a time as `deadline` is, for all that is open then; it may come near."""
        tls = tls or new_tls_context()
        cut_offs = CutOffs(ends)
        self._lines = Lines(
            lambda listed: Line(new_dialer(listed, resolve, cut_offs), tls, plain_allowed=listed)
        )
        self._header_seconds = header_seconds
        self._timeouts = (CONNECT_SECONDS, idle_seconds)

    def open(
        self,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        return self._open(url, etag, _Span(start), _Times(deadline, ends))

    def open_range(
        self,
        url: PresignedUrl,
        etag: str,
        start: int,
        end: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        return self._open(url, etag, _Span(start, end), _Times(deadline, ends))

    def _open(
        self, url: PresignedUrl, etag: str | None, span: "_Span", times: "_Times"
    ) -> SourceObject:
        line, answer = self._ask(url, etag, span, times)
        with ExitStack() as to_close:
            to_close.callback(line.close)
            to_close.callback(answer.raw.close)
            if line.dialer.is_cut:
                raise SourceUnavailable("S3 took too long to answer.")
            if answer.status_code != (206 if span.header else 200):
                raise _refusal(answer, line)
            opened = _S3Object(answer, span, line, self._lines)
            if etag is not None and opened.etag != etag:
                raise SourceCorrupt("S3 answered with another ETag than was asked for.")
            line.dialer.cut_off_at(times.deadline, times.ends)
            to_close.pop_all()
            return opened

    def _ask(
        self, url: PresignedUrl, etag: str | None, span: "_Span", times: "_Times"
    ) -> tuple[Line, requests.Response]:
        """Ask on a line that was kept, or, if S3 has hung up meanwhile, on a fresh one."""
        request = _request(url, etag, span)
        # Without an ETag to compare, leftovers of another answer could be taken for this one.
        line = self._lines.kept(url) if etag is not None else None
        while True:
            was_kept = line is not None
            line = line or self._lines.fresh(url)
            header_end = time.monotonic() + self._header_seconds
            line.dialer.cut_off_at(min(times.deadline, header_end), times.ends)
            try:
                return line, line.adapter.send(
                    request, stream=True, timeout=self._timeouts, proxies={}
                )
            except HeadTooLarge as error:
                line.close()
                raise SourceCorrupt(f"{error} {_LESS_METADATA}") from None
            except _FOREIGN as error:
                failure, has_time = type(error).__name__, not line.dialer.is_cut
                line.close()
            except BaseException:
                line.close()
                raise
            if not (was_kept and has_time):
                raise SourceUnavailable(f"S3 could not be asked ({failure}).")
            line = None


@dataclass(frozen=True)
class _Span:
    """From where to before where; without an end, to the object's."""

    start: int
    end: int | None = None

    @property
    def header(self) -> str | None:
        """What asks for it; the whole object needs no word."""
        if self.end is not None:
            return f"bytes={self.start}-{self.end - 1}"
        return f"bytes={self.start}-" if self.start else None

    def size_of(self, content_range: str | None, length: int) -> int:
        """Return the size of the whole object, if the answer is exactly what was asked for."""
        if not self.header:
            return length
        found = _CONTENT_RANGE.fullmatch(content_range or "")
        if found is not None:
            first, last, size = map(int, found.groups())
            wanted = size if self.end is None else self.end
            if (first, last + 1, self.start + length) == (self.start, wanted, wanted):
                return size
        raise SourceUnavailable("S3 does not give the bytes that were asked for.")


@dataclass(frozen=True)
class _Times:
    """When a transfer is cut off."""

    deadline: float
    ends: Callable[[], float] = lambda: math.inf


class _S3Object:
    """The body of one answer, as it is on the wire."""

    def __init__(self, answer: requests.Response, span: _Span, line: Line, lines: Lines) -> None:
        self._raw = cast("Response", answer.raw)
        self._line = line
        self._lines = lines
        self._closed = False
        self.headers = SourceHeaders(self._raw.fields)
        self.etag = _etag_of(self.headers.get("etag"))
        length = self.headers.get("content-length") or ""
        if not re.fullmatch(r"\d{1,15}", length):
            raise SourceCorrupt("S3's answer has no Content-Length, so its end cannot be told.")
        self._left = int(length)
        self.size = span.size_of(self.headers.get("content-range"), self._left)
        # What came along with the head is read alone: then each later block comes in one piece.
        self._read = self._raw.read1 if self._left >= _LARGE_BYTES else self._raw.read

    def read(self, limit: int) -> bytes:
        block = b""
        failure: str | None = None
        try:
            block = self._read(min(limit, self._left))
        except _FOREIGN as error:
            failure = type(error).__name__
        if failure is not None:
            raise SourceUnavailable(f"S3 broke off ({failure}).")
        if not block and limit and self._left:
            raise SourceUnavailable("S3 ended before the object's end.")
        self._left -= len(block)
        self._read = self._raw.read
        return block

    def close(self) -> None:
        """Keep the line if the body was read to its exact end, or the rest would be read later."""
        if self._closed:
            return
        self._closed = True
        self._raw.close()  # also of an empty body: the line takes no request before
        if self._left or self._raw.will_close or self._line.dialer.is_cut:
            self._line.close()
        else:
            self._lines.keep(self._line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _request(url: PresignedUrl, etag: str | None, span: _Span) -> requests.PreparedRequest:
    """Made by hand: preparing rewrites dot segments, which the signature covers."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "landfall", **url.signed_headers}
    if etag is not None:
        headers["If-Match"] = f'"{etag}"'
    if span.header:
        headers["Range"] = span.header
    request = requests.PreparedRequest()
    request.method, request.url = "GET", url.reveal()
    request.headers = CaseInsensitiveDict(headers)
    return request


def _etag_of(header: str | None) -> str:
    if header is None:
        raise SourceCorrupt("S3's answer has no ETag, so its bytes cannot be pinned.")
    try:
        return parse_etag(header)
    except ValueError as error:
        raise SourceCorrupt(f"The ETag of S3's answer {error}") from None


def _refusal(answer: requests.Response, line: Line) -> Exception:
    if 200 <= answer.status_code < 300:
        return SourceCorrupt(f"S3 answered {answer.status_code}, which was not asked for.")
    try:
        body = answer.raw.read(_MAX_ERROR_BYTES)
    except _FOREIGN:
        body = b""
    if line.dialer.is_cut:  # what came of it could be taken for all
        return SourceUnavailable("S3 took too long to answer.")
    return error_of(
        answer.status_code,
        body,
        answer.headers.get("Retry-After"),
        answer.headers.get("x-amz-bucket-region"),
    )
