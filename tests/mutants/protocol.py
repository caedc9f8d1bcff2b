"""Landfall with one thing wrong: what neither the model nor the races may let pass."""

from dataclasses import replace
from datetime import UTC, datetime

from transfer import object_headers as names
from transfer.announcing import announce, is_unannounced, mark, publish
from transfer.budget import Budget
from transfer.comparing import is_version
from transfer.errors import (
    NotifyUnavailable,
    SourceChanged,
    TokenMoved,
    UploadLost,
)
from transfer.integrity import Proof
from transfer.landing import Landing, Outcome
from transfer.message import Message
from transfer.object_headers import object_headers
from transfer.reconciling import Finding, Reconciler
from transfer.source import SourceObject
from transfer.store import ABSENT, StoredObject, Token, Upload


class PublishesFirst(Landing):
    """Step 9 before step 8, for the generation that is to be expected."""

    def _stream(
        self, message: Message, opened: SourceObject, upload: Upload, proof: Proof, budget: Budget
    ) -> bytes:
        tail = super()._stream(message, opened, upload, proof, budget)
        name = self._object_name.of(message)
        there = self._store.stat(name)
        generation = there.generation + 1 if there else 1
        token = there.token if there else ABSENT
        headers = object_headers(message, opened.headers, opened.etag, proof.names, token)
        size, crc32c, now = opened.size, proof.crc32c, datetime.now(UTC)
        expected = StoredObject(
            "landing", name, generation, 1, size, crc32c, None, headers, now, now
        )
        self._publish(expected, message)
        return tail


class MarksFirst(Landing):
    """The mark before the notification, wherever both are due."""

    def _publish(self, landed: StoredObject, message: Message | None = None) -> str:
        try:
            self._mark(landed, Token(landed.generation, 0), "told-0")
        except TokenMoved:
            pass
        return super()._publish(landed, message)


class IgnoresLostAcknowledgements(Landing):
    """Success though nobody said that the notification is kept."""

    def _publish(self, landed: StoredObject, message: Message | None = None) -> str:
        try:
            return super()._publish(landed, message)
        except NotifyUnavailable:
            return "told-0"


class NeverTouches(Landing):
    """Step 2 without a PATCH on what is announced already."""

    def _already_landed(self, there: StoredObject, message: Message) -> Outcome:
        message_id = there.metadata.get(names.NOTIFIED)
        if message_id is None:
            return super()._already_landed(there, message)
        return Outcome("already-landed", there.metadata[names.ETAG], there, message_id)


class MarksWhateverIsThere(Landing):
    """Step 10 on the live generation instead of the own."""

    def _mark(self, landed: StoredObject, token: Token, message_id: str) -> StoredObject:
        there = self._store.stat(landed.name)
        return super()._mark(landed, token if there is None else there.token, message_id)


class NeverHelps(Landing):
    """Without step 3."""

    def _help_predecessor(self, there: StoredObject | None) -> Token:
        return ABSENT if there is None else there.token


class OnlyMarksThePredecessor(Landing):
    """Step 3 without the notification."""

    def _help_predecessor(self, there: StoredObject | None) -> Token:
        if there is None or not is_unannounced(there):
            return super()._help_predecessor(there)
        return self._mark(there, there.token, f"told-{there.generation}").token


class ReadsTheTokenLate(Landing):
    """Step 1 after step 4."""

    def _round(self, message: Message, name: str, budget: Budget) -> Outcome:
        with self._open(message, budget) as opened:
            there = self._store.stat(name)
            if there is not None and there.metadata.get(names.ETAG) == opened.etag:
                return self._already_landed(there, message)
            token = self._help_predecessor(there)
            return self._transfer(message, name, token, opened, budget)


class TakesRefusalForSuccess(Landing):
    """A 412 at step 8 is read as: it is there already."""

    def _finish(
        self, name: str, token: Token, upload: Upload, tail: bytes, proof: Proof
    ) -> StoredObject:
        try:
            return super()._finish(name, token, upload, tail, proof)
        except TokenMoved:
            there = self._store.stat(name)
            assert there is not None
            return there


