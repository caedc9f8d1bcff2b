"""What the forwarder makes of answers, failures and time, and what it writes about them."""

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from forwarder.events import S3Object
from forwarder.failures import NotForwarded
from forwarder.forwarding import make_forwarder
from forwarder.lambda_function import ForwardingFailed, lambda_handler
from forwarder.reasons import REASONS
from forwarder.settings import read_settings
from tests.integration.conftest import (
    API_KEY,
    BUCKET,
    SECRET_KEY,
    TOKEN,
    Answer,
    Context,
    RecordingServer,
    refusal,
)
from tests.integration.events import created, forward, log_lines

RIGHT_URL = "it must be the URL of Landfall's /processmessage"


def error(status: int, code: str) -> Answer:
    """A refusal as S3 answers it."""
    return Answer(status, f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode())


def status(of: str) -> Answer:
    return Answer(says=of)


@pytest.mark.parametrize("word", ["landed", "already-landed"])
def test_a_2xx_is_done_and_one_line_says_what_became_of_which_object(
    word: str, s3: Any, endpoint: RecordingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answers = [status(word)]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"123")
    forward("one")
    line, metrics = log_lines(capsys)
    assert metrics["FunctionName"] == "by-hand"
    assert line.pop("timestamp")
    assert line.pop("seconds") >= 0
    assert line == {
        "level": "INFO",
        "message": f"'{BUCKET}/one': {word}",
        "status": word,
        "bucket": BUCKET,
        "key": "one",
        "sequencer": "0A",
        "size": 3,
        "verified": ["size", "md5"],
    }


def test_superseded_sends_once_more_what_is_there_now(
    s3: Any, endpoint: RecordingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"old")

    def replace() -> None:
        s3.put_object(Bucket=BUCKET, Key="one", Body=b"newer")

    endpoint.before_answer = replace
    endpoint.answers = [status("superseded"), status("landed")]
    forward("one")
    assert [message["ContentLength"] for message in endpoint.messages] == [3, 5]
    assert log_lines(capsys)[0]["status"] == "landed"


def test_superseded_twice_is_done_because_the_newer_object_has_its_own_event(
    s3: Any, endpoint: RecordingServer
) -> None:
    bodies = iter([b"22", b"333"])
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    endpoint.before_answer = lambda: s3.put_object(Bucket=BUCKET, Key="one", Body=next(bodies))
    endpoint.answers = [status("superseded")]
    forward("one")
    assert [message["ContentLength"] for message in endpoint.messages] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refusal(400, "URL_REFUSED"), "HTTP 400, URL_REFUSED"),
        (refusal(401, "API_KEY_INVALID"), "HTTP 401, API_KEY_INVALID: check the API key"),
        (refusal(403, "BUCKET_NOT_ALLOWED"), "HTTP 403, BUCKET_NOT_ALLOWED: allow the bucket"),
        (refusal(503, "OVERLOADED", **{"Retry-After": "0"}), "HTTP 503, OVERLOADED"),
        (
            Answer(400, b'{"code": 3}'),
            "HTTP 400, HTTP_400: check ENDPOINT_URL.* check the API key.* the gateway",
        ),
        (Answer(404, b"<html>Not Found"), f"HTTP 404, .*{RIGHT_URL}"),
        (Answer(502, b"<html>Bad Gateway"), "HTTP 502, HTTP_502"),
        (Answer(500, b'{"error": {"details": []}}'), "HTTP 500, HTTP_500"),
        (Answer(307, b"", {"Location": "/processmessage"}), f"HTTP 307, .*{RIGHT_URL}"),
        (Answer(200, b"<html>It works!"), f"HTTP 200, .*{RIGHT_URL}"),
        (Answer(200, b"{}"), f"HTTP 200, .*{RIGHT_URL}"),
        (Answer(200, b"x" * 300_000), f"HTTP 200, .*{RIGHT_URL}"),
    ],
)
def test_any_other_answer_raises_with_its_reason_and_what_to_do_and_is_not_repeated(
    answer: Answer, told: str, s3: Any, endpoint: RecordingServer
) -> None:
    endpoint.answers = [answer]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with pytest.raises(ForwardingFailed, match=f"1 of 1 .*'{BUCKET}/one': .*{told}"):
        forward("one")
    assert len(endpoint.requests) == 1


