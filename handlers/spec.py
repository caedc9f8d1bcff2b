"""openapi.yaml as the service reads it: which operations there are, and which need a key."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")


class SpecInvalid(Exception):
    """The spec does not say plainly who may call what: better not to start."""


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    key_header: str | None
    """Where the key is sent; None if the operation is open to everybody."""
    query: frozenset[str] = frozenset()
    """Names of the parameters that it takes in the query."""


def read_operations(file: Path) -> tuple[Operation, ...]:
    """Return all operations of a Swagger 2.0 file.

    Raises:
        SpecInvalid: A security name is not defined, which gateways take as open, or the
            key is sent elsewhere than in a header.
    """
    spec = yaml.safe_load(file.read_text("utf-8"))
    definitions = spec.get("securityDefinitions") or {}
    default = spec.get("security", [])
    return tuple(
        Operation(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            key_header=_key_header(operation.get("security", default), definitions, path),
            query=frozenset(
                parameter["name"]
                for parameter in operation.get("parameters", [])
                if parameter.get("in") == "query"
            ),
        )
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS
    )


def _key_header(
    requirements: list[Mapping[str, Any]] | None, definitions: Mapping[str, Any], path: str
) -> str | None:
    if requirements == []:
        return None
    if requirements is None or len(requirements) != 1 or len(requirements[0]) != 1:
        raise SpecInvalid(f"{path}: security must name exactly one scheme, or be [].")
    (name,) = requirements[0]
    scheme = definitions.get(name)
    if scheme is None:
        raise SpecInvalid(f"{path}: security names {name}, which securityDefinitions lacks.")
    if scheme.get("type") != "apiKey" or scheme.get("in") != "header" or not scheme.get("name"):
        raise SpecInvalid(f"{path}: {name} must be an apiKey that is sent in a header.")
    return str(scheme["name"])
