"""Answers as ESP gives them, the gateway of App Engine flexible.

https://github.com/cloudendpoints/esp
"""

from deploy.gateway import envoy
from deploy.gateway.envoy import Api, Json, Listener

DEADLINE_SECONDS = 3600.0
"""App Engine's own; ESP has none that is shorter."""
MAX_BODY_BYTES = 32 * 1024 * 1024
_NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)
_WWW_AUTHENTICATE = [{"header": {"key": "www-authenticate", "value": "Bearer"}}]


def manager(api: Api, listener: Listener) -> Json:
    """Return Envoy's connection manager for this listener."""
    max_body = envoy.typed(
        "envoy.filters.http.buffer",
        "extensions.filters.http.buffer.v3.Buffer",
        max_request_bytes=MAX_BODY_BYTES,
    )
    return {
        "server_name": "nginx",
        "generate_request_id": False,
        # As nginx: dropped without a word.
        "common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER"},
        "local_reply_config": {"mappers": _answers(api)},
        "route_config": {"virtual_hosts": [_host(api, listener)]},
        "http_filters": [
            envoy.key_filter(api, "X-Endpoint-API-Project-ID"),
            max_body,
            envoy.router(),
        ],
    }


def _host(api: Api, listener: Listener) -> Json:
    blank_user = {
        "header": {"key": "X-Endpoint-API-UserInfo", "value": ""},
        "append_action": "OVERWRITE_IF_EXISTS",
        "keep_empty_value": True,
    }
    return {
        "name": "esp",
        "domains": ["*"],
        "request_headers_to_add": [blank_user],
        "routes": [*envoy.routes(api, listener), envoy.refusal({"prefix": "/"}, 404)],
    }


def _answers(api: Api) -> list[Json]:
    """The first that matches wins."""
    disabled = f"API {api.service} is not enabled for the consumer project."
    return [
        {
            **_answer(envoy.refused_without_key(api), 401, 16, _NO_KEY, "service_control"),
            "headers_to_add": _WWW_AUTHENTICATE,
        },
        {
            **_answer(
                envoy.refused_key(api, envoy.DISABLED_KEY), 403, 7, disabled, "service_control"
            ),
            "headers_to_add": _WWW_AUTHENTICATE,
        },
        _answer(
            envoy.refused_key(api, envoy.EXPIRED_KEY),
            400,
            3,
            "API key expired. Please renew the API key.",
            "service_control",
        ),
        _answer(envoy.refused_key(api, envoy.QUOTA_KEY), 429, 8, "Quota exceeded", "internal"),
        _answer(
            envoy.status_is(401),
            400,
            3,
            "API key not valid. Please pass a valid API key.",
            "service_control",
        ),
        _answer(envoy.status_is(404), 404, 5, "Method does not exist.", "service_control"),
        _answer(envoy.status_is(503), 502, 13, "BAD_GATEWAY", "application"),
        _answer(envoy.status_is(504), 504, 4, "GATEWAY_TIMEOUT", "application"),
    ]


def _answer(which: Json, status: int, code: int, message: str, detail: str) -> Json:
    """`code` is gRPC's; `detail` names the part of ESP that refused."""
    info = {
        "@type": "type.googleapis.com/google.rpc.DebugInfo",
        "stackEntries": [],
        "detail": detail,
    }
    form = {"json_format": {"code": code, "message": message, "details": [info]}}
    return {"filter": which, "status_code": status, "body_format_override": form}
