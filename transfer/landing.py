"""The landing protocol: a message in, a verified object and its notification out.

No database: the store's preconditions are the lock, the object's metadata is the record.
Any message may come twice, late, out of order, or be cut off anywhere, because every
write is conditional on the token read at step 1, and whatever is in doubt ends in a
failure that asks for the message again. docs/protocol.md tells why each step is there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from transfer import object_headers as names
from transfer.announcing import is_unannounced, mark, publish
from transfer.budget import Budget
from transfer.comparing import is_version, is_whole
from transfer.errors import (
    LandfallError,
    SourceChanged,
    SourceUnavailable,
    StoreUnavailable,
    TokenMoved,
    UploadLost,
)
from transfer.integrity import Proof, proof_of
from transfer.message import Message
from transfer.object_headers import object_headers
from transfer.object_name import ObjectName
from transfer.parallel import Parallel
from transfer.permit import Permit
from transfer.phases import phase
from transfer.reading import Reader
from transfer.source import Source, SourceObject
from transfer.source_checks import check_answer, check_size
from transfer.store import ABSENT, ObjectHeaders, Store, StoredObject, Token, Upload
from transfer.streaming import send_body
from transfer.topic import Topic

MAX_ROUNDS = 6


@dataclass(frozen=True)
class Outcome:
    """How a message ended well: `landed`, `already-landed` or `superseded`."""

    status: str
    etag: str
    landed: StoredObject | None = None
    message_id: str | None = None


class Landing:
    """Lands one object per message. Threads may share it."""

    def __init__(
        self,
        source: Source,
        store: Store,
        topic: Topic,
        object_name: ObjectName,
        max_bytes: int,
        new_budget: Callable[[], Budget] = Budget,
        parallel: Parallel | None = None,
    ) -> None:
        self._source = source
        self._store = store
        self._topic = topic
        self._object_name = object_name
        self._max_bytes = max_bytes
        self._new_budget = new_budget
        self._parallel = parallel

    def land(self, message: Message, permit: Permit | None = None) -> Outcome:
        """Return once the object is landed and announced, or known to be superseded.

        It is given up once `permit` ends, unless the object is visible by then.

        Raises:
            LandfallError: Nothing partial is visible; what is landed already stays.
        """
        check_size(message.size, self._max_bytes)
        name = self._object_name.of(message)
        budget = self._new_budget()
        if permit is not None:
            budget.hold(permit)
        budget.allow(message.size or 0)
        outcome = self._outcome(message, name, budget)
        if self._parallel is not None:
            size = outcome.landed.size if outcome.landed else message.size
            self._parallel.tidy(name, message, outcome.etag, size)
        return outcome

    def _outcome(self, message: Message, name: str, budget: Budget) -> Outcome:
        for _ in range(MAX_ROUNDS):
            try:
                return self._round(message, name, budget)
            except TokenMoved:
                budget.give_way()
            except UploadLost as lost:
                budget.spend(lost)
            except SourceChanged:
                if message.etag is not None:
                    return Outcome("superseded", message.etag)
                # It means whatever is there, so it starts again with that.
                budget.spend(SourceUnavailable("The object changed while it was read."))
        raise StoreUnavailable(
            f"Others changed the object {MAX_ROUNDS} times meanwhile. Send the message again."
        )

    def _round(self, message: Message, name: str, budget: Budget) -> Outcome:
        with phase("stat"):
            there = self._store.stat(name)  # 1
        if message.etag is None:
            return self._round_without_etag(message, name, there, budget)
        if there is not None and is_version(there, message, message.etag, message.size):
            return self._already_landed(there, message)  # 2
        token = self._help_predecessor(there)  # 3
        with self._open(message, budget) as opened:  # 4
            return self._transfer(message, name, token, opened, budget)

    def _round_without_etag(
        self, message: Message, name: str, there: StoredObject | None, budget: Budget
    ) -> Outcome:
        """The same steps, but only the source's answer tells which version is meant."""
        with self._open(message, budget) as opened:
            if there is not None and is_version(there, message, opened.etag, opened.size):
                return self._already_landed(there, message)
            token = self._help_predecessor(there)
            return self._transfer(message, name, token, opened, budget)

    def _already_landed(self, there: StoredObject, message: Message) -> Outcome:
        """Step 2. Success follows a compare-and-set of our own, even on what is announced:
        it makes a slower worker's token stale, who would else put older bytes back.
        """
        message_id = there.metadata.get(names.NOTIFIED) or self._publish(there, message)
        marked = self._mark(there, there.token, message_id)
        return Outcome("already-landed", there.metadata[names.ETAG], marked, message_id)

    def _help_predecessor(self, there: StoredObject | None) -> Token:
        """Step 3: a generation about to be replaced must not go unannounced."""
        if there is None:
            return ABSENT
        if not is_unannounced(there) or not is_whole(there):
            return there.token
        message_id = self._publish(there)
        try:
            return self._mark(there, there.token, message_id).token
        except LandfallError:
            return there.token  # announced all the same; if the mark arrived, step 8 tells

    @phase("get")
    def _open(self, message: Message, budget: Budget) -> SourceObject:
        """Step 4: the very bytes that the message means."""
        while True:
            try:
                opened = budget.source.while_asking(
                    lambda: self._source.open(
                        message.url, message.etag, 0, budget.deadline, budget.ends
                    )
                )
                break
            except SourceUnavailable as interruption:
                budget.spend(interruption)
        try:
            check_size(opened.size, self._max_bytes)
            check_answer(opened, message)
        except LandfallError:
            opened.close()
            raise
        return opened

    def _transfer(
        self, message: Message, name: str, token: Token, opened: SourceObject, budget: Budget
    ) -> Outcome:
        budget.allow(opened.size)
        proof = proof_of(message, opened.headers, opened.etag, opened.size)
        headers = object_headers(message, opened.headers, opened.etag, proof.names, token)
        landed = None
        if self._parallel is not None:  # 5 to 8 with many streams, if they are faster than one
            landed = self._parallel.copy(message, name, token, opened, proof, headers, budget)
        if landed is None:
            landed = self._copy(message, name, token, opened, proof, headers, budget)
        message_id = self._publish(landed, message)  # 9
        try:
            self._mark(landed, Token(landed.generation, 0), message_id)  # 10
        except (TokenMoved, LandfallError):
            pass  # only a hint: the next repeat publishes once more, with the same ce-id
        return Outcome("landed", opened.etag, landed, message_id)  # 11

    def _copy(
        self,
        message: Message,
        name: str,
        token: Token,
        opened: SourceObject,
        proof: Proof,
        headers: ObjectHeaders,
        budget: Budget,
    ) -> StoredObject:
        with phase("create"):
            upload = self._store.create(  # 5
                name, opened.size, headers, token, budget.deadline
            )
        try:
            tail = self._stream(message, opened, upload, proof, budget)  # 6
            with phase("verify"):
                proof.check()  # 7
        except BaseException:
            upload.abort()
            raise
        return self._finish(name, token, upload, tail, proof)  # 8

    @phase("stream")
    def _stream(
        self, message: Message, opened: SourceObject, upload: Upload, proof: Proof, budget: Budget
    ) -> bytes:
        """Send all but the tail, which is returned: without it nothing becomes visible."""

        def reopen(start: int) -> SourceObject:
            return self._source.open(message.url, opened.etag, start, budget.deadline, budget.ends)

        reader = Reader(opened, reopen, proof, budget)
        try:
            return send_body(reader, upload, 0, opened.size, budget)
        finally:
            reader.close()

    @phase("finish")
    def _finish(
        self, name: str, token: Token, upload: Upload, tail: bytes, proof: Proof
    ) -> StoredObject:
        """Step 8, the one moment at which the object becomes visible."""
        try:
            return upload.finish(tail, proof.crc32c)
        except UploadLost:
            raise  # it may be done, so nothing is aborted: the destination tells
        except LandfallError:
            upload.abort()
            raise
        except TokenMoved:
            upload.abort()
            # It may also mean the checksum: look before believing either.
            there = self._store.stat(name)
            if (ABSENT if there is None else there.token) == token:
                raise StoreUnavailable(
                    "The store refused the object although nothing changed there: most likely its "
                    "bytes arrived with another checksum."
                ) from None
            raise

    @phase("publish")
    def _publish(self, landed: StoredObject, message: Message | None = None) -> str:
        since = (message.event_time or message.last_modified) if message else None
        return publish(self._topic, landed, since)

    @phase("mark")
    def _mark(self, landed: StoredObject, token: Token, message_id: str) -> StoredObject:
        return mark(self._store, landed, token, message_id)
