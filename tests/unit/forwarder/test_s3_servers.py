"""Records of S3-compatible servers: of one shape with Amazon's, but for the names in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from forwarder.events import S3Object, UnknownEvent
from forwarder.wrappings import created_objects

PAYLOADS = Path(__file__).parents[2] / "payloads"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def put(**of_record: object) -> Any:
    event = payload("s3-put")
    event["Records"][0].update(of_record)
    return event


def test_a_record_of_minio() -> None:
    assert created_objects(payload("minio-put")) == [
        S3Object(
            bucket="heron-meadow",
            key="field notes/new.csv",
            etag="3b1f0c5d9e7a48620c4d1e2f5a6b7c8d",
            event_time="2026-08-11T09:30:15.204Z",
            sequencer="18C2A91F0BADCAFE",
            other_key="field+notes%2Fnew.csv",
        )
    ]


def test_a_record_of_ceph() -> None:
    """Its region is a zone group of any name, and what it does not know is an empty text."""
    assert created_objects(payload("ceph-put")) == [
        S3Object(
            bucket="heron-meadow",
            key="field notes/new.csv",
            etag="3b1f0c5d9e7a48620c4d1e2f5a6b7c8d-2",
            event_time="2026-08-11T09:30:15.204124Z",
            other_key="field+notes/new.csv",
        )
    ]


@pytest.mark.parametrize(
    ("source", "version"),
    [
        ("aws:s3", "2.1"), ("minio:s3", "2.0"), ("ceph:s3", "2.1"), ("ceph:s3", "2.2"),
        ("rustfs:s3", "2.1"), ("noobaa:s3", "2.3"), ("sgws:s3", "2.0"), ("some-1.other:s3", "2.0"),
        ("scality:s3", "1.0"),
    ],
)  # fmt: skip
def test_a_record_of_any_s3_server_is_taken(source: str, version: str) -> None:
    assert len(created_objects(put(eventSource=source, eventVersion=version))) == 1


@pytest.mark.parametrize(("source", "version"), [("scality:s3", "2.1"), ("minio:s3", "1.0")])
def test_each_server_has_its_major_version(source: str, version: str) -> None:
    with pytest.raises(UnknownEvent, match=r"eventVersion '\d.\d', but only \d.x is known"):
        created_objects(put(eventSource=source, eventVersion=version))


@pytest.mark.parametrize(
    "source",
    [None, "", "s3", ":s3", "aws:s3:", "aws:s3\n", "aws:sns", "aws:s33", "a b:s3", ["aws:s3"]],
)
def test_what_is_no_s3_server_fails(source: object) -> None:
    with pytest.raises(UnknownEvent, match="a record of eventSource"):
        created_objects(put(eventSource=source))


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("eu-west-3", "eu-west-3"),
        ("Zone-Group1", "Zone-Group1"),
        ("x" * 63, "x" * 63),
        ("a", "a"),
        *[
            (name, None)
            for name in (None, "", "zone group", "-a", "a-", "a_b", "a.b/c", 3, "x" * 64)
        ],
    ],
)
def test_a_region_that_is_none_is_left_open(name: object, region: str | None) -> None:
    [created] = created_objects(put(awsRegion=name))
    assert created.region == region


@pytest.mark.parametrize("value", ["", None, 1786440616.0, []])
def test_what_an_emulator_fills_in_is_left_out(value: object) -> None:
    event = put(eventTime=value)
    event["Records"][0]["s3"]["object"] |= {"versionId": value, "sequencer": value, "eTag": value}
    [created] = created_objects(event)
    assert (created.event_time, created.version_id, created.sequencer, created.etag) == (None,) * 4


@pytest.mark.parametrize(("etag", "read"), [('"e-1"', "e-1"), ("e-1", "e-1"), ('""', None)])
def test_an_etag_has_no_quotes(etag: str, read: str | None) -> None:
    event = put()
    event["Records"][0]["s3"]["object"]["eTag"] = etag
    [created] = created_objects(event)
    assert created.etag == read
