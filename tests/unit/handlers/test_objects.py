"""GET /objects and POST /objects:announce: what callers are told, and what is written down."""

import hashlib
import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.fakes import etag_of, raising
from tests.unit.transfer.house import A
from tests.unit.transfer.test_presigned_url import LISTED
from tests.unit.transfer.urls import BUCKET, KEY
from tests.unit.whole_app import API_KEY, OLD_KEY, SCOPED_KEY, WholeApp, whole_app
from transfer.admission import COMPARISONS
from transfer.errors import NotifyUnavailable, StoreUnavailable

NAME = f"{BUCKET}/{KEY}"
THIS = {"bucket": BUCKET, "key": KEY}


@pytest.fixture
def app(tmp_path: Path) -> WholeApp:
    return whole_app(tmp_path)


def reason_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["details"][0]["reason"]


def test_a_landed_object_is_described_as_the_answer_to_its_message_did(app: WholeApp) -> None:
    app.house.source.headers["last-modified"] = "Tue, 24 Nov 2026 12:00:00 GMT"
    landed = app.send().get_json()

    found = app.get("/objects", **THIS).get_json()

    for name in ("message", "status", "object", "source", "verified"):
        assert found[name] == landed[name]
    assert found["notification"]["messageId"] == landed["notification"]["messageId"]
    assert found["landTime"] < found["notification"]["announceTime"]
    assert found["lagMs"] > 0


def test_a_missing_object_is_an_answer_and_no_error(app: WholeApp) -> None:
    answer = app.get("/objects", **THIS)

    assert answer.status_code == 200
    assert answer.get_json() == {
        "message": "missing",
        "status": "missing",
        "object": None,
        "source": {**THIS, "etag": None},
        "verified": [],
        "notification": None,
        "landTime": None,
        "lagMs": None,
    }


def test_an_object_of_a_stranger_is_told_as_such(app: WholeApp) -> None:
    file = app.house.folder / NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(A)

    found = app.get("/objects", **THIS).get_json()

    assert (found["status"], found["object"]["size"]) == ("different", len(A))
    assert (found["source"]["etag"], found["verified"], found["notification"]) == (None, [], None)
    assert (found["landTime"], found["lagMs"]) == (None, None)


def test_it_is_announced_again_as_the_same_event(app: WholeApp) -> None:
    app.send()

    answer = app.post("/objects:announce", THIS)

    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["status"], body["notification"]) == ("announced", {"messageId": "message-2"})
    assert (body["object"]["name"], body["source"]["etag"]) == (NAME, etag_of(A))
    assert len(app.house.topic.published) == 2
    assert len(set(app.house.topic.event_ids)) == 1
    found = app.get("/objects", **THIS).get_json()
    assert found["notification"]["messageId"] == "message-2"


def test_what_is_not_landed_cannot_be_announced(app: WholeApp) -> None:
    assert reason_of(app.post("/objects:announce", THIS)) == (404, "NOT_LANDED")
    assert app.house.topic.published == []


def test_failures_of_neighbours_are_those_of_messages(app: WholeApp) -> None:
    app.send()
    app.house.topic.failures = [NotifyUnavailable("down")]
    assert reason_of(app.post("/objects:announce", THIS)) == (503, "NOTIFY_UNAVAILABLE")
    app.house.store.before["stat"] = [raising(StoreUnavailable("down"))]
    assert reason_of(app.get("/objects", **THIS)) == (503, "STORE_UNAVAILABLE")


@pytest.mark.parametrize(
    ("allowed", "key"), [("dogs-*", API_KEY), ("*", SCOPED_KEY)], ids=["service", "key"]
)
def test_only_buckets_of_the_service_and_of_the_key_are_told_of(
    tmp_path: Path, allowed: str, key: str
) -> None:
    app = whole_app(tmp_path, SOURCE_BUCKETS=allowed)

    assert reason_of(app.get("/objects", key, **THIS)) == (403, "BUCKET_NOT_ALLOWED")
    assert reason_of(app.post("/objects:announce", THIS, key)) == (403, "BUCKET_NOT_ALLOWED")
    assert app.house.store.calls == []


def test_a_question_may_name_the_origin_of_the_bucket(app: WholeApp) -> None:
    app.send()

    there = app.get("/objects", **THIS, origin=LISTED).get_json()
    elsewhere = app.get("/objects", **THIS, origin="aws").get_json()

    assert there["status"] == "landed"
    assert (elsewhere["status"], elsewhere["source"]["etag"]) == ("different", None)
    elsewhere = {**THIS, "origin": "https://other.example"}
    assert reason_of(app.post("/objects:announce", elsewhere)) == (404, "NOT_LANDED")
    assert app.post("/objects:announce", {**THIS, "origin": LISTED}).status_code == 200
    assert reason_of(app.get("/objects", **THIS, origin="AWS")) == (400, "INVALID_MESSAGE")


