"""openapi.yaml in itself: valid, closed, with a key and a quota for all but health."""

from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from handlers.errors import TABLE
from handlers.spec import read_operations
from main import SPEC as FILE
from tests.unit.openapi.spec import METHODS, SPEC, check, responses_of
from tests.unit.whole_app import whole_app

OPEN = {"/healthz", "/readyz"}
ANSWERS = [(*o, code) for o in METHODS for code in responses_of(*o)]


def test_the_spec_is_valid() -> None:
    validate(SPEC)
    OAS30Validator.check_schema({"allOf": list(SPEC["definitions"].values())})


def test_every_route_has_an_operation_and_every_operation_a_route(tmp_path: Path) -> None:
    rules = whole_app(tmp_path).client.application.url_map.iter_rules()

    routes = {(m, rule.rule, rule.endpoint) for rule in rules for m in rule.methods or ()}
    routes = {route for route in routes if route[0] != "HEAD"}  # Flask's own, refused as any other

    assert routes == {(*o, operation["operationId"]) for o, operation in METHODS.items()}
    assert routes == {(o.method, o.path, o.id) for o in read_operations(FILE)}


def test_every_security_name_is_defined_and_only_health_is_open() -> None:
    named = [SPEC["security"], *(operation["security"] for operation in METHODS.values())]

    assert {name for one in named for needed in one for name in needed} <= set(
        SPEC["securityDefinitions"]
    )
    assert {path for (_, path), o in METHODS.items() if o["security"] == []} == OPEN
    assert {o.path for o in read_operations(FILE) if o.key_header is None} == OPEN
    assert {o.key_header for o in read_operations(FILE)} == {None, "x-api-key"}


def test_a_path_is_open_for_all_its_methods_or_for_none() -> None:
    for path in {path for _, path in METHODS}:
        assert len({o["security"] == [] for (_, p), o in METHODS.items() if p == path}) == 1


def test_the_gateway_lets_only_pass_what_is_written_here() -> None:
    assert SPEC["x-google-allow"] == "configured"
    assert "x-google-endpoints" not in SPEC  # allowCors would open the door of OPTIONS


def test_each_operation_with_a_key_costs_a_quota_that_is_limited() -> None:
    management = SPEC["x-google-management"]
    limited = [limit["metric"] for limit in management["quota"]["limits"]]

    assert limited == [metric["name"] for metric in management["metrics"]]
    for (_, path), operation in METHODS.items():
        costs = operation.get("x-google-quota", {}).get("metricCosts", {})
        assert set(costs) <= set(limited)
        assert (path in OPEN) is (costs == {})
    assert {limit["unit"] for limit in management["quota"]["limits"]} == {"1/min/{project}"}


def test_the_reasons_are_those_of_the_error_table() -> None:
    error = SPEC["definitions"]["Error"]["properties"]["error"]["properties"]

    assert reasons_of(error) == list(TABLE)
    assert error["code"]["enum"] == sorted({code for code, _ in TABLE.values()})
    assert set(error["status"]["enum"]) == {status for _, status in TABLE.values()}


@pytest.mark.parametrize(("method", "path", "code"), ANSWERS)
def test_the_reasons_of_a_status_are_those_of_the_error_table(
    method: str, path: str, code: str
) -> None:
    schema = responses_of(method, path)[code]["schema"]
    if "allOf" in schema:
        error = schema["allOf"][1]["properties"]["error"]["properties"]
        rows = {reason: row for reason, row in TABLE.items() if row[0] == int(code)}
        assert reasons_of(error) == list(rows)
        assert {(error["code"]["enum"][0], error["status"]["enum"][0])} == set(rows.values())
    else:
        assert code in ("200", "default")
        assert (schema == {"$ref": "#/definitions/Error"}) is (code == "default")


def test_every_operation_tells_its_answers_and_has_a_form_for_all_others() -> None:
    common = {"200", "400", "default"}
    landfall = common | {"401", "403", "429", "500", "503"}

    assert {path: set(o["responses"]) for (_, path), o in METHODS.items()} == {
        "/processmessage": landfall | {"410", "413", "415", "422"},
        "/objects": landfall,
        "/objects:announce": landfall | {"404", "413", "415"},
        "/healthz": common,
        "/readyz": common | {"503"},
    }


@pytest.mark.parametrize(("method", "path", "code"), ANSWERS)
def test_the_example_of_an_answer_fits_its_schema(method: str, path: str, code: str) -> None:
    response = responses_of(method, path)[code]

    if code == "default":
        assert "examples" not in response
    else:
        check(response["examples"]["application/json"], response["schema"])


EXAMPLES = {
    name: definition["example"]
    for name, definition in SPEC["definitions"].items()
    if "example" in definition
}


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items())
def test_the_example_of_a_body_fits_its_schema(name: str, example: Any) -> None:
    check(example, {"$ref": f"#/definitions/{name}"})


def test_every_body_has_an_example_and_every_operation_a_summary() -> None:
    bodies = [p["schema"]["$ref"] for o in METHODS.values() for p in o.get("parameters", [])
              if p["in"] == "body"]  # fmt: skip

    assert {ref.removeprefix("#/definitions/") for ref in bodies} == set(EXAMPLES)
    assert all(operation["summary"] for operation in METHODS.values())


def reasons_of(error: dict[str, Any]) -> list[str]:
    reasons: list[str] = error["details"]["items"]["properties"]["reason"]["enum"]
    return reasons
