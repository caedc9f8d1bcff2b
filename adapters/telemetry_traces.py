"""Requests as spans, made once a request is answered, from the times of its phases."""

import time

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    format_span_id,
    set_span_in_context,
)

from transfer.watching import Request, Trace


class Traces:
    """Shows what the sender's trace asks for, and nothing else."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def show(self, request: Request) -> str | None:
        """Return the id of the request's span; None if it is not sampled.

        A stranger's word does not count: each trace costs something.
        """
        trace = request.trace
        if trace is None or not trace.sampled or request.caller is None:
            return None
        epoch = time.time_ns() - time.perf_counter_ns()
        span = self._tracer.start_span(
            f"{request.method} {request.operation}",
            _parent(trace),
            SpanKind.SERVER,
            _attributes(request),
            start_time=epoch + request.began,
        )
        if request.code >= 500:
            span.set_status(Status(StatusCode.ERROR, request.reason))
        inside = set_span_in_context(span)
        for phase in request.phases:
            child = self._tracer.start_span(phase.name, inside, start_time=epoch + phase.began)
            if phase.failed:
                child.set_status(Status(StatusCode.ERROR))
            child.end(epoch + phase.ended)
        span.end(epoch + request.ended)
        return format_span_id(span.get_span_context().span_id)


def _parent(trace: Trace) -> Context:
    context = SpanContext(
        int(trace.trace_id, 16), int(trace.span_id, 16), is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )  # fmt: skip
    return set_span_in_context(NonRecordingSpan(context))


def _attributes(request: Request) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "http.request.method": request.method,
        "http.response.status_code": request.code,
        "landfall.outcome": request.outcome,
        "landfall.caller": request.caller or "",
    }
    if request.reason:
        attributes["error.type"] = request.reason
    if request.message is not None:
        attributes["aws.s3.bucket"] = request.message.bucket
        attributes["aws.s3.key"] = request.message.key
    if request.landed is not None:
        attributes["landfall.object.name"] = request.landed.name
        attributes["landfall.object.generation"] = str(request.landed.generation)
        attributes["landfall.object.size"] = request.landed.size
    return attributes
