"""What clients of Cloud Endpoints meet, case by case, through the local gateway.

ESP runs on App Engine flexible, ESPv2 elsewhere.
"""

from typing import Any

import pytest

from deploy.gateway.run import read_api
from tests.gateway.conftest import DEADLINE_SECONDS, GOOD, Gateway, ask
from tests.integration.conftest import Answer, RecordingServer

NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)
INVALID, EXPIRED = (
    "API key not valid. Please pass a valid API key.",
    "API key expired. Please renew the API key.",
)
SERVICE = read_api().service


def refused(flavour: str, status: int, code: int, prefix: str, text: str) -> tuple[int, Any]:
    """The answer of a gateway itself; `code` is ESP's, `prefix` is ESPv2's."""
    if flavour == "espv2":
        return status, {"code": status, "message": prefix + text}
    detail = "internal" if code == 8 else "service_control"
    info = {
        "@type": "type.googleapis.com/google.rpc.DebugInfo",
        "detail": detail,
        "stackEntries": [],
    }
    return status, {"code": code, "details": [info], "message": text}


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({}, "/processmessage"),
        ({"x-api-key": ""}, "/processmessage"),
        ({"Authorization": "Bearer good-key"}, "/processmessage"),
        ({}, "/processmessage?key=good-key"),
        ({}, "/objects:announce"),
    ],
)  # 1 to 4
def test_without_a_key_in_its_header_nobody_passes(
    gateway: Gateway, headers: dict[str, str], path: str
) -> None:
    got = ask(gateway.landfall, headers, path=path)

    assert (got.status, got.body) == refused(gateway.flavour, 401, 16, "UNAUTHENTICATED: ", NO_KEY)
    assert got.headers.get("www-authenticate") == ("Bearer" if gateway.flavour == "esp" else None)


def test_a_header_with_underscores_is_dropped_or_refused(gateway: Gateway) -> None:  # 5
    got = ask(gateway.landfall, {"x_api_key": "good-key"})

    if gateway.flavour == "esp":
        assert (got.status, got.body) == refused("esp", 401, 16, "", NO_KEY)
    else:
        assert (got.status, got.body["message"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    ("key", "status", "code", "prefix", "text"),
    [
        ("unknown", 400, 3, "INVALID_ARGUMENT: ", INVALID),
        ("expired-key", 400, 3, "INVALID_ARGUMENT: ", EXPIRED),
        ("quota-key", 429, 8, "RESOURCE_EXHAUSTED: ", "Quota exceeded"),
    ],
)  # 6, 7, 9
def test_a_key_that_the_gateway_refuses(
    gateway: Gateway, key: str, status: int, code: int, prefix: str, text: str
) -> None:
    got = ask(gateway.landfall, {"x-api-key": key})

    assert (got.status, got.body) == refused(gateway.flavour, status, code, prefix, text)


def test_a_key_of_a_project_that_has_not_enabled_the_api(gateway: Gateway) -> None:  # 8
    got = ask(gateway.landfall, {"x-api-key": "disabled-key"})

    whose = "consumer project" if gateway.flavour == "esp" else "project"
    text = f"API {SERVICE} is not enabled for the {whose}."
    assert (got.status, got.body) == refused(gateway.flavour, 403, 7, "PERMISSION_DENIED: ", text)
    assert got.headers.get("www-authenticate") == ("Bearer" if gateway.flavour == "esp" else None)


@pytest.mark.parametrize("headers", [{}, GOOD])
@pytest.mark.parametrize("path", ["/nope", "/ProcessMessage", "/"])  # 10, 11
def test_what_the_spec_does_not_know_is_refused_before_the_key(
    gateway: Gateway, path: str, headers: dict[str, str]
) -> None:
    got = ask(gateway.landfall, headers, path=path)

    text = "Method does not exist."
    if gateway.flavour == "espv2":
        text = "The current request is not defined by this API."
    assert (got.status, got.body) == refused(gateway.flavour, 404, 5, "", text)


def test_a_method_that_the_spec_does_not_know(gateway: Gateway) -> None:  # 12
    got = ask(gateway.landfall, method="GET")

    if gateway.flavour == "esp":
        assert (got.status, got.body) == refused("esp", 404, 5, "", "Method does not exist.")
    else:
        assert got.status == got.body["code"] == 405
        assert got.body["message"].startswith("The current request is matched to the defined url")


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        (GOOD, "/processmessage"),
        ({"X-API-KEY": "good-key"}, "/processmessage"),
        (GOOD, "/processmessage/"),
        (GOOD, "/objects:announce"),
        (GOOD, "/objects:announce/"),
    ],
)  # 13 to 15
def test_a_good_key_passes(gateway: Gateway, headers: dict[str, str], path: str) -> None:
    got = ask(gateway.landfall, headers, path=path)

    assert (got.status, got.reason) == (400, "INVALID_MESSAGE")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/healthz/", "/readyz/"])
