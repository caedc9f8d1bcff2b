"""Ports that repeat the answers of a history, and break the run off where it ends."""

import base64
import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import google_crc32c

from tests.model import calls
from tests.model.calls import Answer, Call, Done, History, Opened, Persisted, Raised, Seen
from tests.model.versions import (
    content,
    etag,
    record_of,
    version_of_bytes,
    version_of_etag,
    version_of_record,
)
from transfer import object_headers as names
from transfer.budget import Budget
from transfer.errors import (
    NotifyUnavailable,
    SourceChanged,
    SourceUnavailable,
    StoreUnavailable,
    TokenMoved,
    Unavailable,
    UploadLost,
)
from transfer.notification import Notification, event_id
from transfer.presigned_url import PresignedUrl
from transfer.source import SourceHeaders, SourceObject
from transfer.store import ObjectHeaders, StoredObject, Token, Upload

BUCKET, NAME = "landing", "source/a/b.bin"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_HEADERS = SourceHeaders({"x-amz-server-side-encryption": "aws:kms"})
"""Under which an ETag proves nothing: the protocol has to hold without that."""
_EXCEPTIONS: dict[str, Callable[[], Exception]] = {
    "TokenMoved": TokenMoved,
    "SourceChanged": SourceChanged,
    "SourceUnavailable": lambda: SourceUnavailable("down"),
    "StoreUnavailable": lambda: StoreUnavailable("down"),
    "UploadLost": lambda: UploadLost("in doubt"),
    "NotifyUnavailable": lambda: NotifyUnavailable("down"),
}


class Paused(BaseException):
    """The answers ran out."""


class Again(BaseException):
    """The round is over, and the next would begin."""


class Script:
    """Answers by heart; `pending` is the first call that it has none for."""

    def __init__(self, history: History, versions: str, size: int) -> None:
        self._answers = iter(history)
        self.versions = versions
        self.size = size
        self.pending: Call | None = None
        self.writes: dict[str, int] = {}
        """The write that the bytes of each version were last got from."""
        self.interruption: Exception | None = None
        """The last exception that a port raised."""
        self.open_uploads = 0

    def ask(self, call: Call) -> Answer:
        """Return the answer, or raise it; what is asked while the run is broken off is void."""
        if self.pending is not None:
            raise Paused
        for answer in self._answers:
            if isinstance(answer, Raised):
                self.interruption = _EXCEPTIONS[answer.name]()
                raise self.interruption
            return answer
        self.pending = call
        raise Paused

    def describe(self, seen: Seen) -> StoredObject:
        metadata: dict[str, str] = {}
        if seen.version:
            metadata = {**record_of(seen.version, self.size), names.CRC32C: "verified"}
        if seen.notified:
            metadata[names.NOTIFIED] = told(seen.generation)
        return StoredObject(
            bucket=BUCKET,
            name=NAME,
            generation=seen.generation,
            metageneration=seen.metageneration,
            size=self.size,
            crc32c="verified" if seen.whole else "other",
            md5=None,
            headers=ObjectHeaders(metadata=metadata),
            created=EPOCH,
            updated=EPOCH,
        )


class ScriptedBudget(Budget):
    """One interruption is borne; time stands still."""

    def __init__(self, script: Script) -> None:
        super().__init__(clock=lambda: 0.0, sleep=lambda _: None, interruptions=1)
        self._script = script

    def give_way(self) -> None:
        raise Again

    def advance(self, position: int) -> None:
        """One is borne with progress or without: more of them lead to nothing new."""

    def spend(self, interruption: Unavailable) -> None:
        borne = interruption is self._script.interruption
        changed = isinstance(interruption, SourceUnavailable) and not borne
        if changed or isinstance(interruption, UploadLost):
            raise Again  # as `land` does for these; all others are borne within the round
        super().spend(interruption)


