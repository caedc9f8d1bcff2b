"""Which objects an event asks the forwarder to forward."""

import json
from pathlib import Path
from typing import Any

import pytest

from forwarder.events import S3Object, UnknownEvent, required_text
from forwarder.wrappings import created_objects

PAYLOADS = Path(__file__).parents[2] / "payloads"


def payload(case: str) -> Any:
    return json.loads((PAYLOADS / f"s3-{case}.json").read_text(encoding="utf-8"))


def put_with(**fields: object) -> Any:
    """The event of `s3-put.json` with fields of its record replaced."""
    event = payload("put")
    event["Records"][0].update(fields)
    return event


def put_with_key(key: object) -> Any:
    event = payload("put")
    event["Records"][0]["s3"]["object"]["key"] = key
    return event


def test_a_put_is_one_object_with_its_form_encoded_key_decoded() -> None:
    assert created_objects(payload("put")) == [
        S3Object(
            bucket="heron-meadow",
            key="field notes/Zürich+Bern (copy 2).csv",
            region="eu-west-3",
            etag="3b1f0c5d9e7a48620c4d1e2f5a6b7c8d",
            event_time="2026-08-11T09:30:15.204Z",
            sequencer="0068C2A91F0BADCAFE",
            other_key="field+notes/Z%C3%BCrich%2BBern+%28copy+2%29.csv",
        )
    ]


def test_a_key_is_decoded_exactly_once() -> None:
    [created] = created_objects(payload("copy"))
    assert created.key == "ledgers/50%25 off+more.txt"


def test_a_copy_keeps_the_region_and_bucket_of_its_record() -> None:
    [created] = created_objects(payload("copy"))
    assert (created.region, created.bucket) == ("ap-south-2", "heron-archive")


def test_a_completed_multipart_upload_is_one_object_and_unknown_fields_do_not_matter() -> None:
    [created] = created_objects(payload("multipart"))
    assert created.key == "renders/marsh at dawn.mov"


def test_of_two_records_only_the_creation_counts_with_or_without_the_prefix_of_its_name() -> None:
    [created] = created_objects(payload("two-records-with-tagging"))
    assert created.key == "inbox/new folder/"


def test_all_creations_of_an_event_are_returned_in_its_order() -> None:
    records = payload("multipart")["Records"] + payload("put")["Records"]
    buckets = [created.bucket for created in created_objects({"Records": records})]
    assert buckets == ["heron-renders", "heron-meadow"]


def test_a_record_of_another_kind_needs_no_object() -> None:
    event = put_with(eventName="IntelligentTiering", s3={"get_object": {}})
    assert created_objects(event) == []


def test_the_version_of_an_event_is_kept() -> None:
    [created] = created_objects(payload("copy"))
    assert created.version_id == "Qx7inventedVersion01"


def test_without_a_region_it_is_left_open() -> None:
    event = payload("put")
    del event["Records"][0]["awsRegion"]
    [created] = created_objects(event)
    assert created.region is None


def test_event_time_and_sequencer_may_be_missing() -> None:
    event = payload("put")
    del event["Records"][0]["eventTime"], event["Records"][0]["s3"]["object"]["sequencer"]
    [created] = created_objects(event)
    assert (created.event_time, created.sequencer) == (None, None)


@pytest.mark.parametrize("version", ["2.0", "2.9", "2.10"])
def test_any_minor_version_is_accepted(version: str) -> None:
    assert len(created_objects(put_with(eventVersion=version))) == 1


def test_an_unknown_major_version_says_to_deploy_another_forwarder() -> None:
    with pytest.raises(UnknownEvent, match=r"'3\.0'.*deploy a forwarder that knows it"):
        created_objects(payload("unknown-major"))


@pytest.mark.parametrize("version", [None, "", "20.1", "1.9"])
def test_a_major_version_other_than_2_is_refused(version: object) -> None:
    with pytest.raises(UnknownEvent, match="eventVersion"):
        created_objects(put_with(eventVersion=version))


@pytest.mark.parametrize(
    "event",
    [
        put_with(eventName=None),
        put_with(s3={}),
        put_with_key(None),
    ],
)
def test_a_damaged_record_is_refused(event: object) -> None:
    with pytest.raises(UnknownEvent, match="send it as S3 made it"):
        created_objects(event)


def test_a_line_end_in_a_key_does_not_break_the_line_of_a_log() -> None:
    [created] = created_objects(put_with_key("two%0Alines"))
    assert str(created) == r"'heron-meadow/two\nlines'"


@pytest.mark.parametrize("value", ["", None, 5, ["heron-meadow"]])
def test_a_name_is_a_text_that_is_not_empty(value: object) -> None:
    assert required_text("heron-meadow") == "heron-meadow"
    with pytest.raises(TypeError):
        required_text(value)