@pytest.mark.parametrize("key", [None, "unknown", "expired-key", "disabled-key"])  # 16 to 18
def test_health_is_open_whatever_the_key(gateway: Gateway, path: str, key: str | None) -> None:
    got = ask(gateway.landfall, {"x-api-key": key} if key else {}, "GET", path)

    assert (got.status, got.body["status"] in ("ok", "ready")) == (200, True)


def test_an_error_of_the_service_passes_untouched(
    gateway: Gateway, stub: RecordingServer
) -> None:  # 19
    stub.answers = [Answer(409, b'{"error":  {"code": 409}}')]

    got = ask(gateway.stub)

    assert (got.status, got.body) == (409, {"error": {"code": 409}})
    path, headers, body = stub.requests[-1]
    assert (path, headers["x-api-key"], body) == ("/processmessage", "good-key", b"{}")
    consumer = "project-id" if gateway.flavour == "esp" else "consumer-number"
    assert headers[f"x-endpoint-api-{consumer}"] == "123456"


def test_a_service_that_is_too_slow(gateway: Gateway, stub: RecordingServer) -> None:  # 20
    stub.answers = [Answer(delay=10 * DEADLINE_SECONDS)]

    got = ask(gateway.stub)

    assert got.status == 504
    text = "GATEWAY_TIMEOUT" if gateway.flavour == "esp" else "upstream request timeout"
    assert got.body["message"] == text


def test_a_service_that_is_not_there(gateway: Gateway) -> None:  # 21
    got = ask(gateway.nobody)

    if gateway.flavour == "esp":
        assert (got.status, got.body["code"], got.body["message"]) == (502, 13, "BAD_GATEWAY")
    else:
        assert got.status == got.body["code"] == 503
        assert got.body["message"].startswith("upstream connect error")


def test_a_body_over_32_mb(gateway: Gateway, stub: RecordingServer) -> None:  # 22
    stub.answers, before, body = [Answer()], len(stub.requests), b" " * (32 * 1024 * 1024 + 1)

    got = ask(gateway.stub, body=body)

    if gateway.flavour == "esp":
        assert (got.status, len(stub.requests)) == (413, before)
    else:
        assert (got.status, len(stub.requests[-1][2])) == (200, len(body))


def test_a_key_that_was_revoked_a_moment_ago_is_refused_by_the_service(gateway: Gateway) -> None:
    got = ask(gateway.landfall, {"x-api-key": "revoked-key"})  # 23

    assert (got.status, got.reason) == (401, "API_KEY_INVALID")


def test_a_method_override_is_refused_by_the_service(gateway: Gateway) -> None:  # 24
    got = ask(gateway.landfall, {**GOOD, "X-HTTP-Method-Override": "GET"})

    assert (got.status, got.reason) == (400, "METHOD_OVERRIDE")


def test_two_keys_are_refused_by_the_service(gateway: Gateway) -> None:  # 25
    got = ask(gateway.landfall, [("x-api-key", "good-key"), ("x-api-key", "bad")])

    assert (got.status, got.reason) == (401, "API_KEY_INVALID")


def test_the_key_of_an_object_in_the_query_passes_as_such(gateway: Gateway) -> None:
    path = "/objects?bucket=my-bucket&key=cats/1.png"

    got = ask(gateway.landfall, GOOD, "GET", path)

    assert (got.status, got.body["status"], got.body["source"]["key"]) == (
        200, "missing", "cats/1.png",
    )  # fmt: skip
    assert ask(gateway.landfall, {}, "GET", path.replace("cats/1.png", "good-key")).status == 401