class ScriptedSource:
    def __init__(self, script: Script) -> None:
        self._script = script

    def open(
        self,
        url: PresignedUrl,
        etag: str | None,
        start: int,
        deadline: float,
        ends: Callable[[], float] = lambda: math.inf,
    ) -> SourceObject:
        version = None if etag is None else version_of_etag(etag, self._script.size)
        answer = self._script.ask(calls.Open(version))
        assert isinstance(answer, Opened)
        letter = self._script.versions[answer.write - 1]
        self._script.writes[letter] = answer.write
        whole = content(letter, self._script.size)
        return _Bytes(self._script, whole, start, answer.breaks)


class _Bytes:
    def __init__(self, script: Script, whole: bytes, start: int, breaks: bool) -> None:
        self._script = script
        self.headers = _HEADERS
        self.size = len(whole)
        self.etag = etag(whole[:1].decode(), self.size)
        self._left = whole[start:]
        self._breaks = breaks
        self._first = True

    def read(self, limit: int) -> bytes:
        if self._breaks and not self._first:
            self._script.interruption = SourceUnavailable("cut")
            raise self._script.interruption
        self._first = False
        block, self._left = self._left[:limit], self._left[limit:]
        return block

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


class ScriptedStore:
    def __init__(self, script: Script) -> None:
        self._script = script

    def stat(self, name: str) -> StoredObject | None:
        answer = self._script.ask(calls.Stat())
        return self._script.describe(answer) if isinstance(answer, Seen) else None

    def create(
        self, name: str, size: int, headers: ObjectHeaders, token: Token, deadline: float = math.inf
    ) -> Upload:
        self._script.ask(calls.Create(token))
        return _ScriptedUpload(self._script, headers, token)

    def patch(self, name: str, token: Token, metadata: Mapping[str, str]) -> StoredObject:
        generation = int(metadata[names.NOTIFIED].removeprefix("told-"))
        answer = self._script.ask(calls.Patch(token, generation))
        assert isinstance(answer, Seen)
        return self._script.describe(answer)

    def walk(self, prefix: str) -> Iterator[StoredObject]:
        there = self.stat(NAME)
        if there is not None:
            yield there

    def check(self) -> None:
        pass


class _ScriptedUpload:
    def __init__(self, script: Script, headers: ObjectHeaders, token: Token) -> None:
        self._script = script
        self._version = version_of_record(headers.metadata, script.size)
        self._token = token
        self._data = b""
        self._is_open = True
        script.open_uploads += 1

    def send(self, blocks: Iterator[bytes], start: int, end: int) -> int:
        self._data = self._data[:start] + b"".join(blocks)
        return self._keep(self._script.ask(calls.Send(end)))

    def persisted(self) -> int:
        return self._keep(self._script.ask(calls.AskPersisted()))

    def _keep(self, answer: Answer) -> int:
        assert isinstance(answer, Persisted)
        self._data = self._data[: answer.end]
        return answer.end

    def finish(self, tail: bytes, crc32c: str) -> StoredObject:
        whole = self._data + tail
        write = 0
        if len(whole) == self._script.size and _crc32c(whole) == crc32c:
            write = self._script.writes.get(version_of_bytes(whole), 0)
        try:
            answer = self._script.ask(calls.Finish(self._token, self._version, write))
        except UploadLost:
            self._close()
            raise
        self._close()
        assert isinstance(answer, Seen)
        return self._script.describe(answer)

    def abort(self) -> None:
        self._close()

    def _close(self) -> None:
        self._script.open_uploads -= self._is_open
        self._is_open = False


class ScriptedTopic:
    def __init__(self, script: Script) -> None:
        self._script = script

    def publish(self, notification: Notification) -> str:
        attributes = notification.attributes
        generation = int(attributes["objectGeneration"])
        expected = event_id(self._script.describe(Seen(generation, 1, "", notified=False)))
        if attributes["ce-id"] != expected:
            raise calls.Violation("a notification has another generation's ce-id")
        landed = json.loads(notification.data)["metadata"]
        version = version_of_record(landed, self._script.size)
        answer = self._script.ask(calls.Publish(generation, version))
        assert isinstance(answer, Done)
        return told(generation)

    def check(self) -> None:
        pass


def told(generation: int) -> str:
    """The id under which this generation's notification is kept."""
    return f"told-{generation}"


def _crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
