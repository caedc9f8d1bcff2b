"""Events for the forwarder, as AWS sends them, and what the forwarder writes about them."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from forwarder.lambda_function import lambda_handler
from tests.integration.conftest import BUCKET, REGION

PAYLOADS = Path(__file__).parents[1] / "payloads"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:123456789012:heron-objects"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def created(*keys: str, bucket: str = BUCKET, **of_object: str) -> Any:
    """The event that S3 sends for new objects with these keys."""
    [record] = payload("s3-put")["Records"]
    objects = [{"key": quote_plus(key), "sequencer": "0A", **of_object} for key in keys]
    return {
        "Records": [
            record | {"awsRegion": REGION, "s3": {"bucket": {"name": bucket}, "object": one}}
            for one in objects
        ]
    }


def created_by_eventbridge(key: str, etag: str) -> Any:
    event = payload("eventbridge-created") | {"region": REGION}
    event["detail"]["bucket"]["name"] = BUCKET
    event["detail"]["object"] = {"key": key, "etag": etag, "sequencer": "0A"}
    return event


def in_queue(*bodies: Any, receives: int = 1) -> Any:
    """A batch of SQS; its messages are named 1, 2, 3 ..."""
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": f"handle-{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "eventSource": "aws:sqs",
                "eventSourceARN": QUEUE_ARN,
                "awsRegion": REGION,
            }
            for number, body in enumerate(bodies, 1)
        ]
    }


def forward(*keys: str) -> None:
    assert lambda_handler(created(*keys), None) is None


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the function wrote since the last call: all of it is JSON, one object a line."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
