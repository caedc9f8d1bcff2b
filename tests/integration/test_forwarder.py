"""The messages of the forwarder, between a real S3 server and a real HTTP endpoint."""

import base64
import hashlib
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from forwarder.events import S3Object
from forwarder.forwarding import make_forwarder
from forwarder.lambda_function import lambda_handler
from forwarder.settings import read_settings
from tests.integration.conftest import (
    API_KEY,
    BUCKET,
    Answer,
    RecordingServer,
    landfall_says,
)
from tests.integration.events import created, created_by_eventbridge, forward

PART = 5 * 1024 * 1024


def test_the_message_of_a_put_has_exactly_these_fields(s3: Any, endpoint: RecordingServer) -> None:
    body = b"reed,12\n"
    s3.put_object(Bucket=BUCKET, Key="a b.csv", Body=body, ContentType="text/csv")
    modified = s3.head_object(Bucket=BUCKET, Key="a b.csv")["LastModified"]
    forward("a b.csv")
    [message] = endpoint.messages
    assert message.pop("PresignedUrl").startswith("http://127.0.0.1:")
    assert message == {
        "Bucket": BUCKET,
        "ObjectKey": "a b.csv",
        "ContentType": "text/csv",
        "ContentLength": len(body),
        "ETag": f'"{hashlib.md5(body).hexdigest()}"',
        "LastModified": modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "EventTime": "2026-08-11T09:30:15.204Z",
        "Sequencer": "0A",
        "ChecksumCRC32": base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode(),
    }


def test_the_message_goes_as_json_with_the_key_in_its_header(
    s3: Any, endpoint: RecordingServer
) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    forward("one")
    [(path, headers, _)] = endpoint.requests
    assert path == "/processmessage"
    assert (headers["content-type"], headers["x-api-key"]) == ("application/json", API_KEY)


def test_the_message_of_a_multipart_upload_has_its_part_size(
    s3: Any, endpoint: RecordingServer
) -> None:
    target = {"Bucket": BUCKET, "Key": "big.mov"}
    upload = target | {"UploadId": s3.create_multipart_upload(**target)["UploadId"]}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate([b"x" * PART, b"y" * PART, b"rest"], start=1)
    ]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    forward("big.mov")
    [message] = endpoint.messages
    assert message["ETag"].endswith('-3"')
    assert (message["ContentLength"], message["PartSize"]) == (2 * PART + 4, PART)


@pytest.fixture
def versions(s3: Any) -> str:
    """A versioned bucket."""
    s3.create_bucket(Bucket="heron-versions")
    s3.put_bucket_versioning(Bucket="heron-versions", VersioningConfiguration={"Status": "Enabled"})
    return "heron-versions"


def test_a_versioned_object_is_named_by_its_version_but_the_url_is_not_pinned_to_it(
    s3: Any, versions: str, endpoint: RecordingServer
) -> None:
    old = s3.put_object(Bucket=versions, Key="v", Body=b"1")["VersionId"]
    version = s3.put_object(Bucket=versions, Key="v", Body=b"22")["VersionId"]
    lambda_handler(created("v", bucket=versions, versionId=old), None)
    [message] = endpoint.messages
    assert (message["VersionId"], message["ContentLength"]) == (version, 2)
    assert "versionid" not in message["PresignedUrl"].lower()


def test_with_pin_versions_the_version_of_the_event_is_sent_and_read(
    s3: Any,
    versions: str,
    endpoint: RecordingServer,
    forwarder_environment: pytest.MonkeyPatch,
) -> None:
    forwarder_environment.setenv("PIN_VERSIONS", "true")
    old = s3.put_object(Bucket=versions, Key="v", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versions, Key="v", Body=b"22")
    lambda_handler(created("v", bucket=versions, versionId=old), None)
    [message] = endpoint.messages
    assert (message["VersionId"], message["ContentLength"]) == (old, 1)
    assert parse_qs(urlsplit(message["PresignedUrl"]).query)["versionId"] == [old]
    with urlopen(message["PresignedUrl"]) as answer:
        assert answer.read() == b"1"


def test_with_pin_versions_an_event_without_a_version_pins_what_is_there(
    s3: Any,
    versions: str,
    endpoint: RecordingServer,
    forwarder_environment: pytest.MonkeyPatch,
) -> None:
    forwarder_environment.setenv("PIN_VERSIONS", "true")
    version = s3.put_object(Bucket=versions, Key="w", Body=b"1")["VersionId"]
    lambda_handler(created("w", bucket=versions), None)
    [message] = endpoint.messages
    assert message["VersionId"] == version
    assert parse_qs(urlsplit(message["PresignedUrl"]).query)["versionId"] == [version]


@pytest.mark.parametrize(
    ("key", "in_event"), [("50% a+b", "50% a+b"), ("50% a+b", "50%25+a%2Bb"), ("a b", "a+b")]
)
def test_a_key_of_eventbridge_is_found_whether_it_comes_encoded_or_not(
    key: str, in_event: str, s3: Any, endpoint: RecordingServer
) -> None:
    etag = s3.put_object(Bucket=BUCKET, Key=key, Body=b"by eventbridge")["ETag"].strip('"')
    lambda_handler(created_by_eventbridge(in_event, etag), None)
    [message] = endpoint.messages
    assert message["ObjectKey"] == key


