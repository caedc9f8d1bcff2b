"""POST /processmessage: one message in, one outcome out."""

import logging
import time
from collections.abc import Mapping, Sequence, Set

from flask import Response, g, jsonify, request

from handlers.body import read_message_fields
from transfer import object_headers as names
from transfer.admission import Admission
from transfer.api_keys import check_bucket
from transfer.landing import Landing, Outcome
from transfer.message import Message, parse_message
from transfer.rate_limit import RateLimit
from transfer.store import StoredObject

_log = logging.getLogger("landfall.messages")


class MessageHandlers:
    """Hands messages of allowed callers to the landing protocol."""

    def __init__(
        self,
        landing: Landing,
        admission: Admission,
        rate_limit: RateLimit,
        source_buckets: Sequence[str],
        s3_endpoints: Set[str],
        s3_partitions: Set[str],
    ) -> None:
        self._landing = landing
        self._admission = admission
        self._rate_limit = rate_limit
        self._source_buckets = source_buckets
        self._s3_endpoints = s3_endpoints
        self._s3_partitions = s3_partitions

    def process_message(self) -> Response:
        started = time.monotonic()
        self._rate_limit.take(g.api_key.name)
        message = parse_message(
            read_message_fields(request), self._s3_endpoints, self._s3_partitions
        )
        check_bucket(message.bucket, self._source_buckets, g.api_key)
        with self._admission.transfer():
            outcome = self._landing.land(message)
        _log.info(
            "%s s3://%s/%s for %s in %.3f s",
            outcome.status,
            message.bucket,
            message.key,
            g.api_key.name,
            time.monotonic() - started,
        )
        return jsonify(_answer(message, outcome))


def _answer(message: Message, outcome: Outcome) -> Mapping[str, object]:
    landed = outcome.landed
    verified = landed.metadata.get(names.VERIFIED, "").split(",") if landed else []
    return {
        "message": outcome.status,
        "status": outcome.status,
        "object": _object(landed) if landed else None,
        "source": {"bucket": message.bucket, "key": message.key, "etag": outcome.etag},
        "verified": verified,
        "notification": {"messageId": outcome.message_id} if landed else None,
    }


def _object(landed: StoredObject) -> Mapping[str, object]:
    return {
        "bucket": landed.bucket,
        "name": landed.name,
        "generation": str(landed.generation),
        "size": landed.size,
        "contentType": landed.headers.content_type,
        "crc32c": landed.crc32c,
        "md5Hash": landed.md5,
    }
