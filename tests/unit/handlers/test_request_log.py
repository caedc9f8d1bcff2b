"""One line for each request, with what an operator asks first and nothing that is a secret."""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Response, jsonify
from flask.testing import FlaskClient

from handlers.api_key import CallerCheck
from handlers.app import create_app
from handlers.process_message import MessageHandlers
from handlers.request_log import RequestLog
from handlers.spec import Operation
from tests.unit.handlers.test_process_message import API_KEY
from tests.unit.transfer.house import House, new_house
from tests.unit.transfer.test_presigned_url import LISTED
from tests.unit.transfer.urls import BUCKET, KEY, url
from tests.unit.whole_app import MESSAGE
from transfer.admission import Admission
from transfer.comparing import Comparing
from transfer.errors import NotifyUnavailable
from transfer.object_name import ObjectName
from transfer.pauses import Pauses
from transfer.rate_limit import RateLimit
from transfer.s3_hosts import PUBLIC_PARTITIONS
from transfer.watching import Request

TRACE = "105445aa7843bc8bf206b12000100000"
OPERATIONS = [
    Operation("land", "POST", "/processmessage", "x-api-key"),
    Operation("fail", "POST", "/fail", "x-api-key"),
    Operation("live", "GET", "/healthz", None),
]


class Remembering:
    """Watches, and gives every request this span."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    def answered(self, request: Request) -> str | None:
        self.seen.append(request)
        return "00000000000000aa" if request.trace and request.trace.sampled else None


@pytest.fixture
def house(tmp_path: Path) -> House:
    return new_house(tmp_path / "bucket")


@pytest.fixture
def watcher() -> Remembering:
    return Remembering()


@pytest.fixture
def client(house: House, watcher: Remembering, caplog: pytest.LogCaptureFixture) -> FlaskClient:
    caplog.set_level(logging.INFO)
    messages = MessageHandlers(
        house.landing(),
        Comparing(house.store, ObjectName("{bucket}/{key}"), 10**9),
        Admission(1),
        RateLimit(0),
        Pauses(),
        ["*"],
        {LISTED},
        PUBLIC_PARTITIONS,
    )

    def fail() -> Response:
        raise ZeroDivisionError("canary")

    return create_app(
        OPERATIONS,
        {"land": messages.process_message, "fail": fail, "live": lambda: jsonify({})},
        CallerCheck(OPERATIONS, lambda: [API_KEY]),
        RequestLog({"live"}, "my-project", watcher),
    ).test_client()


def send(client: FlaskClient, path: str = "/processmessage", **headers: str) -> int:
    sent = {"x-api-key": "canary", **headers}
    return client.post(path, json={"inputMessage": MESSAGE}, headers=sent).status_code


def fields_of(caplog: pytest.LogCaptureFixture) -> Any:
    (record,) = caplog.records
    return record.__dict__["fields"]


def test_a_landing_is_one_line_that_tells_it_all(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    send(client)

    fields = fields_of(caplog)
    assert caplog.messages[0].startswith(f"landed s3://{BUCKET}/{KEY} for lambda in 0.")
    assert fields["httpRequest"].pop("latency").endswith("s")
    assert int(fields["httpRequest"].pop("requestSize")) > 100
    assert int(fields["httpRequest"].pop("responseSize")) > 100
    assert fields["httpRequest"] == {
        "requestMethod": "POST",
        "requestUrl": "/processmessage",
        "status": 200,
        "protocol": "HTTP/1.1",
    }
    assert fields["caller"] == "lambda"
    assert fields["outcome"] == "landed"
    assert fields["source"] == {"bucket": BUCKET, "key": KEY}
    assert fields["object"]["name"] == f"{BUCKET}/{KEY}"
    assert int(fields["object"]["generation"]) > 0
    assert fields["bytes"] == MESSAGE["ContentLength"]
    steps = ["check", "stat", "get", "create", "stream", "verify", "finish", "publish", "mark"]
    assert list(fields["phases"]) == steps
    assert all(milliseconds >= 0 for milliseconds in fields["phases"].values())
    assert "reason" not in fields


@pytest.mark.parametrize("sign", ["\x85", "\x9b", "\u2028", "\u202e"], ids=ascii)
def test_a_key_can_neither_end_the_line_nor_command_a_terminal(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, sign: str
) -> None:
    key = f"a{sign}b"
    message = MESSAGE | {
        "ObjectKey": key,
        "PresignedUrl": url(LISTED, f"/{BUCKET}/{quote(key)}"),
    }

    client.post("/processmessage", json=message, headers={"x-api-key": "canary"})

    assert ascii(key)[1:-1] in caplog.messages[0]
    assert sign not in caplog.messages[0]
    assert fields_of(caplog)["source"]["key"] == key


def test_a_repeat_brings_no_bytes(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    send(client)
    caplog.clear()

    send(client)

    assert (fields_of(caplog)["outcome"], fields_of(caplog)["bytes"]) == ("already-landed", 0)


def test_a_failure_names_its_reason_its_object_and_its_steps(
    client: FlaskClient, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.topic.failures = [NotifyUnavailable("the topic is down")]

    send(client)

    fields = fields_of(caplog)
    assert caplog.records[0].levelno == logging.WARNING
    assert "the topic is down" in caplog.messages[0]
    assert f"s3://{BUCKET}/{KEY}" in caplog.messages[0]
    assert (fields["outcome"], fields["reason"]) == ("failed", "NOTIFY_UNAVAILABLE")
    assert fields["source"]["key"] == KEY
    assert list(fields["phases"])[-1] == "publish"


def test_a_comparison_is_told_apart(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    body = {"inputMessage": MESSAGE, "validateOnly": True}
    client.post("/processmessage", json=body, headers={"x-api-key": "canary"})

    assert fields_of(caplog)["outcome"] == "compared-missing"


def test_the_unexpected_has_its_traceback(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    send(client, "/fail")

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    assert fields_of(caplog)["reason"] == "INTERNAL"


@pytest.mark.parametrize("path", ["/nowhere/canary", "/canary", "/processmessage/canary"])
def test_what_a_stranger_asks_for_in_vain_is_not_repeated(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    client.post(path, headers={"x-api-key": "wrong"})

    assert fields_of(caplog)["reason"] == "API_KEY_INVALID"
    assert "canary" not in str(fields_of(caplog)) + caplog.text


def test_a_query_is_not_in_the_log(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    send(client, "/processmessage?a=secret")

    assert "secret" not in str(fields_of(caplog)) + caplog.text


def test_the_line_belongs_to_the_senders_trace(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    send(client, traceparent=f"00-{TRACE}-00f067aa0ba902b7-00")

    fields = fields_of(caplog)
    name = f"projects/my-project/traces/{TRACE}"
    assert fields["logging.googleapis.com/trace"] == name
    assert fields["logging.googleapis.com/spanId"] == "00f067aa0ba902b7"
    assert fields["logging.googleapis.com/trace_sampled"] is False


def test_the_line_names_the_span_that_is_shown(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    send(client, **{"X-Cloud-Trace-Context": f"{TRACE}/26;o=1"})

    assert fields_of(caplog)["logging.googleapis.com/spanId"] == "00000000000000aa"


def test_without_a_trace_none_is_made_up(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    send(client)

    assert not [name for name in fields_of(caplog) if name.startswith("logging.")]


def test_health_is_neither_counted_nor_logged_but_at_debug(
    client: FlaskClient, watcher: Remembering, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/healthz")
    assert caplog.records == []

    caplog.set_level(logging.DEBUG)
    client.get("/healthz")

    assert fields_of(caplog)["httpRequest"]["requestUrl"] == "/healthz"
    assert watcher.seen == []


def test_who_watches_sees_every_other_request(client: FlaskClient, watcher: Remembering) -> None:
    send(client)
    send(client, **{"x-api-key": "wrong"})
    send(client, "/nowhere")

    assert [(r.operation, r.outcome, r.reason, r.code) for r in watcher.seen] == [
        ("land", "landed", "", 200),
        ("land", "refused", "API_KEY_INVALID", 401),
        ("none", "refused", "NOT_FOUND", 404),
    ]
    assert all(request.ended > request.began for request in watcher.seen)


def test_nor_is_what_a_caller_asks_for_in_vain(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A key may have been pasted into the path."""
    client.open("/nowhere/KEYCANARY", method="KEYCANARY", headers={"x-api-key": "canary"})

    assert fields_of(caplog)["httpRequest"]["requestMethod"] == "other"
    assert "KEYCANARY" not in str(fields_of(caplog)) + caplog.text