def test_a_key_of_eventbridge_does_not_lead_to_a_neighbour(
    s3: Any, endpoint: RecordingServer
) -> None:
    s3.put_object(Bucket=BUCKET, Key="x y", Body=b"the neighbour of x+y, which was deleted")
    lambda_handler(created_by_eventbridge("x+y", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"), None)
    assert endpoint.messages == []


def test_a_region_that_the_event_does_not_name_is_asked_of_s3(
    scripted_s3: RecordingServer, endpoint: RecordingServer
) -> None:
    there = {"x-amz-bucket-region": "ap-southeast-4"}
    asked = [Answer(301, b"", there), Answer(200, b"", there)]
    scripted_s3.answers = [*asked, Answer(200, b"", {"ETag": '"e"'})]
    event = created("one")
    del event["Records"][0]["awsRegion"]
    lambda_handler(event, None)
    lambda_handler(event, None)
    for message in endpoint.messages:
        [credential] = parse_qs(urlsplit(message["PresignedUrl"]).query)["X-Amz-Credential"]
        assert credential.split("/")[2] == "ap-southeast-4"
    assert [path for path, _, _ in scripted_s3.requests] == [
        *[f"/{BUCKET}"] * 2,
        *[f"/{BUCKET}/one"] * 2,
    ]


def test_a_program_asks_by_validate_only_whether_an_object_is_landed(
    s3: Any, endpoint: RecordingServer
) -> None:
    endpoint.answers = [Answer(says="different")]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    settings = read_settings(
        {"ENDPOINT_URL": f"{endpoint.url}/processmessage", "ENDPOINT_API_KEY": API_KEY}
    )
    outcome = make_forwarder(settings).compare(S3Object(BUCKET, "one"), seconds=30)
    assert (outcome.status, outcome.size) == ("different", 1)
    assert outcome.answer == landfall_says("different", endpoint.messages[0])
    [(_, _, body)] = endpoint.requests
    assert b'"validateOnly": true' in body
    assert endpoint.messages[0]["ObjectKey"] == "one"


@pytest.mark.parametrize(
    "key",
    [
        "field notes/Zürich+Bern (copy 2).csv",
        "50%25 off%2Bmore.txt",
        "/a//b/",
        "a/../b",
        "?x=1&y=#2'\"<>",
        "🪶",
    ],
)
def test_the_url_gives_the_bytes_of_an_object_whose_key_is(
    key: str, s3: Any, endpoint: RecordingServer
) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=f"bytes of {key}".encode())
    forward(key)
    [message] = endpoint.messages
    assert message["ObjectKey"] == key
    with urlopen(message["PresignedUrl"]) as answer:
        assert answer.read().decode() == f"bytes of {key}"


@pytest.mark.parametrize(("setting", "expires"), [("", "3600"), ("60", "60")])
def test_the_url_is_signed_with_sigv4_for_the_host_alone(
    setting: str,
    expires: str,
    s3: Any,
    endpoint: RecordingServer,
    forwarder_environment: pytest.MonkeyPatch,
) -> None:
    forwarder_environment.setenv("URL_EXPIRES_SECONDS", setting)
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    forward("one")
    query = parse_qs(urlsplit(endpoint.messages[0]["PresignedUrl"]).query)
    assert len(query.pop("X-Amz-Signature")[0]) == 64
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert query["X-Amz-Expires"] == [expires]


@pytest.mark.parametrize(
    ("why", "first_part"),
    [
        ("refused", Answer(400)),
        ("no count", Answer(headers={"Content-Length": "50"})),
        ("other count", Answer(headers={"Content-Length": "50", "x-amz-mp-parts-count": "3"})),
        ("unequal", Answer(headers={"Content-Length": "10", "x-amz-mp-parts-count": "2"})),
    ],
)
def test_without_a_sure_part_size_the_object_is_forwarded_all_the_same(
    why: str, first_part: Answer, scripted_s3: RecordingServer, endpoint: RecordingServer
) -> None:
    whole = Answer(headers={"Content-Length": "100", "ETag": '"0f1e2d3c4b5a6978-2"'})
    scripted_s3.answers = [whole, first_part]
    forward(why)
    [message] = endpoint.messages
    assert message["ContentLength"] == 100
    assert "PartSize" not in message
    assert "partNumber=1" in scripted_s3.requests[1][0]


def test_what_s3_knows_of_checksums_is_passed_on(
    scripted_s3: RecordingServer, endpoint: RecordingServer
) -> None:
    known = {
        "ChecksumType": "FULL_OBJECT",
        "ChecksumCRC32": "32==",
        "ChecksumCRC32C": "32c=",
        "ChecksumCRC64NVME": "64nvme==",
        "ChecksumSHA1": "1==",
        "ChecksumSHA256": "256=",
    }
    headers = {f"x-amz-checksum-{name.removeprefix('Checksum')}": known[name] for name in known}
    scripted_s3.answers = [Answer(headers=headers | {"ETag": '"e"'})]
    forward("one")
    assert known.items() <= endpoint.messages[0].items()
    assert scripted_s3.requests[0][1]["x-amz-checksum-mode"] == "ENABLED"
