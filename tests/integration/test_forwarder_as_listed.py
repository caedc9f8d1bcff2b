"""Comparing by what a list says: one request to Landfall, and none to S3."""

import json
import os
from typing import Any
from urllib.request import urlopen

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.forwarding import Outcome, make_forwarder
from forwarder.settings import read_settings
from tests.integration.conftest import API_KEY, BUCKET, REGION, Answer, RecordingServer, refusal

LISTED = S3Object(BUCKET, "a b+c", REGION, etag="0a1b")


def compare() -> Outcome:
    return make_forwarder(read_settings(os.environ)).compare_as_listed(LISTED, 7, seconds=30)


def test_one_request_says_what_the_list_said(
    scripted_s3: RecordingServer, endpoint: RecordingServer
) -> None:
    outcome = compare()

    assert (outcome.status, outcome.size) == ("landed", 7)
    assert outcome.answer["notification"] == {"messageId": "1"}
    assert scripted_s3.requests == []
    [(_, headers, body)] = endpoint.requests
    assert headers["x-api-key"] == API_KEY
    sent = json.loads(body)
    assert sent.pop("validateOnly") is True
    url = sent["inputMessage"].pop("PresignedUrl")
    assert url.startswith(f"{scripted_s3.url}/{BUCKET}/a%20b%2Bc?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert sent == {
        "inputMessage": {
            "Bucket": BUCKET, "ObjectKey": "a b+c", "ContentLength": 7, "ETag": "0a1b",
        }
    }  # fmt: skip


def test_the_url_is_good_for_the_object(s3: Any, endpoint: RecordingServer) -> None:
    """It goes to Landfall like any other, and Landfall checks it like any other."""
    s3.put_object(Bucket=BUCKET, Key="a b+c", Body=b"content")

    compare()

    with urlopen(endpoint.messages[0]["PresignedUrl"]) as answer:
        assert answer.read() == b"content"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refusal(503, "OVERLOADED", **{"Retry-After": "1"}), "OVERLOADED"),
        (Answer(404, b"<html>"), "HTTP_404"),
        (Answer(200, b"{}"), "ENDPOINT_NOT_LANDFALL"),
    ],
)
def test_what_is_no_answer_is_told_by_its_reason(
    scripted_s3: RecordingServer, endpoint: RecordingServer, answer: Answer, reason: str
) -> None:
    endpoint.answers = [answer]

    with pytest.raises(NotForwarded) as failed:
        compare()

    assert failed.value.reason == reason
    assert failed.value.retry_after == (1 if reason == "OVERLOADED" else None)
