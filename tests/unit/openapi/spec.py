"""openapi.yaml as a test reads it: what an answer of an operation must look like."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker

ROOT = Path(__file__).parents[3]
SPEC: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text("utf-8"))
METHODS = {(m.upper(), path): o for path, ms in SPEC["paths"].items() for m, o in ms.items()}


def responses_of(method: str, path: str) -> dict[str, Any]:
    """Return the operation's responses by status, each written out."""
    return {code: resolved(one) for code, one in METHODS[method, path]["responses"].items()}


def resolved(response: Mapping[str, Any]) -> Any:
    name = response.get("$ref", "").removeprefix("#/responses/")
    return SPEC["responses"][name] if name else response


def check(value: object, schema: Mapping[str, Any]) -> None:
    """Fail unless the value fits, and holds no field that is not documented."""
    document = {"allOf": [_closed(schema)], "definitions": _closed(SPEC["definitions"])}
    validator = OAS30Validator(document, format_checker=oas30_format_checker)
    assert [error.message for error in validator.iter_errors(value)] == []


def _closed(schema: Any) -> Any:
    """Swagger 2.0 as the validator's OpenAPI 3.0, each object with its own fields only."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {"nullable" if k == "x-nullable" else k: _closed(v) for k, v in schema.items()}
    if found.get("type") == "object" and "properties" in found:
        found.setdefault("additionalProperties", False)
    return found
