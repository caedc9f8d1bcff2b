"""POST /processmessage: one message in, one outcome out, or with `validateOnly` a comparison."""

from collections.abc import Mapping, Sequence, Set

from flask import Response, g, jsonify, request

from handlers.body import read_message_body
from handlers.landed_object import described
from handlers.request_log import current
from transfer import object_headers as names
from transfer.admission import Admission
from transfer.api_keys import check_bucket
from transfer.comparing import Comparing, Comparison
from transfer.landing import Landing
from transfer.message import Message, parse_message
from transfer.pauses import Pauses
from transfer.phases import phase, recording
from transfer.rate_limit import RateLimit
from transfer.store import StoredObject
from transfer.tenants import may_see
from transfer.watching import Request


class MessageHandlers:
    """Hands messages of allowed callers to the landing protocol, or to a comparison."""

    def __init__(
        self,
        landing: Landing,
        comparing: Comparing,
        admission: Admission,
        rate_limit: RateLimit,
        pauses: Pauses,
        source_buckets: Sequence[str],
        s3_endpoints: Set[str],
        s3_partitions: Set[str],
    ) -> None:
        self._landing = landing
        self._comparing = comparing
        self._admission = admission
        self._rate_limit = rate_limit
        self._pauses = pauses
        self._source_buckets = source_buckets
        self._s3_endpoints = s3_endpoints
        self._s3_partitions = s3_partitions

    def process_message(self) -> Response:
        watched = current()
        with recording() as watched.phases:
            message = self._accept(watched)
            if watched.compares:
                return jsonify(self._compare(message, watched))
            return jsonify(self._land(message, watched))

    @phase("check")
    def _accept(self, watched: Request) -> Message:
        self._rate_limit.take(g.api_key.name)
        body = read_message_body(request)
        message = parse_message(body.fields, self._s3_endpoints, self._s3_partitions)
        watched.message, watched.compares = message, body.validate_only
        check_bucket(message.bucket, {message.origin}, self._source_buckets, g.api_key)
        return message

    def _land(self, message: Message, watched: Request) -> Mapping[str, object]:
        caller = g.api_key.name
        with self._pauses.respected(caller, message), self._admission.transfer(caller) as permit:
            outcome = self._landing.land(message, permit)
        watched.outcome, watched.landed = outcome.status, outcome.landed
        return _answer(message, outcome.status, outcome.etag, outcome.landed, outcome.message_id)

    def _compare(self, message: Message, watched: Request) -> Mapping[str, object]:
        with self._admission.comparison(g.api_key.name):
            found = self._comparing.compare(message)
        watched.outcome = f"compared-{found.status}"
        if found.there is not None and not may_see(g.api_key, found.there):
            found = Comparison(found.status)
        return _answer(message, found.status, message.etag, found.there, found.message_id)


def _answer(
    message: Message,
    status: str,
    etag: str | None,
    there: StoredObject | None,
    message_id: str | None,
) -> Mapping[str, object]:
    verified = there.metadata.get(names.VERIFIED) if there else None
    return {
        "message": status,
        "status": status,
        "object": described(there) if there else None,
        "source": {"bucket": message.bucket, "key": message.key, "etag": etag},
        "verified": verified.split(",") if verified else [],
        "notification": {"messageId": message_id} if message_id else None,
    }