def test_a_reason_is_told_in_the_forwarders_own_words(s3: Any, endpoint: RecordingServer) -> None:
    detail = {"reason": "URL_REFUSED", "domain": "landfall"}
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    error = {"error": {"message": "Sign it so.", "details": [detail]}}
    endpoint.answers = [Answer(400, json.dumps(error).encode())]
    with pytest.raises(ForwardingFailed, match="URL_REFUSED") as failed:
        forward("one")
    assert str(failed.value).endswith(f"URL_REFUSED: {REASONS['URL_REFUSED']}")


def test_every_record_is_tried_and_each_failure_is_named(
    s3: Any, endpoint: RecordingServer
) -> None:
    endpoint.by_key = {"one": refusal(503, "URL_EXPIRED"), "three": refusal(500, "INTERNAL")}
    for key in ("one", "two", "three"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    with pytest.raises(ForwardingFailed) as failed:
        forward("one", "two", "three")
    assert {message["ObjectKey"] for message in endpoint.messages} == {"one", "two", "three"}
    assert str(failed.value) == (
        f"2 of 3 objects not forwarded: '{BUCKET}/one': Landfall answered HTTP 503, URL_EXPIRED: "
        f"{REASONS['URL_EXPIRED']}; "
        f"'{BUCKET}/three': Landfall answered HTTP 500, INTERNAL: {REASONS['INTERNAL']}"
    )


def test_an_object_deleted_in_the_meantime_is_done_with_a_warning(
    s3: Any, endpoint: RecordingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_object(Bucket=BUCKET, Key="still there", Body=b"1")
    forward("gone", "still there")
    assert [message["ObjectKey"] for message in endpoint.messages] == ["still there"]
    [warning] = [line for line in log_lines(capsys) if line.get("level") == "WARNING"]
    assert warning["message"] == f"'{BUCKET}/gone': not forwarded, deleted in the meantime"
    assert warning["status"] == "gone"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (error(403, "AccessDenied"), "AccessDenied: .*s3:GetObject.*s3:ListBucket.*kms:Decrypt"),
        (error(403, "ExpiredToken"), "ExpiredToken: .*have expired: renew them"),
        (error(404, "NoSuchBucket"), "NoSuchBucket: there is no such bucket"),
        (error(405, "MethodNotAllowed"), "MethodNotAllowed: .*delete marker"),
        (Answer(400), "HTTP 400: .*credentials are wrong or have expired: renew them"),
        (Answer(403), "HTTP 403: .* no error of S3 in it.*AWS_ENDPOINT_URL_S3"),
        (Answer(404), "HTTP 404: .* no error of S3 in it.*AWS_ENDPOINT_URL_S3"),
        (Answer(405), "HTTP 405: .* no error of S3 in it.*AWS_ENDPOINT_URL_S3"),
        (Answer(headers={"ETag": 'W/"e"'}), r"weak one \(W/\.\.\.\).*If-Match.*gzip"),
    ],
)
def test_an_answer_of_s3_that_is_of_no_use_is_a_failure_that_says_what_to_do(
    answer: Answer, told: str, scripted_s3: RecordingServer, endpoint: RecordingServer
) -> None:
    scripted_s3.answers = [answer]
    with pytest.raises(ForwardingFailed, match=f"2 of 2 .*{told}"):
        forward("one", "two")
    assert endpoint.requests == []


def test_without_aws_credentials_the_failure_says_so(
    s3_url: str, endpoint: RecordingServer, without_credentials: None
) -> None:
    with pytest.raises(ForwardingFailed, match=r"no AWS credentials: set them, or give .* a role"):
        forward("one")


