"""Who gets past the door: the order of the checks, and what a stranger can learn."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from flask import Response, g, jsonify
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from handlers.api_key import CallerCheck
from handlers.app import create_app
from handlers.spec import Operation, SpecInvalid
from transfer.api_keys import ApiKey

KEY, OLD_KEY, OFF_KEY = "canary-api-key-5d1f", "canary-old-key-77aa", "canary-off-key-90bc"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEYS = (
    ApiKey("lambda", hashlib.sha256(KEY.encode()).digest()),
    ApiKey("old", hashlib.sha256(OLD_KEY.encode()).digest(), expires=NOW - timedelta(seconds=1)),
    ApiKey("off", hashlib.sha256(OFF_KEY.encode()).digest(), disabled=True),
)
OPERATIONS = (
    Operation("land", "POST", "/processmessage", "x-api-key"),
    Operation("getHealth", "GET", "/healthz", None),
    Operation("getOther", "GET", "/other", "x-other-key"),
)
WITH_KEY = {"x-api-key": KEY}


def who() -> Response:
    return jsonify({"caller": g.api_key.name if "api_key" in g else None})


@pytest.fixture
def client() -> FlaskClient:
    check = CallerCheck(OPERATIONS, lambda: KEYS, now=lambda: NOW)
    return create_app(
        OPERATIONS, dict.fromkeys(("land", "getHealth", "getOther"), who), check
    ).test_client()


def reason_of(answer: TestResponse) -> tuple[int, str]:
    body = answer.get_json()
    assert KEY not in answer.text
    return answer.status_code, body["error"]["details"][0]["reason"]


def post(client: FlaskClient, headers: Mapping[str, str] | list[tuple[str, str]]) -> TestResponse:
    return client.post("/processmessage", headers=headers)


@pytest.mark.parametrize("header", ["x-api-key", "X-API-Key", "X-Api-Key"])
def test_the_right_key_gets_in_under_its_own_name(client: FlaskClient, header: str) -> None:
    assert post(client, {header: KEY}).get_json() == {"caller": "lambda"}


def test_an_open_operation_takes_no_key_and_looks_at_none(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"caller": None}
    assert client.get("/healthz", headers={"x-api-key": "wrong"}).status_code == 200


def test_the_header_is_the_one_of_the_spec(client: FlaskClient) -> None:
    assert client.get("/other", headers={"x-other-key": KEY}).status_code == 200
    assert reason_of(client.get("/other", headers=WITH_KEY)) == (401, "API_KEY_MISSING")


@pytest.mark.parametrize("headers", [{}, {"x-api-key": ""}, {"Authorization": f"Bearer {KEY}"}])
def test_without_a_key_nobody_gets_in(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = post(client, headers)

    assert reason_of(answer) == (401, "API_KEY_MISSING")
    assert answer.headers["WWW-Authenticate"] == "ApiKey"


@pytest.mark.parametrize(
    "presented",
    [
        "wrong",
        KEY[:-1],
        KEY + "x",
        KEY.upper(),
        hashlib.sha256(KEY.encode()).hexdigest(),
        f"{KEY},{KEY}",
        f"{KEY}, {KEY}",
        "\xe9\xff",
        KEY + "\xa0",
        "x" * 8000,
    ],
)
def test_a_wrong_key_does_not_get_in(client: FlaskClient, presented: str) -> None:
    assert reason_of(post(client, {"x-api-key": presented})) == (401, "API_KEY_INVALID")


def test_two_headers_do_not_get_in_though_both_are_right(client: FlaskClient) -> None:
    answer = post(client, [("x-api-key", KEY), ("x-api-key", KEY)])

    assert reason_of(answer) == (401, "API_KEY_INVALID")


def test_a_stranger_cannot_tell_an_unknown_key_from_one_that_is_over(client: FlaskClient) -> None:
    answers = [post(client, {"x-api-key": key}) for key in ("unknown", OLD_KEY, OFF_KEY)]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1


def test_the_operator_reads_why_and_how_often_keys_were_refused(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for headers in ({}, *({"x-api-key": key} for key in ("unknown", OLD_KEY, OFF_KEY)), {}):
        post(client, headers)

    assert caplog.messages == [
        "API_KEY_MISSING: There is none. Number 1 since the start.",
        "API_KEY_INVALID: The key is not known. Number 1 since the start.",
        (
            "API_KEY_INVALID: The key old expired at 2026-11-24T11:59:59+00:00. "
            "Number 2 since the start."
        ),
        "API_KEY_INVALID: The key off is disabled. Number 3 since the start.",
        "API_KEY_MISSING: There is none. Number 2 since the start.",
    ]
    assert not any(key in caplog.text for key in ("unknown", OLD_KEY, OFF_KEY))


UNKNOWN = [
    ("GET", "/"),
    ("GET", "/nowhere"),
    ("POST", "/nowhere"),
    ("GET", "/processmessage/x"),
    ("POST", "//processmessage"),
    ("POST", "/processmessage//"),
    ("POST", "/ProcessMessage"),
    ("POST", "/x/../processmessage"),
    ("GET", "/healthz/x"),
    ("GET", "/static/x"),
    ("GET", "/favicon.ico"),
]
FOREIGN_METHODS = [
    ("GET", "/processmessage"),
    ("HEAD", "/processmessage"),
    ("OPTIONS", "/processmessage"),
    ("PUT", "/processmessage"),
    ("PATCH", "/processmessage"),
    ("DELETE", "/processmessage"),
    ("TRACE", "/processmessage"),
    ("BREW", "/processmessage"),
    ("POST", "/healthz"),
    ("HEAD", "/healthz"),
    ("OPTIONS", "/healthz"),
]


@pytest.mark.parametrize(("method", "path"), UNKNOWN + FOREIGN_METHODS)
def test_a_stranger_does_not_learn_what_exists(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method)

    assert answer.status_code == 401
    assert "Allow" not in answer.headers
    if method != "HEAD":
        assert reason_of(answer) == (401, "API_KEY_MISSING")
        wrong = client.open(path, method=method, headers={"x-api-key": "wrong"})
        assert reason_of(wrong) == (401, "API_KEY_INVALID")


@pytest.mark.parametrize(("method", "path"), UNKNOWN)
def test_a_caller_learns_that_a_path_is_not_there(
    client: FlaskClient, method: str, path: str
) -> None:
    answer = client.open(path, method=method, headers=WITH_KEY)

    assert reason_of(answer) == (404, "NOT_FOUND")


@pytest.mark.parametrize(("method", "path"), FOREIGN_METHODS)
def test_a_caller_learns_which_method_a_path_takes(
    client: FlaskClient, method: str, path: str
) -> None:
    answer = client.open(path, method=method, headers=WITH_KEY)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == ("GET" if path == "/healthz" else "POST")
    if method != "HEAD":
        assert reason_of(answer) == (405, "METHOD_NOT_ALLOWED")


def test_all_methods_of_a_path_are_told() -> None:
    twice = [Operation("a", "GET", "/a", None), Operation("b", "PUT", "/a", None)]
    app = create_app(twice, {"a": who, "b": who}, CallerCheck(twice, lambda: KEYS))

    answer = app.test_client().delete("/a", headers=WITH_KEY)

    assert answer.headers["Allow"] == "GET, PUT"


def test_a_slash_at_the_end_changes_nothing(client: FlaskClient) -> None:
    assert client.get("/healthz/").status_code == 200
    assert client.post("/processmessage/", headers=WITH_KEY).status_code == 200
    assert reason_of(client.post("/processmessage/")) == (401, "API_KEY_MISSING")


@pytest.mark.parametrize("path", ["/processmessage", "/healthz", "/nowhere"])
@pytest.mark.parametrize("headers", [{}, WITH_KEY])
@pytest.mark.parametrize("method", ["POST", "DELETE", ""])
def test_a_method_in_a_header_is_refused_before_anything_else(
    client: FlaskClient, path: str, headers: dict[str, str], method: str
) -> None:
    answer = client.post(path, headers={**headers, "X-HTTP-Method-Override": method})

    assert reason_of(answer) == (400, "METHOD_OVERRIDE")


def test_the_key_is_checked_before_the_body(client: FlaskClient) -> None:
    answer = client.post("/processmessage", data=b"x" * 1_000_000)

    assert reason_of(answer) == (401, "API_KEY_MISSING")


def test_without_any_keys_nobody_gets_in() -> None:
    app = create_app(
        OPERATIONS,
        dict.fromkeys(("land", "getHealth", "getOther"), who),
        CallerCheck(OPERATIONS, lambda: ()),
    )

    assert reason_of(post(app.test_client(), WITH_KEY)) == (401, "API_KEY_INVALID")


@pytest.mark.parametrize("ids", [("land", "getHealth"), ("land", "getHealth", "getOther", "more")])
def test_operations_and_handlers_must_be_the_same(ids: tuple[str, ...]) -> None:
    with pytest.raises(SpecInvalid, match=r"getOther|more"):
        create_app(OPERATIONS, dict.fromkeys(ids, who), CallerCheck(OPERATIONS, lambda: KEYS))


@pytest.mark.parametrize("path", ["//healthz", "/%2Fhealthz", "/healthz//", "/./healthz"])
def test_a_path_that_only_looks_like_an_open_one_needs_a_key(
    client: FlaskClient, path: str
) -> None:
    assert reason_of(client.get("/", environ_overrides={"PATH_INFO": unquote(path)})) == (
        401,
        "API_KEY_MISSING",
    )
