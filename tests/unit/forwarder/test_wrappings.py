"""Every wrapping in which S3's events come, and which objects are in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from forwarder.events import UnknownEvent
from forwarder.wrappings import created_in_body, created_objects, queue_records

PAYLOADS = Path(__file__).parents[2] / "payloads"
PUT = ("heron-meadow", "field notes/Zürich+Bern (copy 2).csv")
FOLDER = ("heron-meadow", "inbox/new folder/")
SCAN = ("heron-scans", "scans/50% reed+sedge.tif")
MOVIE = ("heron-renders", "renders/marsh at dawn.mov")


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def named(event: Any) -> list[tuple[str, str]]:
    return [(created.bucket, created.key) for created in created_objects(event)]


@pytest.mark.parametrize(
    ("name", "objects"),
    [
        ("s3-put", [PUT]),
        ("s3-multipart", [MOVIE]),
        ("s3-copy", [("heron-archive", "ledgers/50%25 off+more.txt")]),
        ("s3-two-records-with-tagging", [FOLDER]),
        ("s3-removed", []),
        ("s3-delete-marker", []),
        ("s3-test-event", []),
        ("sns", [PUT]),
        ("eventbridge-created", [SCAN]),
        ("eventbridge-deleted", []),
        ("eventbridge-api-call", [SCAN]),
        ("minio-put", [("heron-meadow", "field notes/new.csv")]),
        ("ceph-put", [("heron-meadow", "field notes/new.csv")]),
    ],
)
def test_an_event_has_exactly_these_objects(name: str, objects: list[tuple[str, str]]) -> None:
    assert queue_records(payload(name)) is None
    assert named(payload(name)) == objects


@pytest.mark.parametrize(
    ("name", "objects"),
    [
        ("sqs-batch", [[], [PUT], [FOLDER], "not JSON", [SCAN], []]),
        ("sqs-of-sns", [[PUT], [], [SCAN]]),
        ("sqs-of-raw-sns", [[PUT], [MOVIE]]),
        ("pipes-batch", [[], [PUT]]),
    ],
)
def test_each_message_of_a_queue_has_exactly_these_objects(name: str, objects: list[Any]) -> None:
    records = queue_records(payload(name))
    assert records is not None
    assert len(records) == len(objects)
    for record, expected in zip(records, objects, strict=True):
        if isinstance(expected, str):
            with pytest.raises(UnknownEvent, match=expected):
                created_in_body(record["body"])
        else:
            found = created_in_body(record["body"])
            assert [(created.bucket, created.key) for created in found] == expected


def test_an_object_of_eventbridge_keeps_what_the_event_says_and_how_else_its_key_may_be_meant() -> (
    None
):
    [created] = created_objects(payload("eventbridge-created"))
    assert created.region == "eu-west-3"
    assert created.version_id == "Qx7inventedVersion04"
    assert created.etag == "c4ca4238a0b923820dcc509a6f75849b"
    assert (created.event_time, created.sequencer) == ("2026-08-11T09:30:16Z", "0068C2A96600C0FFEE")
    assert created.other_key == "scans/50% reed sedge.tif"


@pytest.mark.parametrize(("key", "other"), [("plain.txt", None), ("%FF", None), ("a%20b", "a b")])
def test_a_key_of_eventbridge_has_another_meaning_only_if_it_may_be_encoded(
    key: str, other: str | None
) -> None:
    event = payload("eventbridge-created")
    event["detail"]["object"]["key"] = key
    [created] = created_objects(event)
    assert (created.key, created.other_key) == (key, other)


@pytest.mark.parametrize("source", ["aws.s3", "heron.uploads"])
def test_an_event_of_eventbridge_may_be_sent_on_under_a_name_of_ones_own(source: str) -> None:
    assert named(payload("eventbridge-created") | {"source": source}) == [SCAN]


def test_an_etag_of_eventbridge_may_be_named_as_in_records() -> None:
    event = payload("eventbridge-created") | {"time": 1786440616.0}
    event["detail"]["object"]["eTag"] = event["detail"]["object"].pop("etag")
    [created] = created_objects(event)
    assert (created.etag, created.event_time) == ("c4ca4238a0b923820dcc509a6f75849b", None)


def test_a_list_of_events_has_the_objects_of_all() -> None:
    assert named([payload("s3-put"), payload("s3-removed"), payload("sns")]) == [PUT, PUT]


def test_a_body_that_was_parsed_on_the_way_is_read_as_it_is() -> None:
    assert created_in_body(payload("s3-put")) == created_objects(payload("s3-put"))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("SubscriptionConfirmation", "SNS sends nothing until .* confirm-subscription"),
        ("UnsubscribeConfirmation", "was ended, so SNS sends nothing more: .* subscribe again"),
    ],
)
def test_sns_waits_for_a_confirmation_and_its_token_is_not_shown(kind: str, told: str) -> None:
    message = payload("sns-confirmation") | {"Type": kind}
    in_record = {"Records": [{"EventSource": "aws:sns", "Sns": message}]}
    for event in (message, in_record):
        with pytest.raises(UnknownEvent, match=told) as refused:
            created_objects(event)
        assert message["TopicArn"] in str(refused.value)
        assert "canary" not in str(refused.value)
        assert "https:" not in str(refused.value)


def test_of_an_unknown_event_only_some_fields_are_named() -> None:
    with pytest.raises(UnknownEvent, match=r"fields .*'f119'") as refused:
        created_objects({f"f{number}": "canary" for number in range(100, 200)})
    assert "'f120'" not in str(refused.value)
    assert "canary" not in str(refused.value)


def test_two_notifications_of_one_event_are_both_read() -> None:
    event = payload("sns")
    event["Records"] *= 2
    assert named(event) == [PUT, PUT]


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "s3:TestEvent",
        {},
        {"Records": []},
        {"Records": {}},
        {"Records": [None]},
        {"Records": [{"eventSource": "aws:dynamodb"}]},
        {"Records": [{"eventSource": "aws:sqs", "body": "{}"}, {"eventSource": "aws:s3"}]},
        {"Records": [{"EventSource": "aws:sns"}]},
        {"Records": [{"EventSource": "aws:sns", "Sns": {}}]},
        [[]],
        [payload("sqs-batch")["Records"][0], {}],
        {"source": "aws.ec2", "detail-type": "Object Created"},
        {"source": 1, "detail-type": "Object Created"},
        {"detail-type": "Object Created"},
        {"source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {"key": "k"}}},
        {"Type": "Other", "TopicArn": "arn:aws:sns:eu-west-3:1:t", "Message": "{}"},
        {"Type": "Notification", "Message": "{}"},
        {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-3:1:t", "Message": None},
    ],
)
def test_an_event_of_unknown_shape_says_what_to_send(event: object) -> None:
    assert queue_records(event) is None
    with pytest.raises(UnknownEvent, match="send S3 event notifications"):
        created_objects(event)


@pytest.mark.parametrize("body", [None, 1, "", "{", "[" * 100_000, "null", "[]", '{"a": 1}'])
def test_a_body_of_unknown_shape_says_what_to_send(body: object) -> None:
    with pytest.raises(UnknownEvent, match="send S3 event notifications"):
        created_in_body(body)


@pytest.mark.parametrize("detail", [None, {}, {"bucket": {"name": "b"}, "object": {"key": 1}}])
def test_a_damaged_event_of_eventbridge_is_refused(detail: object) -> None:
    event = payload("eventbridge-created") | {"detail": detail}
    with pytest.raises(UnknownEvent, match="without a transformer"):
        created_objects(event)


def in_sns(event: Any, *, parsed: bool = False) -> Any:
    message = event if parsed else json.dumps(event)
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-3:1:t", "Message": message}


@pytest.mark.parametrize("parsed", [False, True])
def test_wrappings_end_at_three(parsed: bool) -> None:
    twice = in_sns(in_sns(payload("s3-put"), parsed=parsed), parsed=parsed)
    assert named(twice) == [PUT]
    with pytest.raises(UnknownEvent, match="more than 3 times"):
        created_objects(in_sns(twice, parsed=parsed))


@pytest.mark.parametrize("parsed", [False, True])
def test_the_queue_is_a_wrapping_too(parsed: bool) -> None:
    once = in_sns(payload("s3-put"), parsed=parsed)
    twice = in_sns(once, parsed=parsed)
    assert len(created_in_body(once if parsed else json.dumps(once))) == 1
    with pytest.raises(UnknownEvent, match="more than 3 times"):
        created_in_body(twice if parsed else json.dumps(twice))


def test_lists_are_wrappings_too() -> None:
    assert named([[payload("s3-put")]]) == [PUT]
    with pytest.raises(UnknownEvent, match="more than 3 times"):
        created_objects([[[payload("s3-put")]]])


def test_a_test_event_has_no_records() -> None:
    assert named(payload("s3-put") | {"Event": "s3:TestEvent"}) == [PUT]


def test_a_record_of_somebody_else_is_named() -> None:
    with pytest.raises(UnknownEvent, match="a record of eventSource 'aws:dynamodb': send S3"):
        created_objects({"Records": [{"eventSource": "aws:dynamodb"}]})
