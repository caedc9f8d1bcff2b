"""Stand-ins that are handed in by constructor, and doors that let a test step in between."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from transfer.budget import Budget
from transfer.errors import LandfallError, SourceChanged, SourceGone, SourceUnavailable
from transfer.message import Message
from transfer.notification import Notification
from transfer.presigned_url import PresignedUrl
from transfer.source import SourceHeaders, SourceObject
from transfer.store import ObjectHeaders, Store, StoredObject, Token, Upload

ORIGIN = "http://127.0.0.1:9000"


def etag_of(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


def message_for(body: bytes | None, key: str = "a/b.bin", **fields: object) -> Message:
    """A message of the bucket `source`; without a body it does not say which version it means."""
    values: dict[str, object] = {
        "bucket": "source",
        "key": key,
        "url": PresignedUrl(
            "source", key, None, {}, ORIGIN, listed=True, _text=f"{ORIGIN}/{key}?secret"
        ),
        "etag": None if body is None else etag_of(body),
        "size": None if body is None else len(body),
    }
    return Message(**{**values, **fields})  # type: ignore[arg-type]


def message_from(origin: str, body: bytes | None, **fields: object) -> Message:
    """A message of the bucket `source` of this origin."""
    message = message_for(body, **fields)  # type: ignore[arg-type]
    return replace(message, url=replace(message.url, origin=origin))


def impatient_budget() -> Budget:
    return Budget(sleep=lambda _: None)


@dataclass
class FakeSource:
    """One S3 object, which a test may change at any time."""

    body: bytes | None
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/plain"})
    cuts: list[int] = field(default_factory=list)
    """After how many bytes each answer breaks off, first answer first."""
    unreachable: int = 0
    on_open: Callable[[], None] = lambda: None
    asked: list[tuple[str | None, int]] = field(default_factory=list)

    def open(
        self,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        self.asked.append((etag, start))
        if self.unreachable:
            self.unreachable -= 1
            raise SourceUnavailable("nobody answers")
        if self.body is None:
            raise SourceGone("gone")
        if etag is not None and etag != etag_of(self.body):
            raise SourceChanged
        opened = _FakeObject(
            self.body, self.headers, start, self.cuts.pop(0) if self.cuts else None
        )
        self.on_open()
        return opened


class _FakeObject:
    def __init__(
        self, body: bytes, headers: Mapping[str, str], start: int, cut: int | None
    ) -> None:
        self.headers = SourceHeaders({**headers, "etag": f'"{etag_of(body)}"'})
        self.etag = headers.get("etag", etag_of(body))
        self.size = len(body)
        self._left = body[start:]
        self._until_cut = cut

    def read(self, limit: int) -> bytes:
        if self._until_cut is not None:
            limit = min(limit, self._until_cut)
            self._until_cut -= limit
            if limit == 0:
                raise SourceUnavailable("cut")
        block, self._left = self._left[:limit], self._left[limit:]
        return block

    def close(self) -> None:
        self._left = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass
class FakeTopic:
    """Remembers what was published; `failures` are raised first, one per call."""

    published: list[Notification] = field(default_factory=list)
    failures: list[LandfallError] = field(default_factory=list)

    def publish(self, notification: Notification) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.published.append(notification)
        return f"message-{len(self.published)}"

    def check(self) -> None:
        pass

    @property
    def event_ids(self) -> list[str]:
        return [n.attributes["ce-id"] for n in self.published]


@dataclass
class Door:
    """A store with a door before each call, at which a test may act or raise."""

    store: Store
    before: dict[str, list[Callable[[], None]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def stat(self, name: str) -> StoredObject | None:
        self.pass_through("stat")
        return self.store.stat(name)

    def create(
        self,
        name: str,
        size: int,
        headers: ObjectHeaders,
        token: Token,
        deadline: float = math.inf,
    ) -> Upload:
        self.pass_through("create")
        return _UploadDoor(self, self.store.create(name, size, headers, token, deadline))

    def patch(self, name: str, token: Token, metadata: Mapping[str, str]) -> StoredObject:
        self.pass_through("patch")
        return self.store.patch(name, token, metadata)

    def check(self) -> None:
        self.store.check()

    def pass_through(self, call: str) -> None:
        self.calls.append(call)
        if self.before.get(call):
            self.before[call].pop(0)()


class _UploadDoor:
    def __init__(self, door: Door, upload: Upload) -> None:
        self._door = door
        self._upload = upload
        self.send = upload.send
        self.persisted = upload.persisted

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        self._door.pass_through("finish")
        landed = self._upload.finish(tail, crc32c)
        self._door.pass_through("finished")
        return landed

    def abort(self) -> None:
        self._door.pass_through("abort")
        self._upload.abort()


def raising(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act