class TakesRefusalForSuperseded(Landing):
    """A 412 at step 8 is read as: a newer version is there."""

    def _finish(
        self, name: str, token: Token, upload: Upload, tail: bytes, proof: Proof
    ) -> StoredObject:
        try:
            return super()._finish(name, token, upload, tail, proof)
        except TokenMoved:
            raise SourceChanged from None


class TakesDoubtForSuccess(Landing):
    """A lost answer at step 8 is read as: what is there now is ours."""

    def _finish(
        self, name: str, token: Token, upload: Upload, tail: bytes, proof: Proof
    ) -> StoredObject:
        try:
            return super()._finish(name, token, upload, tail, proof)
        except UploadLost:
            there = self._store.stat(name)
            if there is None:
                raise
            return there


class SkipsTheLookAfterRefusal(Landing):
    """After a 412 or a lost answer at step 8: on at step 4, under the token of now."""

    def _transfer(
        self, message: Message, name: str, token: Token, opened: SourceObject, budget: Budget
    ) -> Outcome:
        try:
            return super()._transfer(message, name, token, opened, budget)
        except (TokenMoved, UploadLost):
            there = self._store.stat(name)
            token = ABSENT if there is None else there.token
            with self._open(message, budget) as again:
                return super()._transfer(message, name, token, again, budget)


class RepeatsInSilence(Landing):
    """Step 2 marks what is not announced, without a notification."""

    def _already_landed(self, there: StoredObject, message: Message) -> Outcome:
        message_id = f"told-{there.generation}"
        marked = self._mark(there, there.token, message_id)
        return Outcome("already-landed", there.metadata[names.ETAG], marked, message_id)


class TakesTheRecordForTheBytes(Landing):
    """Step 2 by the record of the version alone."""

    def _round(self, message: Message, name: str, budget: Budget) -> Outcome:
        there = self._store.stat(name)
        if there is not None and there.metadata.get(names.ETAG) == message.etag:
            return self._already_landed(there, message)
        return super()._round(message, name, budget)


class TakesTheBucketForTheSource(Landing):
    """Step 2 by bucket, key and ETag, wherever the bucket is."""

    def _round(self, message: Message, name: str, budget: Budget) -> Outcome:
        there = self._store.stat(name)
        if there is not None:
            unknown = {k: v for k, v in there.metadata.items() if k != names.ORIGIN}
            bare = replace(there, headers=replace(there.headers, metadata=unknown))
            if message.etag and is_version(bare, message, message.etag, message.size):
                return self._already_landed(there, message)
        return super()._round(message, name, budget)


class HelpsWhateverIsThere(Landing):
    """Step 3 for a generation of other bytes too."""

    def _help_predecessor(self, there: StoredObject | None) -> Token:
        if there is None or not is_unannounced(there):
            return super()._help_predecessor(there)
        return self._mark(there, there.token, self._publish(there)).token


class TrustingReconciler(Reconciler):
    """Announces by the record alone."""

    def look(self, name: str) -> Finding:
        there = self._store.stat(name)
        if there is None or not is_unannounced(there):
            return Finding.KNOWN
        announce(self._store, self._topic, there)
        return Finding.ANNOUNCED


class BlindReconciler(Reconciler):
    """Finds nothing to do."""

    def look(self, name: str) -> Finding:
        self._store.stat(name)
        return Finding.KNOWN


class HastyReconciler(Reconciler):
    """Marks before it publishes."""

    def look(self, name: str) -> Finding:
        there = self._store.stat(name)
        if there is None or not is_unannounced(there):
            return Finding.KNOWN
        mark(self._store, there, there.token, f"told-{there.generation}")
        publish(self._topic, there)
        return Finding.ANNOUNCED
