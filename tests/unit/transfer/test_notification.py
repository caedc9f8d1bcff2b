"""What subscribers are told: a Cloud Storage notification that is also a CloudEvent."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import pytest

from transfer.notification import Notification, event_id, notification_of
from transfer.store import ObjectHeaders, StoredObject

CREATED = datetime(2026, 8, 11, 9, 30, 20, 500000, tzinfo=UTC)
METADATA = {
    "s3-bucket": "heron-meadow",
    "s3-key": "field notes/1.png",
    "s3-etag": "8e13ffc9fd9d6a6761231a764bdf106b",
    "landfall-verified": "size,md5",
}


def landed(name: str = "heron-meadow/field notes/1.png", **changed: Any) -> StoredObject:
    """One generation; metadata entries beside METADATA are given as `metadata`."""
    metadata = {**METADATA, **changed.pop("metadata", {})}
    headers = ObjectHeaders(content_type="image/png", metadata=metadata)
    stored = StoredObject(
        bucket="landing",
        name=name,
        generation=1786440620500000,
        metageneration=1,
        size=48213,
        crc32c="4waSgw==",
        md5="jhP/yf2damdhIxp2S98Qaw==",
        headers=headers,
        created=CREATED,
        updated=CREATED,
    )
    return replace(stored, **changed)


def attributes_of(stored: StoredObject, event_time: datetime | None = None) -> Mapping[str, str]:
    return notification_of(stored, event_time).attributes


def data_of(notification: Notification) -> Any:
    return json.loads(notification.data)


def test_the_attributes_are_exactly_these() -> None:
    stored = landed(metadata={"s3-version-id": "v1", "landfall-overwrote": "17"})
    text = "landing/heron-meadow/field notes/1.png#1786440620500000"

    assert attributes_of(stored, CREATED - timedelta(seconds=5)) == {
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": "landing",
        "objectId": "heron-meadow/field notes/1.png",
        "objectGeneration": "1786440620500000",
        "eventTime": "2026-08-11T09:30:20.500000Z",
        "overwroteGeneration": "17",
        "notificationConfig": "projects/_/buckets/landing/notificationConfigs/landfall",
        "ce-specversion": "1.0",
        "ce-id": hashlib.sha256(text.encode()).hexdigest(),
        "ce-type": "io.landfall.object.landed.v1",
        "ce-source": "//storage.googleapis.com/projects/_/buckets/landing",
        "ce-subject": "objects/heron-meadow/field%20notes/1.png",
        "ce-time": "2026-08-11T09:30:20.500000Z",
        "content-type": "application/json",
        "s3Bucket": "heron-meadow",
        "s3Key": "field%20notes/1.png",
        "s3ETag": "8e13ffc9fd9d6a6761231a764bdf106b",
        "s3VersionId": "v1",
        "verified": "size,md5",
        "lagMs": "5000",
    }


@pytest.mark.parametrize("name", ["overwroteGeneration", "s3VersionId", "lagMs"])
def test_what_is_not_known_is_not_said(name: str) -> None:
    assert name not in attributes_of(landed())


def test_an_object_that_is_not_of_ours_has_no_source() -> None:
    stored = landed(headers=ObjectHeaders())

    said = attributes_of(stored)

    assert not {"s3Bucket", "s3Key", "s3ETag", "verified"} & set(said)
    assert "" not in said.values()


def test_the_data_is_the_object_resource() -> None:
    headers = ObjectHeaders(
        content_type="image/png",
        cache_control="no-transform",
        content_disposition="inline",
        content_language="de",
        content_encoding="gzip",
        metadata=METADATA,
    )
    stored = landed(headers=headers, metageneration=2, updated=CREATED + timedelta(seconds=1))

    assert data_of(notification_of(stored, None)) == {
        "kind": "storage#object",
        "id": "landing/heron-meadow/field notes/1.png/1786440620500000",
        "name": "heron-meadow/field notes/1.png",
        "bucket": "landing",
        "generation": "1786440620500000",
        "metageneration": "2",
        "contentType": "image/png",
        "cacheControl": "no-transform",
        "contentDisposition": "inline",
        "contentLanguage": "de",
        "contentEncoding": "gzip",
        "size": "48213",
        "crc32c": "4waSgw==",
        "md5Hash": "jhP/yf2damdhIxp2S98Qaw==",
        "timeCreated": "2026-08-11T09:30:20.500000Z",
        "updated": "2026-08-11T09:30:21.500000Z",
        "metadata": METADATA,
    }


def test_the_data_leaves_out_what_the_object_does_not_have() -> None:
    data = data_of(notification_of(landed(crc32c="", md5=None), None))

    absent = {"md5Hash", "cacheControl", "contentDisposition", "contentLanguage", "contentEncoding"}
    assert not (absent | {"crc32c"}) & set(data)
    assert None not in data.values()


def test_the_protocols_own_state_stays_at_home() -> None:
    state = {"landfall-notified": "message-1", "landfall-touched": "0f0f"}
    stored = landed(metadata={**state, "camera": "M11"})

    notification = notification_of(stored, None)

    assert data_of(notification)["metadata"] == {**METADATA, "camera": "M11"}
    assert not set(state.values()) & set(notification.attributes.values())


def test_one_generation_has_one_id_however_often_it_is_told() -> None:
    later = landed(metageneration=9, updated=CREATED + timedelta(days=1), metadata={"a": "b"})

    assert attributes_of(later, CREATED)["ce-id"] == attributes_of(landed())["ce-id"]
    assert event_id(later) == event_id(landed())


@pytest.mark.parametrize(
    "other", [landed("other"), landed(bucket="other"), landed(generation=1786440620500001)]
)
def test_another_generation_has_another_id(other: StoredObject) -> None:
    assert event_id(other) != event_id(landed())


def test_the_digest_is_of_the_names_utf_8() -> None:
    stored = landed("größe/雪", bucket="b", generation=7)

    assert event_id(stored) == hashlib.sha256("b/größe/雪#7".encode()).hexdigest()


@pytest.mark.parametrize("name", ["größe/雪/🪶.png", "a b+c%2F.png", "u\u0308", "~-._/", "a\"b'c"])
def test_a_name_is_raw_for_fetching_and_ascii_for_events(name: str) -> None:
    said = attributes_of(landed(name, metadata={"s3-key": name}))

    assert said["objectId"] == name
    assert said["ce-subject"].isascii()
    assert unquote(said["ce-subject"]) == f"objects/{name}"
    assert said["s3Key"].isascii()
    assert unquote(said["s3Key"]) == name


def test_the_data_is_utf_8() -> None:
    data = notification_of(landed("größe/雪"), None).data

    assert "größe/雪".encode() in data


def test_a_value_over_1024_bytes_is_left_out_and_the_data_has_it() -> None:
    name = "é" * 512
    stored = landed(name, metadata={"s3-key": name, "s3-version-id": "v" * 1025})

    notification = notification_of(stored, None)

    assert not {"ce-subject", "s3Key", "s3VersionId"} & set(notification.attributes)
    assert notification.attributes["objectId"] == name
    assert data_of(notification)["metadata"]["s3-key"] == name
    assert max(len(value.encode()) for value in notification.attributes.values()) <= 1024


def test_bytes_count_not_characters() -> None:
    assert "s3VersionId" not in attributes_of(landed(metadata={"s3-version-id": 600 * "é"}))


def test_a_value_of_1024_bytes_is_said() -> None:
    name = "k" * 1024
    said = attributes_of(landed(name, metadata={"s3-key": name, "s3-version-id": "v" * 1024}))

    assert (said["objectId"], said["s3Key"], said["s3VersionId"]) == (name, name, "v" * 1024)
    assert "ce-subject" not in said  # it is `objects/` longer


@pytest.mark.parametrize(
    ("event_time", "last_modified", "lag"),
    [
        (CREATED - timedelta(milliseconds=1234), None, "1234"),
        (CREATED - timedelta(seconds=2), "Tue, 11 Aug 2026 09:30:10 GMT", "2000"),
        (None, "Tue, 11 Aug 2026 09:30:10 GMT", "10500"),
        ((CREATED - timedelta(seconds=1)).astimezone(timezone(timedelta(hours=9))), None, "1000"),
        (CREATED + timedelta(hours=1), None, "0"),
        (None, "yesterday", None),
        (None, "Tue, 11 Aug 2026 09:30:10", None),
        (None, "Tue, 11 Aug 2026 09:30:10 -0000", None),
        (None, "Tue, 11 Aug 99999999999999999999 09:30:10 GMT", None),
        (None, "Tue, 11 Aug 2026 09:30:10 +99999999999999999999", None),
        (None, "", None),
    ],
)
def test_the_lag_is_from_the_event_or_else_from_the_last_change(
    event_time: datetime | None, last_modified: str | None, lag: str | None
) -> None:
    metadata = {} if last_modified is None else {"s3-last-modified": last_modified}

    assert attributes_of(landed(metadata=metadata), event_time).get("lagMs") == lag


def test_times_are_told_in_utc() -> None:
    created = CREATED.astimezone(timezone(timedelta(hours=-7)))

    said = attributes_of(landed(created=created))

    assert said["ce-time"] == said["eventTime"] == "2026-08-11T09:30:20.500000Z"