@pytest.mark.parametrize("setting", ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "tls"])
def test_an_endpoint_that_cannot_be_reached_is_a_failure(
    setting: str, s3: Any, endpoint: RecordingServer, forwarder_environment: pytest.MonkeyPatch
) -> None:
    url = endpoint.url.replace("http:", "https:") if setting == "tls" else setting
    forwarder_environment.setenv("ENDPOINT_URL", url)
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with pytest.raises(ForwardingFailed, match=r"no answer from ENDPOINT_URL .* host is right"):
        forward("one")


def test_an_answer_that_does_not_come_is_given_up_in_time(
    s3: Any, endpoint: RecordingServer
) -> None:
    endpoint.answers = [Answer(delay=2)]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    environment = {"ENDPOINT_URL": endpoint.url, "ENDPOINT_API_KEY": API_KEY}
    forwarder = make_forwarder(read_settings(environment))
    one = S3Object(BUCKET, "one")
    began = time.monotonic()
    with pytest.raises(NotForwarded, match="allow more time") as failed:
        forwarder.forward(one, seconds=1)
    assert time.monotonic() - began < 1.8
    assert failed.value.reason == "ENDPOINT_UNREACHABLE"


def test_without_time_left_nothing_is_sent_and_the_failure_says_what_to_do(
    s3: Any, endpoint: RecordingServer
) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with pytest.raises(ForwardingFailed, match="raise the timeout of the function"):
        lambda_handler(created("one"), Context(seconds_left=7))
    assert endpoint.requests == []


def test_a_kept_connection_that_was_closed_is_replaced(s3: Any, endpoint: RecordingServer) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    endpoint.answers = [Answer(headers={"Connection": "close"}), Answer(cut=True), Answer()]
    for _ in range(2):
        forward("one")
    assert len(endpoint.requests) == 3


def test_connections_to_landfall_are_kept_for_later_invocations(
    s3: Any, endpoint: RecordingServer
) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    for _ in range(3):
        forward("one")
    assert len(endpoint.requests) == 3
    assert len(endpoint.connections) == 1


def test_metrics_count_outcomes_in_cloudwatchs_embedded_format(
    s3: Any, endpoint: RecordingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.by_key = {"two": status("already-landed"), "three": refusal(500, "INTERNAL")}
    for key in ("one", "two", "three"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"12345")
    with pytest.raises(ForwardingFailed):
        lambda_handler(created("one", "two", "three", "gone"), Context(seconds_left=60))
    *lines, metrics = log_lines(capsys)
    assert {line["requestId"] for line in lines} == {"request-1"}
    assert abs(metrics["_aws"]["Timestamp"] / 1000 - time.time()) < 60
    [directive] = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Landfall/Forwarder"
    assert [[metrics[name] for name in names] for names in directive["Dimensions"]] == [["heron"]]
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    values = {name: metrics[name] for name in units}
    assert len(values.pop("ForwardingTime")) == 4
    assert units.pop("ForwardingTime") == "Milliseconds"
    assert values == {
        "Landed": 1,
        "AlreadyLanded": 1,
        "Superseded": 0,
        "Gone": 1,
        "Failed": 1,
        "LandedBytes": 5,
    }
    assert units == dict.fromkeys(values, "Count") | {"LandedBytes": "Bytes"}


def test_no_log_and_no_exception_holds_a_secret(
    s3: Any,
    endpoint: RecordingServer,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.by_key = {"two": refusal(503, "OVERLOADED"), "three": Answer(echo=True)}
    for key in ("one", "two", "three"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    caplog.set_level("DEBUG")
    with pytest.raises(ForwardingFailed) as failed:
        forward("one", "two", "three", "gone")
    written = capsys.readouterr()
    told = caplog.text + str(failed.value) + written.out + written.err
    assert f"{BUCKET}/one" in told
    queries = [parse_qs(urlsplit(m["PresignedUrl"]).query) for m in endpoint.messages]
    signatures = [query["X-Amz-Signature"][0] for query in queries]
    assert len(signatures) == 3
    for secret in (API_KEY, SECRET_KEY, TOKEN, "X-Amz-", "Signature=", *signatures):
        assert secret not in told
