"""GET /objects: where an S3 object is by now. POST /objects:announce: announces it once more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flask import Request, Response, g, jsonify, request

from handlers.body import read_object_body
from handlers.landed_object import described
from handlers.query import read_query
from handlers.request_log import current
from transfer.admission import Admission
from transfer.api_keys import check_bucket
from transfer.locating import Locating, Location
from transfer.notification import timestamp
from transfer.rate_limit import RateLimit
from transfer.reannouncing import Reannouncing
from transfer.s3_object import S3Object, parse_s3_object
from transfer.tenants import may_see


class ObjectHandlers:
    """Both are for the callers who may send messages about the same buckets."""

    def __init__(
        self,
        locating: Locating,
        reannouncing: Reannouncing,
        admission: Admission,
        rate_limit: RateLimit,
        source_buckets: Sequence[str],
    ) -> None:
        self._locating = locating
        self._reannouncing = reannouncing
        self._admission = admission
        self._rate_limit = rate_limit
        self._source_buckets = source_buckets

    def get_object(self) -> Response:
        s3_object = self._allowed(read_query)
        with self._admission.comparison(g.api_key.name):
            found = self._locating.locate(s3_object)
        if found.there is not None and not may_see(g.api_key, found.there):
            found = Location(found.status)
        watched = current()
        watched.outcome = f"located-{found.status}"
        # What is not landed is not written down: it may be a secret that was put there by mistake.
        watched.landed = found.there if found.status == "landed" else None
        return jsonify(
            {
                **_answer(found.status, s3_object, found),
                "notification": _notification(found.message_id, found.announce_time),
                "landTime": _text(found.land_time),
                "lagMs": found.lag_ms,
            }
        )

    def announce_object(self) -> Response:
        s3_object = self._allowed(read_object_body)
        with self._admission.transfer(g.api_key.name, may_be_ended=False):
            announced = self._reannouncing.announce(s3_object)
        watched = current()
        watched.outcome, watched.landed = "announced", announced.of.there
        notification = {"messageId": announced.message_id}
        answer = _answer("announced", s3_object, announced.of)
        return jsonify({**answer, "notification": notification})

    def _allowed(self, read: Callable[[Request], Mapping[str, object]]) -> S3Object:
        self._rate_limit.take(g.api_key.name)
        s3_object = parse_s3_object(read(request))
        check_bucket(s3_object.bucket, s3_object.origins, self._source_buckets, g.api_key)
        if s3_object.origins is None:
            return replace(s3_object, origins=g.api_key.origins)
        return s3_object


def _answer(status: str, s3_object: S3Object, found: Location) -> Mapping[str, object]:
    return {
        "message": status,
        "status": status,
        "object": described(found.there) if found.there else None,
        "source": {"bucket": s3_object.bucket, "key": s3_object.key, "etag": found.etag},
        "verified": found.verified.split(",") if found.verified else [],
    }


def _notification(
    message_id: str | None, announce_time: datetime | None
) -> Mapping[str, object] | None:
    if message_id is None:
        return None
    return {"messageId": message_id, "announceTime": _text(announce_time)}


def _text(time: datetime | None) -> str | None:
    return timestamp(time) if time else None
