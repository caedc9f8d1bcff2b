"""The ports of one Landfall, with a door behind each call: its answer can be held back there."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from transfer.errors import NotifyUnavailable, StoreUnavailable, UploadLost
from transfer.notification import Notification
from transfer.presigned_url import PresignedUrl
from transfer.reconciling import WalkableStore
from transfer.source import Source, SourceObject
from transfer.store import ObjectHeaders, StoredObject, Token, Unreadable, Upload
from transfer.topic import Topic

_LOST: dict[str, Callable[[], Exception]] = {
    "finish": lambda: UploadLost("the answer is lost"),
    "patch": lambda: StoreUnavailable("the answer is lost"),
    "publish": lambda: NotifyUnavailable("the answer is lost"),
}
"""What the adapters make of it, by step."""


class Killed(BaseException):
    """The worker is no more."""


class Doors:
    """Source, store and topic in one."""

    def __init__(self, source: Source, store: WalkableStore, topic: Topic) -> None:
        self._source = source
        self._store = store
        self._topic = topic
        self._waiting: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def hold(self, step: str, deed: Callable[[], None], lose: bool) -> None:
        def act() -> None:
            deed()
            if lose:
                failure = _LOST[step]()
                raise failure

        self._waiting[step].append(act)

    def kill_after(self, step: str) -> None:
        def act() -> None:
            raise Killed

        self._waiting[step].append(act)

    def leave(self, step: str) -> None:
        if self._waiting[step]:
            self._waiting[step].pop(0)()

    def open(
        self,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        opened = self._source.open(url, etag, start, deadline, ends)
        self.leave("open")
        return opened

    def stat(self, name: str) -> StoredObject | None:
        there = self._store.stat(name)
        self.leave("stat")
        return there

    def create(
        self, name: str, size: int, headers: ObjectHeaders, token: Token, deadline: float = math.inf
    ) -> Upload:
        upload = self._store.create(name, size, headers, token)
        self.leave("create")
        return _UploadDoors(self, upload)

    def patch(self, name: str, token: Token, metadata: Mapping[str, str]) -> StoredObject:
        patched = self._store.patch(name, token, metadata)
        self.leave("patch")
        return patched

    def walk(self, prefix: str) -> Iterator[StoredObject | Unreadable]:
        return self._store.walk(prefix)

    def publish(self, notification: Notification) -> str:
        message_id = self._topic.publish(notification)
        self.leave("publish")
        return message_id

    def check(self) -> None:
        pass


class _UploadDoors:
    def __init__(self, doors: Doors, upload: Upload) -> None:
        self._doors = doors
        self._upload = upload
        self.send = upload.send
        self.persisted = upload.persisted
        self.abort = upload.abort

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        landed = self._upload.finish(tail, crc32c)
        self._doors.leave("finish")
        return landed
