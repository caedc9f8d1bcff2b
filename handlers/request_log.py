"""One line in the log for each request, and one call for whoever watches.

https://cloud.google.com/logging/docs/structured-logging
"""

import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Set

from flask import Flask, Response, g, request

from handlers.trace_context import trace_of
from transfer.printable import printable
from transfer.watching import Request, Watcher

_log = logging.getLogger("landfall.requests")
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})


def current() -> Request:
    """What is known so far of the request that this thread serves."""
    found: Request = g.watched
    return found


def fail(reason: str, code: int, text: str, error: Exception | None = None) -> None:
    """Note why the request ends badly; `text` is for the operator, `error` for its traceback."""
    watched = current()
    watched.reason = reason
    watched.outcome = "failed" if code >= 500 else "refused"
    g.line, g.error = text, error


class RequestLog:
    """Watches all requests of an app."""

    def __init__(
        self,
        quiet: Set[str] = frozenset(),
        project: str | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        """`quiet` are operations that are asked for all day: logged at DEBUG, not counted."""
        self._quiet = quiet
        self._project = project
        self._watcher = watcher

    def watch(self, app: Flask) -> None:
        """Begin before all else is done, end with the answer, whoever made it."""
        app.before_request(self._begin)
        app.after_request(self._end)

    def _begin(self) -> None:
        environ = request.environ
        g.watched = Request(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            time.perf_counter_ns(),
            operation=request.endpoint or "none",
            trace=trace_of(
                environ.get("HTTP_TRACEPARENT", ""), environ.get("HTTP_X_CLOUD_TRACE_CONTEXT", "")
            ),
        )

    def _end(self, response: Response) -> Response:
        watched = current()
        watched.ended, watched.answered_at = time.perf_counter_ns(), time.time()
        watched.code = response.status_code
        if "api_key" in g:
            watched.caller = g.api_key.name
        quiet = watched.operation in self._quiet
        span_id = None
        if self._watcher is not None and not quiet:
            span_id = self._watcher.answered(watched)
        level = logging.DEBUG if quiet else _level(watched.code)
        if _log.isEnabledFor(level):
            fields = self._fields(watched, span_id, response)
            _log.log(
                level,
                "%s",
                printable(_line(watched)),
                exc_info=g.get("error"),
                extra={"fields": fields},
            )
        return response

    def _fields(
        self, watched: Request, span_id: str | None, response: Response
    ) -> Mapping[str, object]:
        fields = {
            "httpRequest": {
                "requestMethod": watched.method if watched.method in _METHODS else "other",
                "requestUrl": _url(watched),
                "status": watched.code,
                "requestSize": str(request.content_length or 0),
                "responseSize": str(response.content_length or 0),
                "latency": f"{watched.seconds:.6f}s",
                "protocol": request.environ.get("SERVER_PROTOCOL"),
            },
            "caller": watched.caller,
            "outcome": watched.outcome,
            "reason": watched.reason or None,
            **self._trace(watched, span_id),
            **_transfer(watched),
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _trace(self, watched: Request, span_id: str | None) -> Mapping[str, object]:
        trace = watched.trace
        if trace is None:
            return {}
        name = f"projects/{self._project}/traces/" if self._project else ""
        return {
            "logging.googleapis.com/trace": name + trace.trace_id,
            "logging.googleapis.com/spanId": span_id or trace.span_id,
            "logging.googleapis.com/trace_sampled": trace.sampled,
        }


def _url(watched: Request) -> str | None:
    """The path of an operation, without its query. Any other may hold anything, even a key."""
    return watched.path if watched.operation != "none" else None


def _level(code: int) -> int:
    if code < 400:
        return logging.INFO
    return logging.ERROR if code == 500 else logging.WARNING


def _line(watched: Request) -> str:
    """What a person reads."""
    message, why = watched.message, g.get("line")
    source = f"s3://{message.bucket}/{message.key}" if message else None
    if why:
        return f"{why} ({source})" if source else str(why)
    caller = f" for {watched.caller}" if watched.caller else ""
    return f"{watched.outcome} {source or watched.operation}{caller} in {watched.seconds:.3f} s"


def _transfer(watched: Request) -> Mapping[str, object]:
    message, landed, lag = watched.message, watched.landed, watched.lag
    milliseconds: defaultdict[str, float] = defaultdict(float)
    for phase in watched.phases:
        milliseconds[phase.name] += (phase.ended - phase.began) / 1e6
    return {
        "source": message and {"bucket": message.bucket, "key": message.key},
        "object": landed
        and {
            "bucket": landed.bucket,
            "name": landed.name,
            "generation": str(landed.generation),
        },
        "bytes": watched.bytes if landed else None,
        "phases": {name: round(spent, 3) for name, spent in milliseconds.items()} or None,
        "lagMs": None if lag is None else round(lag * 1000),
    }
