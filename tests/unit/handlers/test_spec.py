"""openapi.yaml as the service reads it, and the specs it refuses to start with."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from handlers.spec import Operation, SpecInvalid, read_operations

SPEC = Path(__file__).parents[3] / "openapi.yaml"
API_KEY = {"type": "apiKey", "name": "x-api-key", "in": "header"}


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Read a spec with one operation, from these parts."""

    def read_parts(operation: dict[str, Any] | None = None, **spec: Any) -> tuple[Operation, ...]:
        file = tmp_path / "openapi.yaml"
        get = {"operationId": "getThing", **(operation or {})}
        parts = {"swagger": "2.0", "paths": {"/thing": {"get": get}}, **spec}
        file.write_text(yaml.safe_dump(parts), encoding="utf-8")
        return read_operations(file)

    return read_parts


def test_our_own_spec_has_three_operations_with_a_key_and_two_without() -> None:
    assert set(read_operations(SPEC)) == {
        Operation("processMessage", "POST", "/processmessage", "x-api-key"),
        Operation(
            "getObject",
            "GET",
            "/objects",
            "x-api-key",
            frozenset({"bucket", "key", "versionId", "origin"}),
        ),
        Operation("announceObject", "POST", "/objects:announce", "x-api-key"),
        Operation("getHealth", "GET", "/healthz", None),
        Operation("getReadiness", "GET", "/readyz", None),
    }


def test_security_of_the_spec_holds_where_an_operation_has_none_of_its_own(read: Any) -> None:
    spec = {"securityDefinitions": {"k": API_KEY}, "security": [{"k": []}]}

    [operation] = read(**spec)

    assert operation == Operation("getThing", "GET", "/thing", "x-api-key")


def test_an_operation_is_open_only_where_it_says_so(read: Any) -> None:
    spec = {"securityDefinitions": {"k": API_KEY}, "security": [{"k": []}]}

    [operation] = read({"security": []}, **spec)

    assert operation.key_header is None


def test_every_method_of_swagger_2_is_an_operation_and_nothing_else_is(read: Any) -> None:
    methods = {"get", "put", "post", "delete", "options", "head", "patch"}
    operations = {name: {"operationId": name, "security": []} for name in methods}

    found = read(paths={"/thing": {**operations, "parameters": [], "x-own": {}, "trace": {}}})

    assert {(o.id, o.method) for o in found} == {(name, name.upper()) for name in methods}


def test_the_header_has_the_name_that_the_spec_gives(read: Any) -> None:
    spec = {"securityDefinitions": {"k": {**API_KEY, "name": "x-other-key"}}}

    [operation] = read({"security": [{"k": []}]}, **spec)

    assert operation.key_header == "x-other-key"


def test_only_parameters_of_the_query_are_names_in_the_query(read: Any) -> None:
    places = [{"in": place, "name": f"n-{place}"} for place in ("query", "header", "formData")]

    [operation] = read({"security": [], "parameters": [*places, {"in": "body", "name": "n"}]})

    assert operation.query == {"n-query"}


def test_what_stands_beside_operations_is_none(read: Any) -> None:
    path = {
        "parameters": [{"in": "query", "name": "q"}],
        "x-google-note": {"operationId": "no"},
        "post": {"operationId": "postThing"},
        "delete": {"operationId": "deleteThing"},
    }

    operations = read(paths={"/thing": path, "/other": {"get": {"operationId": "getOther"}}})

    assert {(o.method, o.path, o.id) for o in operations} == {
        ("DELETE", "/thing", "deleteThing"),
        ("POST", "/thing", "postThing"),
        ("GET", "/other", "getOther"),
    }


@pytest.mark.parametrize(
    ("security", "definitions"),
    [
        ([{"api-key": []}], {"api_key": API_KEY}),
        ([{"api_key": []}], {}),
        ([{"api_key": []}], None),
        ([{}], {"api_key": API_KEY}),
        (None, {"api_key": API_KEY}),
        ([{"api_key": []}, {}], {"api_key": API_KEY}),
        ([{"api_key": []}, {"other": []}], {"api_key": API_KEY, "other": API_KEY}),
        ([{"api_key": [], "other": []}], {"api_key": API_KEY, "other": API_KEY}),
        ([{"api_key": []}], {"api_key": {**API_KEY, "in": "query"}}),
        ([{"api_key": []}], {"api_key": {**API_KEY, "type": "basic"}}),
        ([{"api_key": []}], {"api_key": {**API_KEY, "name": ""}}),
        ([{"api_key": []}], {"api_key": {"type": "apiKey", "in": "header"}}),
    ],
)
@pytest.mark.parametrize("place", ["operation", "spec"])
def test_security_that_is_not_plain_stops_the_start(
    read: Any, security: Any, definitions: Any, place: str
) -> None:
    own, of_all = {"security": security}, {"securityDefinitions": definitions}
    if place == "spec":
        own, of_all = {}, {**own, **of_all}

    with pytest.raises(SpecInvalid, match=r"^/thing: "):
        read(own, **of_all)
