"""The Flask app: the operations of openapi.yaml, each with its handler."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, Response

from handlers.api_key import CallerCheck
from handlers.body import MAX_BYTES
from handlers.errors import answer_errors
from handlers.request_log import RequestLog
from handlers.spec import Operation, SpecInvalid

Handlers = Mapping[str, Callable[[], Response]]


class _App(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing here is a coroutine, and Flask would look four times a request."""
        return func


def create_app(
    operations: Sequence[Operation],
    handlers: Handlers,
    check_caller: CallerCheck,
    request_log: RequestLog | None = None,
) -> Flask:
    """Return an app that serves exactly these operations, by operationId.

    Raises:
        SpecInvalid: An operation has no handler, or the reverse.
    """
    specified = {operation.id for operation in operations}
    if specified != set(handlers):
        lonely = ", ".join(sorted(specified ^ set(handlers)))
        raise SpecInvalid(f"openapi.yaml and the handlers do not agree on {lonely}.")
    app = _App("landfall", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES + 1  # one more shows that there is more
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider's
    app.url_map.merge_slashes = False
    (request_log or RequestLog()).watch(app)
    app.before_request(check_caller)
    for operation in operations:
        app.add_url_rule(
            operation.path,
            endpoint=operation.id,
            view_func=handlers[operation.id],
            methods=[operation.method],
            provide_automatic_options=False,
            strict_slashes=False,  # the gateway passes a slash at the end on
        )
    answer_errors(app)
    return app
