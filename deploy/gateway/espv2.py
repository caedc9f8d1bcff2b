"""Answers as ESPv2 gives them, the gateway of Cloud Run and GKE.

https://github.com/GoogleCloudPlatform/esp-v2
"""

from deploy.gateway import envoy
from deploy.gateway.envoy import Api, Json, Listener

DEADLINE_SECONDS = 15.0
"""ESPv2's own, unless the spec sets another."""
_NO_KEY = (
    "UNAUTHENTICATED: Method doesn't allow unregistered callers (callers without established "
    "identity). Please use API Key or other form of API consumer identity to call this API."
)
_WRONG_METHOD = (
    "The current request is matched to the defined url template but its http method is not allowed"
)


def manager(api: Api, listener: Listener) -> Json:
    """Return Envoy's connection manager for this listener."""
    return {
        "normalize_path": True,
        "merge_slashes": True,
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        "local_reply_config": {"body_format": _FORM, "mappers": _answers(api)},
        "route_config": {"virtual_hosts": [_host(api, listener)]},
        "http_filters": [
            envoy.key_filter(api, "X-Endpoint-API-Consumer-Number"),
            envoy.router(),
        ],
    }


_FORM = {"json_format": {"code": "%RESPONSE_CODE%", "message": "%LOCAL_REPLY_BODY%"}}


def _host(api: Api, listener: Listener) -> Json:
    consumer = {
        "header": {"key": "X-Endpoint-API-Consumer-Type", "value": "PROJECT"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    known = envoy.paths(sorted({operation.path for operation in api.operations}))
    undefined = "The current request is not defined by this API."
    return {
        "name": "espv2",
        "domains": ["*"],
        "routes": [
            *envoy.routes(api, listener, [consumer]),
            envoy.refusal(known, 405, _WRONG_METHOD),
            envoy.refusal({"prefix": "/"}, 404, undefined),
        ],
    }


def _answers(api: Api) -> list[Json]:
    """The first that matches wins; what none matches keeps Envoy's own words."""
    disabled = f"PERMISSION_DENIED: API {api.service} is not enabled for the project."
    expired = "INVALID_ARGUMENT: API key expired. Please renew the API key."
    unknown = "INVALID_ARGUMENT: API key not valid. Please pass a valid API key."
    return [
        _answer(envoy.refused_without_key(api), 401, _NO_KEY),
        _answer(envoy.refused_key(api, envoy.DISABLED_KEY), 403, disabled),
        _answer(envoy.refused_key(api, envoy.EXPIRED_KEY), 400, expired),
        _answer(envoy.refused_key(api, envoy.QUOTA_KEY), 429, "RESOURCE_EXHAUSTED: Quota exceeded"),
        _answer(envoy.status_is(401), 400, unknown),
    ]


def _answer(which: Json, status: int, text: str) -> Json:
    return {"filter": which, "status_code": status, "body": {"inline_string": text}}