def test_a_key_learns_nothing_of_origins_that_it_may_not_land(tmp_path: Path) -> None:
    """The key was for all origins when the object landed, and is for one since then."""
    whole_app(tmp_path).send()
    digest = hashlib.sha256(API_KEY.encode()).hexdigest()
    keys = [{"name": "lambda", "sha256": digest, "origins": ["aws"]}]
    app = whole_app(tmp_path, API_KEYS=json.dumps(keys))

    found = app.get("/objects", **THIS).get_json()

    assert (found["status"], found["object"], found["verified"]) == ("different", None, [])
    assert reason_of(app.post("/objects:announce", THIS)) == (404, "NOT_LANDED")
    forbidden = app.get("/objects", **THIS, origin=LISTED)
    assert reason_of(forbidden) == (403, "BUCKET_NOT_ALLOWED")
    assert "may land buckets of aws only" in forbidden.get_json()["error"]["message"]


def test_nobody_is_told_anything_without_a_key(app: WholeApp) -> None:
    assert reason_of(app.client.get("/objects", query_string=THIS)) == (401, "API_KEY_MISSING")
    assert reason_of(app.post("/objects:announce", THIS, "wrong")) == (401, "API_KEY_INVALID")
    assert app.house.store.calls == []


def test_the_key_of_an_object_is_never_an_api_key(
    app: WholeApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    query = {"bucket": BUCKET, "key": API_KEY}

    assert reason_of(app.client.get("/objects", query_string=query)) == (401, "API_KEY_MISSING")
    assert reason_of(app.get("/objects", **query)) == (400, "KEY_IN_QUERY")
    assert reason_of(app.get("/objects", bucket=BUCKET, key=OLD_KEY)) == (400, "KEY_IN_QUERY")
    assert API_KEY not in caplog.text
    assert OLD_KEY not in caplog.text


def test_what_is_not_landed_is_not_written_down(
    app: WholeApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    app.get("/objects", bucket=BUCKET, key="canary-of-another-system")
    app.post("/objects:announce", {"bucket": BUCKET, "key": "canary-of-another-system"})

    assert "missing" in caplog.text
    assert "canary-of-another-system" not in caplog.text


@pytest.mark.parametrize("name", ["key", "api_key", "x-api-key"])
def test_a_key_in_the_query_of_an_announcement_is_refused(app: WholeApp, name: str) -> None:
    assert reason_of(app.post(f"/objects:announce?{name}=1", THIS)) == (400, "KEY_IN_QUERY")


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"bucket={BUCKET}",
        "key=k",
        f"bucket={BUCKET}&key=",
        f"bucket={BUCKET}&key=a&key=b",
        f"bucket={BUCKET}&bucket={BUCKET}&key=a",
        f"bucket={BUCKET}&key=a&versionid=1",
        f"bucket={BUCKET}&key=a%0Ab",
        f"bucket={BUCKET}&key=a&versionId=1",
        "bucket=a/b&key=k",
    ],
)
def test_a_query_that_names_no_object_is_refused(app: WholeApp, query: str) -> None:
    answer = app.client.get(f"/objects?{query}", headers={"x-api-key": API_KEY})

    assert reason_of(answer) == (400, "INVALID_MESSAGE")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"bucket": BUCKET}, "INVALID_MESSAGE"),
        ({**THIS, "validateOnly": True}, "INVALID_MESSAGE"),
        ([THIS], "MALFORMED_BODY"),
        ("bucket", "MALFORMED_BODY"),
    ],
)
def test_a_body_that_names_no_object_is_refused(app: WholeApp, body: object, reason: str) -> None:
    app.send()

    assert reason_of(app.post("/objects:announce", body)) == (400, reason)
    assert len(app.house.topic.published) == 1


def test_a_plus_is_a_space_unless_it_is_escaped(app: WholeApp) -> None:
    headers = {"x-api-key": API_KEY}
    for query, key in (("a+b%2Bc", "a b+c"), ("%25FF", "%FF"), ("%C3%BC", "ü")):
        answer = app.client.get(f"/objects?bucket={BUCKET}&key={query}", headers=headers)
        assert answer.get_json()["source"]["key"] == key


def test_both_count_as_messages_of_the_key(tmp_path: Path) -> None:
    app = whole_app(tmp_path, MAX_MESSAGES_PER_MINUTE="2")

    app.get("/objects", **THIS)
    app.post("/objects:announce", THIS)

    assert reason_of(app.get("/objects", **THIS)) == (429, "RATE_LIMITED")
    assert reason_of(app.post("/objects:announce", THIS)) == (429, "RATE_LIMITED")


def test_transfers_keep_announcements_out_but_no_questions(app: WholeApp) -> None:
    with app.admission.transfer("lambda"):
        assert app.get("/objects", **THIS).status_code == 200
        assert reason_of(app.post("/objects:announce", THIS)) == (503, "OVERLOADED")


def test_questions_are_bounded(app: WholeApp) -> None:
    with ExitStack() as running:
        for n in range(1 + COMPARISONS):
            running.enter_context(app.admission.comparison(f"key-{n}"))
        assert reason_of(app.get("/objects", **THIS)) == (503, "OVERLOADED")
