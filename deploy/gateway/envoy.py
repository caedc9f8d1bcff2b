"""Envoy's configuration, made from openapi.yaml so that the two cannot drift.

https://www.envoyproxy.io/docs/envoy/latest/api-v3/api
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.spec import Operation

Json = dict[str, Any]

GOOD_KEY = "good-key"
REVOKED_KEY = "revoked-key"
"""Passes too, as one does that was revoked a moment ago: the service must refuse it."""
EXPIRED_KEY, DISABLED_KEY, QUOTA_KEY = "expired-key", "disabled-key", "quota-key"
"""Known to the gateway, and refused by it, each for a reason of its own."""

_AUTH = "envoy.filters.http.api_key_auth"
_TYPES = "type.googleapis.com/envoy"


@dataclass(frozen=True)
class Api:
    """What the spec says."""

    operations: Sequence[Operation]
    service: str
    """The name that refusals tell: `host` of the spec."""

    @property
    def key_header(self) -> str:
        (header,) = {o.key_header for o in self.operations if o.key_header}
        return header


@dataclass(frozen=True)
class Listener:
    """Where a gateway listens on loopback, and whom it asks for how long."""

    port: int
    backend_port: int
    deadline_seconds: float


def configuration(api: Api, flavours: Mapping[Listener, Callable[[Api, Listener], Json]]) -> Json:
    """Return the file for these listeners, each with what makes its connection manager."""
    return {
        "static_resources": {
            "listeners": [
                {
                    "name": _name(listener),
                    "address": _address(listener.port),
                    "filter_chains": [{"filters": [_manager(listener, manager(api, listener))]}],
                }
                for listener, manager in flavours.items()
            ],
            "clusters": [_cluster(listener) for listener in flavours],
        }
    }


def routes(api: Api, listener: Listener, added_headers: Sequence[Json] = ()) -> list[Json]:
    """Return what passes: the operations of the spec, with or without a slash at the end."""
    timeout = f"{listener.deadline_seconds}s"
    return [
        {
            "match": {
                **paths([operation.path]),
                "headers": [{"name": ":method", "string_match": {"exact": operation.method}}],
            },
            "route": {"cluster": _name(listener), "timeout": timeout},
            "request_headers_to_add": list(added_headers) if operation.key_header else [],
            **({} if operation.key_header else without_key()),
        }
        for operation in api.operations
    ]


def paths(among: Sequence[str]) -> Json:
    """Return the match of these paths and no others."""
    return {"safe_regex": {"regex": f"(?:{'|'.join(map(re.escape, among))})/?"}}


def refusal(match: Json, status: int, text: str = "") -> Json:
    """Return a route that answers by itself, whoever asks."""
    body = {"body": {"inline_string": text}} if text else {}
    return {"match": match, "direct_response": {"status": status, **body}, **without_key()}


def without_key() -> Json:
    disabled = {"@type": f"{_TYPES}.config.route.v3.FilterConfig", "disabled": True}
    return {"typed_per_filter_config": {_AUTH: disabled}}


def key_filter(api: Api, consumer_header: str) -> Json:
    """Return the filter that lets known keys pass and answers 401 to all others."""
    known = [{"key": key, "client": "123456"} for key in (GOOD_KEY, REVOKED_KEY)]
    return typed(
        _AUTH,
        "extensions.filters.http.api_key_auth.v3.ApiKeyAuth",
        credentials=known,
        key_sources=[{"header": api.key_header}],
        # The key itself goes on to the service, which checks it again.
        forwarding={"header": consumer_header, "hide_credentials": False},
    )


def router() -> Json:
    kind = "extensions.filters.http.router.v3.Router"
    return typed("envoy.filters.http.router", kind, suppress_envoy_headers=True)


def typed(name: str, kind: str, **fields: object) -> Json:
    return {"name": name, "typed_config": {"@type": f"{_TYPES}.{kind}", **fields}}


def status_is(status: int) -> Json:
    comparison = {"op": "EQ", "value": {"default_value": status, "runtime_key": "unused"}}
    return {"status_code_filter": {"comparison": comparison}}


def refused_key(api: Api, key: str) -> Json:
    """Return the filter of refusals of this key."""
    return _refused(api, {"string_match": {"exact": key}})


def refused_without_key(api: Api) -> Json:
    """Return the filter of refusals of those who sent none, or an empty one."""
    some = {"string_match": {"safe_regex": {"regex": ".+"}}}
    return _refused(api, {**some, "invert_match": True, "treat_missing_header_as_empty": True})


def _refused(api: Api, header: Json) -> Json:
    presented = {"header_filter": {"header": {"name": api.key_header, **header}}}
    return {"and_filter": {"filters": [status_is(401), presented]}}


def _name(listener: Listener) -> str:
    return f"port-{listener.port}"


def _address(port: int) -> Json:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(listener: Listener) -> Json:
    endpoint = {"endpoint": {"address": _address(listener.backend_port)}}
    return {
        "name": _name(listener),
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": _name(listener),
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }


def _manager(listener: Listener, fields: Json) -> Json:
    kind = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    name = "envoy.filters.network.http_connection_manager"
    return typed(name, kind, stat_prefix=_name(listener), **fields)
