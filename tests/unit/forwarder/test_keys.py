"""Which of two keys an event means: that of the object with the event's ETag, and never none."""

from dataclasses import replace
from typing import Any

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded, ObjectGone
from forwarder.looking import Looking
from forwarder.wrappings import created_objects
from tests.integration.events import payload
from tests.servers.raw import answer
from tests.servers.whole_s3 import WholeS3
from tests.unit.forwarder.clients import clients

REGION = "eu-west-2"


def by_record(key: str, etag: str | None) -> S3Object:
    event = payload("s3-put")
    event["Records"][0]["awsRegion"] = REGION
    event["Records"][0]["s3"] = {"bucket": {"name": "heron-meadow"}, "object": _object(key, etag)}
    [created] = created_objects(event)
    return created


def by_eventbridge(key: str, etag: str | None) -> S3Object:
    event = payload("eventbridge-created") | {"region": REGION}
    event["detail"]["object"] = {"etag": etag, **_object(key, None)}
    event["detail"]["bucket"]["name"] = "heron-meadow"
    [created] = created_objects(event)
    return created


def _object(key: str, etag: str | None) -> dict[str, Any]:
    return {"key": key, **({"eTag": etag} if etag else {})}


SOURCES = pytest.mark.parametrize("source", [by_record, by_eventbridge])
PAIRS = [("a+b.txt", "a b.txt"), ("50%25.txt", "50%.txt"), ("%2520", "%20"), ("é%C3%A9", "éé")]
"""A key as it may stand in an event, and what it is if it stands there encoded."""


def found(wanted: S3Object) -> str:
    return Looking(clients(), pin_versions=False).find(wanted).object.key


@SOURCES
@pytest.mark.parametrize(("literal", "decoded"), PAIRS)
def test_the_only_object_there_is_found_with_an_etag_and_without(
    source: Any, literal: str, decoded: str, s3: WholeS3
) -> None:
    for key in (literal, decoded):
        s3.objects.clear()
        etag = s3.put(key, b"the one that is there")
        assert found(source(literal, etag)) == key
        assert found(source(literal, None)) == key
        assert found(replace(source(literal, None), etag="")) == key  # as MinIO sends it


@SOURCES
@pytest.mark.parametrize(("literal", "decoded"), PAIRS)
def test_of_two_objects_that_with_the_events_etag_is_found(
    source: Any, literal: str, decoded: str, s3: WholeS3
) -> None:
    etags = {key: s3.put(key, f"bytes of {key}".encode()) for key in (literal, decoded)}
    for key, etag in etags.items():
        assert found(source(literal, etag)) == key


def test_of_two_objects_without_an_etag_the_source_decides(s3: WholeS3) -> None:
    for key in ("a+b", "a b"):
        s3.put(key, b"1")

    assert found(by_record("a+b", None)) == "a b"
    assert found(by_eventbridge("a+b", None)) == "a+b"


@SOURCES
def test_an_object_that_was_overwritten_since_is_found_all_the_same(
    source: Any, s3: WholeS3
) -> None:
    first = source("a+b", "e0e0")
    s3.put(first.key, b"newer than the event")
    assert found(first) == first.key
    s3.put(first.other_key, b"a neighbour")
    assert found(first) == first.key


@SOURCES
def test_an_object_is_gone_if_it_is_under_neither_key(source: Any, s3: WholeS3) -> None:
    wanted = source("a+b", "e0e0")
    with pytest.raises(ObjectGone):
        found(wanted)
    s3.put(wanted.other_key, b"a neighbour, by its ETag")
    with pytest.raises(ObjectGone):
        found(wanted)


@SOURCES
@pytest.mark.parametrize("etag", ["e0e0", None])
@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [("503 x", "SlowDown", "SOURCE_UNAVAILABLE"), ("403 x", "AccessDenied", "SOURCE_REFUSED")],
)
def test_an_object_is_not_gone_while_nobody_knows_about_its_other_key(
    source: Any, etag: str | None, status: str, code: str, reason: str, s3: WholeS3
) -> None:
    wanted = source("a+b", etag)
    s3.refuse(wanted.other_key, status, code)

    with pytest.raises(NotForwarded) as failed:
        found(wanted)

    assert failed.value.reason == reason


@SOURCES
def test_without_the_right_to_list_a_missing_key_is_refused_and_the_other_one_is_found(
    source: Any, s3: WholeS3
) -> None:
    etag = s3.put(source("a+b", None).other_key, b"1")
    wanted = source("a+b", etag)
    s3.refuse(wanted.key, "403 Forbidden", "AccessDenied")

    assert found(wanted) == wanted.other_key
    with pytest.raises(NotForwarded, match="AccessDenied"):
        found(source("a+b", None))


@SOURCES
def test_an_outage_is_not_asked_for_another_key(source: Any, s3: WholeS3) -> None:
    wanted = source("a+b", "e0e0")
    s3.refuse(wanted.key, "503 x", "SlowDown")
    s3.put(wanted.other_key, b"1")

    with pytest.raises(NotForwarded) as failed:
        found(wanted)

    assert failed.value.reason == "SOURCE_UNAVAILABLE"
    assert {line.split()[0] for line in s3.seen} == {"HEAD"}


@pytest.mark.parametrize("key", ["no-utf-8-%FF", "100%", "%zz", "plain", "ü"])
@SOURCES
def test_a_key_that_decoding_does_not_change_has_no_other(
    source: Any, key: str, s3: WholeS3
) -> None:
    s3.put(key, b"1")
    wanted = source(key, "e0e0")

    assert (wanted.key, wanted.other_key) == (key, None)
    assert found(wanted) == key
    assert len(s3.seen) == 1


@pytest.mark.parametrize("there", ['"e1"', "e1", 'W/"e1"'])
@pytest.mark.parametrize("meant", ['"e1"', "e1", 'W/"e1"'])
def test_etags_are_the_same_with_and_without_quotes(there: str, meant: str, s3: WholeS3) -> None:
    """Servers differ in how their events and their headers spell ETags."""
    if there.startswith("W/"):
        there = '"e1"'
    s3.put("a b", b"1", ETag='"other"')
    s3.heads["a+b"] = answer(b"1", ETag=there)

    assert found(by_record("a+b", meant)) == "a+b"
