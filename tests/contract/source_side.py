"""A scripted source, plain or over TLS, and the S3Source that reads from it."""

import math
import time
from collections.abc import Callable
from typing import Any

from adapters.s3_source import HEADER_SECONDS, IDLE_SECONDS, S3Source
from tests.servers.certificates import Authority
from tests.servers.raw import RawServer, Script
from tests.servers.s3 import S3Server
from tests.unit.transfer.urls import BUCKET, KEY, PATH, query
from transfer.presigned_url import PresignedUrl, parse_presigned_url
from transfer.source import SourceObject


def url_at(origin: str) -> PresignedUrl:
    """A good URL on an origin that is listed."""
    text = f"{origin}/{BUCKET}{PATH}?{query()}"
    return parse_presigned_url(text, BUCKET, KEY, None, {origin})


def signed_by(server: S3Server, key: str, bucket: str = BUCKET, **params: Any) -> PresignedUrl:
    """A URL that this server gave, as a message would hold it."""
    text = server.sign(bucket, key, **params)
    return parsed(server, text, bucket, key, params.get("VersionId"))


def parsed(
    server: S3Server, text: str, bucket: str, key: str, version_id: str | None = None
) -> PresignedUrl:
    return parse_presigned_url(text, bucket, key, version_id, {server.endpoint})


class Side:
    """TLS if there is an authority; the limits are those of S3Source."""

    def __init__(
        self,
        authority: Authority | None,
        header_seconds: float = HEADER_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self.authority = authority
        self.server_tls = authority.server_context() if authority else None
        self.source = S3Source(
            authority.client_context() if authority else None,
            header_seconds=header_seconds,
            idle_seconds=idle_seconds,
            ends=ends,
        )

    def serve(self, *scripts: Script) -> RawServer:
        return RawServer(*scripts, tls=self.server_tls)

    def open(
        self, server: RawServer, etag: str | None = None, start: int = 0, seconds: float = 10
    ) -> SourceObject:
        deadline = time.monotonic() + seconds
        return self.source.open(url_at(server.origin), etag, start, deadline)

    def fetch(
        self, server: RawServer, etag: str | None = None, start: int = 0, seconds: float = 10
    ) -> bytes:
        """Read all there is."""
        with self.open(server, etag, start, seconds) as opened:
            data = b""
            while block := opened.read(16 * 1024):
                data += block
            return data
