"""What Landfall really answers fits openapi.yaml: each status of an outcome, each reason."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from werkzeug.test import TestResponse

from handlers.errors import TABLE
from tests.fakes import FakeTopic, raising
from tests.unit.openapi.spec import METHODS, SPEC, check, responses_of
from tests.unit.transfer.house import B
from tests.unit.transfer.urls import BUCKET, KEY
from tests.unit.whole_app import MESSAGE, SCOPED_KEY, WholeApp, whole_app
from transfer import errors

THIS = {"bucket": BUCKET, "key": KEY}
ANNOUNCE = "/objects:announce"
Ask = Callable[[WholeApp], TestResponse]


def checked(answer: TestResponse) -> Any:
    """Return the body, once it is as the spec says."""
    request = answer.request
    operation = request.method, request.path
    body = answer.get_json()
    if operation not in METHODS:  # no operation, but an answer in the one form
        check(body, {"$ref": "#/definitions/Error"})
        return body
    responses = responses_of(*operation)
    response = responses.get(str(answer.status_code), responses["default"])
    check(body, response["schema"])
    assert all(name in answer.headers for name in response.get("headers", ()))
    return body


def failing_source(error: Exception) -> Ask:
    def ask(app: WholeApp) -> TestResponse:
        app.house.source.on_open = raising(error)
        return app.send()

    return ask


def failing_store(error: Exception, ask: Ask) -> Ask:
    def ask_then(app: WholeApp) -> TestResponse:
        app.house.store.before["stat"] = [raising(error)]
        return ask(app)

    return ask_then


def unannounced(app: WholeApp) -> TestResponse:
    app.house.topic.failures = [errors.NotifyUnavailable("down")]
    return app.send()


def crowded(app: WholeApp) -> TestResponse:
    with app.admission.transfer("lambda"):
        return app.send()


def ending(app: WholeApp) -> TestResponse:
    app.admission.drain()
    return app.get("/readyz")


def second(app: WholeApp) -> TestResponse:
    app.get("/objects", **THIS)
    return app.get("/objects", **THIS)


def find(app: WholeApp) -> TestResponse:
    return app.get("/objects", **THIS)


REASONS: dict[str, tuple[Ask, dict[str, Any]]] = {
    "MALFORMED_BODY": (lambda app: app.post("/processmessage", []), {}),
    "INVALID_MESSAGE": (lambda app: app.get("/objects", bucket=BUCKET), {}),
    "URL_REFUSED": (lambda app: app.send({**MESSAGE, "PresignedUrl": "http://x/"}), {}),
    "KEY_IN_QUERY": (lambda app: app.get("/healthz", key="k"), {}),
    "METHOD_OVERRIDE": (
        lambda app: app.client.get("/readyz", headers={"X-HTTP-Method-Override": "PUT"}),
        {},
    ),
    "API_KEY_MISSING": (lambda app: app.client.get("/objects"), {}),
    "API_KEY_INVALID": (lambda app: app.get("/objects", "wrong"), {}),
    "BUCKET_NOT_ALLOWED": (lambda app: app.post(ANNOUNCE, THIS, SCOPED_KEY), {}),
    "NOT_FOUND": (lambda app: app.get("/nowhere"), {}),
    "NOT_LANDED": (lambda app: app.post(ANNOUNCE, THIS), {}),
    "METHOD_NOT_ALLOWED": (lambda app: app.get("/processmessage"), {}),
    "SOURCE_GONE": (failing_source(errors.SourceGone("gone")), {}),
    "BODY_TOO_LARGE": (lambda app: app.post(ANNOUNCE, "x" * 70_000), {}),
    "OBJECT_TOO_LARGE": (lambda app: app.send(), {"MAX_OBJECT_BYTES": "1"}),
    "NOT_JSON": (
        lambda app: app.client.post(ANNOUNCE, data="x", headers={"x-api-key": SCOPED_KEY}),
        {},
    ),
    "SOURCE_REFUSED": (failing_source(errors.SourceRefused("archived")), {}),
    "RATE_LIMITED": (second, {"MAX_MESSAGES_PER_MINUTE": "1"}),
    "MISCONFIGURED": (failing_store(errors.Misconfigured("no bucket"), find), {}),
    "INTERNAL": (failing_source(RuntimeError("a mistake")), {}),
    "URL_EXPIRED": (failing_source(errors.UrlExpired("expired")), {}),
    "SOURCE_UNAVAILABLE": (failing_source(errors.SourceUnavailable("down")), {}),
    "SOURCE_CORRUPT": (failing_source(errors.SourceCorrupt("wrong")), {}),
    "STORE_UNAVAILABLE": (failing_store(errors.StoreUnavailable("down"), find), {}),
    "NOTIFY_UNAVAILABLE": (unannounced, {}),
    "OVERLOADED": (crowded, {}),
    "DRAINING": (ending, {}),
    "STARTING": (lambda app: app.get("/readyz"), {}),
}


class SlowTopic(FakeTopic):
    """One whose check does not come back while a test runs."""

    def check(self) -> None:
        Event().wait(2)


@pytest.mark.parametrize("reason", TABLE)
def test_every_reason_is_answered_as_specified(tmp_path: Path, reason: str) -> None:
    ask, settings = REASONS[reason]
    topic = SlowTopic() if reason == "STARTING" else None

    answer = ask(whole_app(tmp_path, topic, **settings))

    error = checked(answer)["error"]
    assert (error["code"], error["details"][0]["reason"]) == (answer.status_code, reason)


def test_every_status_of_a_message_is_answered_as_specified(tmp_path: Path) -> None:
    app = whole_app(tmp_path)
    answers = [app.send(validateOnly=True), app.send(), app.send()]
    answers.append(app.post(ANNOUNCE, THIS))
    answers.append(app.send({**MESSAGE, "ETag": "another"}, validateOnly=True))
    app.house.source.body = B
    answers.append(app.send({**MESSAGE, "ETag": "another", "ContentLength": 1}))

    statuses = [checked(answer)["status"] for answer in answers]

    assert statuses == [
        "missing", "landed", "already-landed", "announced", "different", "superseded",
    ]  # fmt: skip
    assert set(statuses) == set(enum_of("Outcome"))


def test_every_status_of_a_question_is_answered_as_specified(tmp_path: Path) -> None:
    app = whole_app(tmp_path)
    answers = [find(app)]
    unannounced(app)
    answers.append(find(app))
    app.send()
    answers.append(find(app))
    (app.house.folder / BUCKET / "strange").write_bytes(B)
    answers.append(app.get("/objects", bucket=BUCKET, key="strange"))

    statuses = [checked(answer)["status"] for answer in answers]

    assert statuses == ["missing", "landed", "landed", "different"]
    assert set(statuses) == set(enum_of("Location"))


def test_health_is_answered_as_specified(tmp_path: Path) -> None:
    client = whole_app(tmp_path).client
    while (readiness := client.get("/readyz")).status_code == 503:
        checked(readiness)  # it is starting
        time.sleep(0.01)

    assert checked(client.get("/healthz")) == {"status": "ok"}
    assert checked(readiness)["checks"] == {"store": "ok", "topic": "ok"}


def test_an_answer_with_another_field_would_not_fit() -> None:
    for body in ({"status": "ok", "more": 1}, {}, {"status": "fine"}):
        with pytest.raises(AssertionError):
            check(body, {"$ref": "#/definitions/Health"})


def enum_of(name: str) -> list[str]:
    found: list[str] = SPEC["definitions"][name]["properties"]["status"]["enum"]
    return found
