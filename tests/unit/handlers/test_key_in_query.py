"""What is named like an API key in a query: refused, or another thing, and never a key."""

from urllib.parse import quote

import pytest
from flask import Response, g, jsonify
from flask.testing import FlaskClient

from handlers.api_key import CallerCheck
from handlers.app import create_app
from handlers.spec import Operation
from tests.unit.handlers.test_api_key import KEY, KEYS, NOW, OFF_KEY, OLD_KEY, WITH_KEY, reason_of

OPERATIONS = (
    Operation("land", "POST", "/processmessage", "x-api-key"),
    Operation("getHealth", "GET", "/healthz", None),
    Operation("getObject", "GET", "/objects", "x-api-key", frozenset({"bucket", "key"})),
)


def who() -> Response:
    return jsonify({"caller": g.api_key.name if "api_key" in g else None})


@pytest.fixture
def client() -> FlaskClient:
    check = CallerCheck(OPERATIONS, lambda: KEYS, now=lambda: NOW)
    handlers = dict.fromkeys(("land", "getHealth", "getObject"), who)
    return create_app(OPERATIONS, handlers, check).test_client()


@pytest.mark.parametrize(
    "query",
    [
        f"key={KEY}",
        f"api_key={KEY}",
        f"x-api-key={KEY}",
        f"KEY={KEY}",
        f"X-Api-Key={KEY}",
        f"%6bey={KEY}",
        "key",
        "key=",
        f"a=b&key={KEY}",
        f"key={quote('{k}')}",
    ],
)
@pytest.mark.parametrize("path", ["/processmessage", "/healthz", "/nowhere"])
@pytest.mark.parametrize("headers", [{}, WITH_KEY])
def test_a_key_in_the_query_is_refused_before_anything_else(
    client: FlaskClient, query: str, path: str, headers: dict[str, str]
) -> None:
    answer = client.post(f"{path}?{query}", headers=headers)

    assert reason_of(answer) == (400, "KEY_IN_QUERY")


def test_another_query_does_not_matter(client: FlaskClient) -> None:
    answer = client.post("/processmessage?keys=1&monkey=2&x=key", headers=WITH_KEY)

    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["apikey", "api-key", "x_api_key", "X-API-KEY", "Key"])
def test_a_key_in_the_query_is_refused_however_it_is_spelt(client: FlaskClient, name: str) -> None:
    assert reason_of(client.get(f"/healthz?{name}=1")) == (400, "KEY_IN_QUERY")


def test_an_operation_may_have_a_parameter_that_is_named_like_a_key(client: FlaskClient) -> None:
    answer = client.get("/objects?bucket=b&key=cats/1.png", headers=WITH_KEY)

    assert answer.get_json() == {"caller": "lambda"}


def test_what_is_named_like_a_key_lets_nobody_in(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    alone = client.get(f"/objects?bucket=b&key={KEY}")
    beside_a_wrong_one = client.get(f"/objects?bucket=b&key={KEY}", headers={"x-api-key": "wrong"})

    assert reason_of(alone) == (401, "API_KEY_MISSING")
    assert reason_of(beside_a_wrong_one) == (401, "API_KEY_INVALID")
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", [KEY, OLD_KEY, OFF_KEY])
@pytest.mark.parametrize("query", ["bucket=b&key={}", "key=a&key={}", "key={}&key=a"])
def test_a_key_of_ours_is_refused_there_and_not_written_down(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, query: str, key: str
) -> None:
    answer = client.get(f"/objects?{query.format(key)}", headers=WITH_KEY)

    assert reason_of(answer) == (400, "KEY_IN_QUERY")
    assert key not in caplog.text + answer.text


@pytest.mark.parametrize("name", ["Key", "KEY", "api_key", "apikey", "x-api-key", "k-ey"])
def test_only_the_very_name_of_the_parameter_is_taken(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/objects?bucket=b&key=a&{name}=1", headers=WITH_KEY)

    assert reason_of(answer) == (400, "KEY_IN_QUERY")


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS", "DELETE"])
def test_a_wrong_method_of_its_path_is_just_that(client: FlaskClient, method: str) -> None:
    assert client.open("/objects?key=a", method=method).status_code == 401
    assert client.open("/objects?key=a", method=method, headers=WITH_KEY).status_code == 405
    with_key_in_query = client.open(f"/objects?key={KEY}", method=method, headers=WITH_KEY)
    assert with_key_in_query.status_code == 400


@pytest.mark.parametrize("query", ["x=%FF", "x=\xff", "%C3=1"])
def test_a_query_that_is_not_utf_8_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get("/healthz", environ_overrides={"QUERY_STRING": query})

    assert reason_of(answer) == (400, "MALFORMED_BODY")
