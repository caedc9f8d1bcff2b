"""CloudTrail's record of a call to S3 becomes the object that the call created."""

import json
from pathlib import Path
from typing import Any

import pytest

from forwarder.events import S3Object, UnknownEvent
from forwarder.wrappings import created_objects

SAMPLE = Path(__file__).parents[2] / "payloads" / "eventbridge-api-call.json"


def event(**of_detail: object) -> Any:
    read = json.loads(SAMPLE.read_text(encoding="utf-8"))
    read["detail"].update(of_detail)
    return read


def test_the_key_is_as_it_is_and_the_version_is_that_of_the_answer() -> None:
    assert created_objects(event()) == [
        S3Object(
            bucket="heron-scans",
            key="scans/50% reed+sedge.tif",
            region="eu-west-3",
            version_id="Qx7inventedVersion05",
            event_time="2026-08-11T09:30:58Z",
            other_key="scans/50% reed sedge.tif",
        )
    ]


@pytest.mark.parametrize("answered", [None, {}, {"x-amz-version-id": ""}])
def test_an_answer_without_a_version_names_none(answered: object) -> None:
    [created] = created_objects(event(responseElements=answered))
    assert created.version_id is None


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        {},
        {"bucketName": "heron-scans"},
        {"key": "a"},
        {"bucketName": "", "key": "a"},
        {"bucketName": "heron-scans", "key": 1},
    ],
)
def test_a_call_without_bucket_and_key_fails(asked: object) -> None:
    with pytest.raises(UnknownEvent, match=r"without requestParameters\.bucketName or .*Error"):
        created_objects(event(requestParameters=asked))


def test_a_damaged_answer_fails() -> None:
    with pytest.raises(UnknownEvent, match="send it as CloudTrail made it"):
        created_objects(event(responseElements="x-amz-version-id"))


@pytest.mark.parametrize(
    "source", [None, "", "s3express.amazonaws.com", "s3-outposts.amazonaws.com"]
)
def test_a_call_to_another_service_fails(source: object) -> None:
    with pytest.raises(UnknownEvent, match=r"not of eventSource s3\.amazonaws\.com"):
        created_objects(event(eventSource=source))


@pytest.mark.parametrize("detail", [None, [], "PutObject"])
def test_an_event_without_a_record_of_cloudtrail_fails(detail: object) -> None:
    with pytest.raises(UnknownEvent, match=r"not of eventSource s3\.amazonaws\.com"):
        created_objects(event() | {"detail": detail})
