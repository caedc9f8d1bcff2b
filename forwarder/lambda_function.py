"""The Lambda function: each created object of an event becomes a message to Landfall.

No log and no exception text holds a presigned URL, its signature or the API key.
"""

import logging
import os
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from forwarder.events import S3Object, UnknownEvent
from forwarder.failures import NotForwarded, unexpected, where_raised
from forwarder.forwarding import Forwarder, Outcome, make_forwarder
from forwarder.postponing import postpone
from forwarder.report import start_logging, tell_metrics
from forwarder.settings import BadEnvironment, Settings, read_settings
from forwarder.side_by_side import AT_ONCE, Tried, forward_all
from forwarder.wrappings import created_in_body, created_objects, queue_records

LOG = logging.getLogger(__name__)

# Kept back from the time of the invocation, to postpone and report what failed before Lambda
# ends it.
REPORT_SECONDS = 8
SECONDS_WITHOUT_CONTEXT = 3600


class ForwardingFailed(Exception):
    """Objects of the event were not forwarded; the whole event must come again."""


def lambda_handler(event: Any, context: Any) -> dict[str, Any] | None:
    """Forward every created object of the event.

    Messages of a queue fail one by one, by the answer, unless all of them fail. That, and any
    failure of an event from elsewhere, raises.

    Raises:
        ForwardingFailed, UnknownEvent, BadEnvironment: The event must come again.
    """
    start_logging("INFO")
    try:
        records = queue_records(event)
        if records is not None:
            return _forward_queue(records, context)
        _forward_event(event, context)
    except (ForwardingFailed, UnknownEvent, BadEnvironment):
        raise
    except Exception as error:  # noqa: BLE001 - Lambda logs its text, which may hold a secret
        LOG.error("%s", where_raised(error))
        raise ForwardingFailed(unexpected(error)) from None
    return None


def _forward_event(event: Any, context: Any) -> None:
    """Forward the objects of an event that comes from elsewhere than a queue."""
    tried = _forward(created_objects(event), context)
    _tell_metrics(tried, 0, context)
    failures = [f"{t.one}: {t.result}" for t in tried if isinstance(t.result, NotForwarded)]
    if failures:
        raise ForwardingFailed(
            f"{len(failures)} of {len(tried)} objects not forwarded: {'; '.join(failures)}"
        )


def _forward_queue(records: list[dict[str, Any]], context: Any) -> dict[str, Any]:
    """Forward what a batch of messages tells of; a message fails with any of its objects."""
    objects: list[S3Object] = []
    message_ids: list[str] = []
    failed: dict[str, NotForwarded] = {}
    for record in records:
        found = _objects_of(record)
        if isinstance(found, NotForwarded):
            failed[record["messageId"]] = found
        else:
            objects += found
            message_ids += [record["messageId"]] * len(found)
    unknown = len(failed)
    tried = _forward(objects, context)
    for message_id, one in zip(message_ids, tried, strict=True):
        if isinstance(one.result, NotForwarded):
            failed[message_id] = one.result
    _tell_metrics(tried, unknown, context)
    to_postpone = [r for r in records if r["messageId"] in failed]
    postpone([(r, failed[r["messageId"]].retry_after) for r in to_postpone])
    if len(to_postpone) == len(records):
        # A mapping without ReportBatchItemFailures does not read the answer, and deletes the
        # batch. An exception keeps the messages, and the times that were just set for them:
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        reasons = Counter(failure.reason for failure in failed.values())
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        raise ForwardingFailed(
            f"none of {len(records)} messages of the queue is done ({counts}): the log has more"
        )
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _objects_of(record: dict[str, Any]) -> list[S3Object] | NotForwarded:
    """Return the objects of a message of the queue, or why it is not understood."""
    try:
        return created_in_body(record.get("body"))
    except UnknownEvent as unknown:
        failure = NotForwarded("UNKNOWN_EVENT", str(unknown))
        fields = {"messageId": record["messageId"], "reason": failure.reason}
        LOG.error("message of the queue: %s", unknown, extra={"fields": fields})
        return failure


def _forward(objects: Sequence[S3Object], context: Any) -> list[Tried]:
    if not objects:
        return []
    settings = read_settings(os.environ)
    start_logging(settings.log_level)
    seconds = SECONDS_WITHOUT_CONTEXT
    if context is not None:
        seconds = context.get_remaining_time_in_millis() / 1000 - REPORT_SECONDS
    request_id = getattr(context, "aws_request_id", None)
    return forward_all(forwarder_for(settings), objects, seconds, request_id)


def _tell_metrics(tried: Sequence[Tried], unknown: int, context: Any) -> None:
    outcomes = [t.result for t in tried if isinstance(t.result, Outcome)]
    failed = len(tried) - len(outcomes) + unknown
    function = getattr(context, "function_name", "by-hand")
    tell_metrics(outcomes, failed, [t.seconds for t in tried], function)


@cache
def forwarder_for(settings: Settings) -> Forwarder:
    """Kept for later invocations, with its connections."""
    return make_forwarder(settings, connections=AT_ONCE)
