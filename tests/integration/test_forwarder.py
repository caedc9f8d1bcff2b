"""The forwarder between a real S3 server and a real HTTP endpoint, both on this machine."""

import base64
import hashlib
import json
import logging
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit
from urllib.request import urlopen

import pytest

from forwarder.lambda_function import ForwardingFailed, lambda_handler
from tests.integration.conftest import (
    API_KEY,
    BUCKET,
    REGION,
    SECRET_KEY,
    TOKEN,
    Answer,
    Context,
    RecordingServer,
    refusal,
)

PART = 5 * 1024 * 1024
PAYLOADS = Path(__file__).parents[1] / "payloads"


def created(*keys: str) -> Any:
    """The event that S3 sends for new objects with these keys."""
    [record] = json.loads((PAYLOADS / "s3-put.json").read_text(encoding="utf-8"))["Records"]
    bucket = {"name": BUCKET}
    objects = [{"key": quote_plus(key), "sequencer": "0A"} for key in keys]
    return {
        "Records": [
            record | {"awsRegion": REGION, "s3": {"bucket": bucket, "object": one}}
            for one in objects
        ]
    }


def forward(*keys: str) -> None:
    lambda_handler(created(*keys), None)


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


def test_a_versioned_object_is_named_by_its_version_but_the_url_is_not_pinned_to_it(
    s3: Any, endpoint: RecordingServer
) -> None:
    s3.create_bucket(Bucket="heron-versions")
    s3.put_bucket_versioning(Bucket="heron-versions", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="heron-versions", Key="v", Body=b"1")["VersionId"]
    event = created("v")
    event["Records"][0]["s3"]["bucket"]["name"] = "heron-versions"
    lambda_handler(event, None)
    [message] = endpoint.messages
    assert message["VersionId"] == version
    assert "versionid" not in message["PresignedUrl"].lower()


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


@pytest.mark.parametrize("status", ["landed", "already-landed", "superseded"])
def test_a_2xx_is_done_and_its_status_is_logged_with_bucket_and_key(
    status: str, s3: Any, endpoint: RecordingServer, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.answers = [Answer(body=json.dumps({"status": status}).encode())]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    forward("one")
    assert f"'{BUCKET}/one': {status}" in caplog.messages


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refusal(400, "URL_REFUSED"), "HTTP 400, URL_REFUSED"),
        (refusal(401, "API_KEY_INVALID"), "HTTP 401, API_KEY_INVALID"),
        (refusal(503, "OVERLOADED", **{"Retry-After": "0"}), "HTTP 503, OVERLOADED"),
        (Answer(502, b"<html>Bad Gateway"), "HTTP 502, no reason given"),
        (Answer(500, b'{"error": {"details": []}}'), "HTTP 500, no reason given"),
        (Answer(307, b"", {"Location": "/processmessage"}), "HTTP 307, no reason given"),
    ],
)
def test_any_other_answer_raises_with_its_reason_and_is_not_repeated(
    answer: Answer, told: str, s3: Any, endpoint: RecordingServer
) -> None:
    endpoint.answers = [answer]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with pytest.raises(ForwardingFailed, match=f"1 of 1 .*'{BUCKET}/one': .*{told}"):
        forward("one")
    assert len(endpoint.requests) == 1


def test_every_record_is_tried_and_each_failure_is_named(
    s3: Any, endpoint: RecordingServer
) -> None:
    endpoint.answers = [refusal(503, "URL_EXPIRED"), Answer(), refusal(500, "MISCONFIGURED")]
    for key in ("one", "two", "three"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    with pytest.raises(ForwardingFailed) as failed:
        forward("one", "two", "three")
    assert [message["ObjectKey"] for message in endpoint.messages] == ["one", "two", "three"]
    assert str(failed.value) == (
        f"2 of 3 objects not forwarded: '{BUCKET}/one': Landfall answered HTTP 503, URL_EXPIRED; "
        f"'{BUCKET}/three': Landfall answered HTTP 500, MISCONFIGURED"
    )


def test_an_object_deleted_in_the_meantime_is_done_with_a_warning(
    s3: Any, endpoint: RecordingServer, caplog: pytest.LogCaptureFixture
) -> None:
    s3.put_object(Bucket=BUCKET, Key="still there", Body=b"1")
    forward("gone", "still there")
    assert [message["ObjectKey"] for message in endpoint.messages] == ["still there"]
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert warnings == [f"'{BUCKET}/gone': not forwarded, deleted in the meantime"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [(Answer(403), "s3:GetObject.*s3:ListBucket"), (Answer(), "unexpected KeyError")],
)
def test_an_answer_of_s3_that_is_of_no_use_is_a_failure(
    answer: Answer, told: str, scripted_s3: RecordingServer, endpoint: RecordingServer
) -> None:
    scripted_s3.answers = [answer]
    with pytest.raises(ForwardingFailed, match=f"2 of 2 .*{told}"):
        forward("one", "two")
    assert endpoint.requests == []


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


def test_an_answer_that_does_not_come_is_given_up_before_lambda_ends_the_invocation(
    s3: Any, endpoint: RecordingServer
) -> None:
    endpoint.answers = [Answer(delay=1)]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with pytest.raises(ForwardingFailed, match="ReadTimeoutError"):
        lambda_handler(created("one"), Context(seconds_left=5.2))


def test_without_time_left_nothing_is_sent_and_the_failure_says_what_to_do(
    s3: Any, endpoint: RecordingServer
) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with pytest.raises(ForwardingFailed, match="raise the timeout of the function"):
        lambda_handler(created("one"), Context(seconds_left=4))
    assert endpoint.requests == []


def test_an_endpoint_that_cannot_be_reached_is_a_failure(
    s3: Any, forwarder_environment: pytest.MonkeyPatch
) -> None:
    forwarder_environment.setenv("ENDPOINT_URL", "http://127.0.0.1:1/processmessage")
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with pytest.raises(ForwardingFailed, match=f"'{BUCKET}/one': NewConnectionError"):
        forward("one")


def test_no_log_and_no_exception_holds_a_secret(
    s3: Any, endpoint: RecordingServer, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.answers = [Answer(), refusal(503, "OVERLOADED"), Answer(200, b"not JSON")]
    for key in ("one", "two", "three"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ForwardingFailed) as failed:
        forward("one", "two", "three", "gone")
    told = caplog.text + str(failed.value)
    assert f"{BUCKET}/one" in told
    queries = [parse_qs(urlsplit(m["PresignedUrl"]).query) for m in endpoint.messages]
    signatures = [query["X-Amz-Signature"][0] for query in queries]
    for secret in (API_KEY, SECRET_KEY, TOKEN, "X-Amz-", "Signature=", *signatures):
        assert secret not in told
