"""What the function tells CloudWatch: log lines as JSON, and metrics in its embedded format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.forwarding import GONE, Outcome

LOG = logging.getLogger(__name__)

NAMESPACE = "Landfall/Forwarder"
STATUSES = {
    "landed": "Landed",
    "already-landed": "AlreadyLanded",
    "superseded": "Superseded",
    "gone": "Gone",
}
MOST_VALUES = 100
"""CloudWatch takes no longer lists of values."""


class JsonLines(logging.Handler):
    """One JSON object a line, with the record's `fields` beside what happened."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "message": _message(record),
            **{name: value for name, value in fields.items() if value is not None},
        }
        _write(line)


def start_logging(level: str) -> None:
    logger = logging.getLogger("forwarder")
    logger.setLevel(level)
    if not any(isinstance(handler, JsonLines) for handler in logger.handlers):
        logger.addHandler(JsonLines())
    # Lambda's own handler would write each line a second time.
    logger.propagate = False
    silence_libraries()


def silence_libraries() -> None:
    """Keep out of the log what libraries would write of secrets at a level that somebody else set.

    At DEBUG botocore logs signatures and session tokens, and at WARNING urllib3 shows headers of
    an answer that it cannot read, which may repeat the API key.
    """
    logging.getLogger("botocore").setLevel(logging.INFO)
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def tell_outcome(one: S3Object, outcome: Outcome, seconds: float, request_id: str | None) -> None:
    """Log what became of an object that is done."""
    fields = _named(one, request_id) | {
        "status": outcome.status,
        "size": outcome.size,
        "seconds": round(seconds, 3),
        "verified": outcome.answer.get("verified"),
    }
    if outcome.status == GONE:
        LOG.warning("%s: not forwarded, deleted in the meantime", one, extra={"fields": fields})
    else:
        LOG.info("%s: %s", one, outcome.status, extra={"fields": fields})


def tell_failure(one: S3Object, failure: NotForwarded, request_id: str | None) -> None:
    """Log why an object must be sent again."""
    fields = _named(one, request_id) | {"status": "failed", "reason": failure.reason}
    LOG.error("%s: %s", one, failure, extra={"fields": fields})


def tell_metrics(
    outcomes: Sequence[Outcome], failed: int, seconds: Sequence[float], function: str
) -> None:
    """Write what CloudWatch makes metrics of: outcomes, bytes landed, and the time of each object.

    `failed` counts objects, and messages in which none could be found.
    """
    counted = Counter(outcome.status for outcome in outcomes)
    values: dict[str, Any] = {name: counted[status] for status, name in STATUSES.items()}
    units = dict.fromkeys([*STATUSES.values(), "Failed"], "Count") | {"LandedBytes": "Bytes"}
    values["Failed"] = failed
    values["LandedBytes"] = sum(o.size or 0 for o in outcomes if o.status == "landed")
    if seconds:
        values["ForwardingTime"] = [round(s * 1000) for s in seconds[:MOST_VALUES]]
        units["ForwardingTime"] = "Milliseconds"
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["FunctionName"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
    }
    head = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    _write({"_aws": head, "FunctionName": function, **values})


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - whatever the arguments' own methods raise
        return f"{record.pathname}:{record.lineno}: no such log record ({type(error).__name__})"


def _named(one: S3Object, request_id: str | None) -> dict[str, Any]:
    return {
        "bucket": one.bucket,
        "key": one.key,
        "versionId": one.version_id,
        "sequencer": one.sequencer,
        "requestId": request_id,
    }


def _write(line: Mapping[str, Any]) -> None:
    # One call, so that the lines of two threads do not mix.
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
