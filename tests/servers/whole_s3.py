"""One bucket of S3 as the forwarder meets it: HEAD, GET, lists, refusals and Regions.

with WholeS3() as s3:
    s3.put("key", b"body")
    s3.refuse("locked", "403 Forbidden", "AccessDenied", "words")
    s3.heads["odd"] = b"HTTP/1.1 200 OK\\r\\n..."
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from tests.servers.raw import Script, answer, reset
from tests.servers.scripted_s3 import Held, ScriptedS3, error


@dataclass(frozen=True)
class Refused:
    status: str
    code: str | None
    """None: the body is not S3's."""
    message: str = "words"
    headers: tuple[tuple[str, str], ...] = ()


class WholeS3(ScriptedS3):
    """Any bucket name is this bucket, path-style. HEAD is refused without a body, as S3 does."""

    def __init__(self) -> None:
        super().__init__()
        self.forget()

    def forget(self) -> None:
        """Be as new."""
        self.objects.clear()
        self.faults.clear()
        self.heads: dict[str, bytes] = {}
        """What HEAD answers for these keys, whatever GET does."""
        self.first_part = b""
        """What HEAD with a part number answers."""
        self.hangs_up = False
        self.refused: dict[str, Refused] = {}
        """What HEAD and GET answer for these keys."""
        self.list_refused: Refused | None = None
        self.region: str | None = None
        """Of the bucket: requests that are signed for another are redirected."""
        self.bucket_region: str | None = None
        """What HEAD of the bucket says of it, if that is something else."""
        self.names_region = True
        self.seen: list[str] = []
        """Method, path and the Region of the signature of each request."""

    def refuse(self, key: str, status: str, code: str | None, message: str = "words") -> None:
        self.refused[key] = Refused(status, code, message)

    def script_for(self, head: bytes, script: Script) -> Script:
        method, target, _ = head.decode("latin-1").split(" ", 2)
        path, _, query = target.partition("?")
        region = signed_region(head.decode("latin-1"))
        self.seen.append(f"{method} {path} {region}")
        key = unquote(path).lstrip("/").partition("/")[2]
        if self.hangs_up:
            return [reset()]
        if self.region is not None and region != self.region:
            return closing(method, self._redirected(key))
        if not key:
            return closing(method, self._about_the_bucket(method, parse_qs(query)))
        if "partNumber" in query:
            return closing("GET", self.first_part)
        if method == "HEAD" and key in self.heads:
            return closing("GET", self.heads[key])
        if key in self.refused:
            return closing(method, refusal(self.refused[key]))
        if method == "HEAD":
            return closing(method, self._head(self.objects.get(key)))
        return super().script_for(head, script)

    def _good(self, head: str) -> tuple[bytes, bytes]:
        good_head, body = super()._good(head)
        return good_head[:-2] + b"Connection: close\r\n\r\n", body

    def _redirected(self, key: str) -> bytes:
        named = self.region if self.names_region or not key else None
        return error("301 Moved Permanently", "PermanentRedirect", x_amz_bucket_region=named)

    def _head(self, held: Held | None) -> bytes:
        if held is None:
            return error("404 Not Found", "NoSuchKey")
        headers: dict[str, str | None] = {"ETag": f'"{held.etag}"', **held.headers}
        return answer(held.body, "200 OK", **headers)

    def _about_the_bucket(self, method: str, query: dict[str, list[str]]) -> bytes:
        if method == "HEAD":
            return answer(ETag=None, x_amz_bucket_region=self.bucket_region or self.region)
        if self.list_refused is not None:
            return refusal(self.list_refused)
        prefix = query.get("prefix", [""])[0]
        most = int(query.get("max-keys", ["1000"])[0])
        keys = sorted(key for key in self.objects if key.startswith(prefix))[:most]
        entries = "".join(_entry(key, self.objects[key]) for key in keys)
        body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
        return answer(body.encode(), ETag=None)


def signed_region(head: str) -> str:
    found = re.search(r"Credential=[^/%]*(?:/|%2F)\d+(?:/|%2F)([^/%]+)", head)
    return found[1] if found else "unsigned"


def refusal(refused: Refused) -> bytes:
    headers: dict[str, str | None] = dict(refused.headers)
    if refused.code is None:
        return answer(b"<html><p>no", refused.status, ETag=None, **headers)
    return error(refused.status, refused.code, refused.message, **headers)


def closing(method: str, data: bytes) -> Script:
    """The answer, without a body to HEAD, and the end of the connection.

    Its header comes first: a client that cannot read all headers must not reuse the connection.
    """
    head, _, body = data.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    lines = [first, b"Connection: close", *([rest] if rest else []), b""]
    return [b"\r\n".join([*lines, b"" if method == "HEAD" else body])]


def _entry(key: str, held: Held) -> str:
    etag = f"<ETag>&quot;{escape(held.etag)}&quot;</ETag>" if held.etag else ""
    modified = "<LastModified>2026-08-11T09:30:15.000Z</LastModified>"
    size = f"<Size>{len(held.body)}</Size>"
    return f"<Contents><Key>{escape(key)}</Key>{modified}{etag}{size}</Contents>"
