"""Which trace a request belongs to. Anybody can claim anything here: it is only shown.

https://www.w3.org/TR/trace-context/#traceparent-header
https://cloud.google.com/trace/docs/trace-context#http-requests
"""

import re

from transfer.watching import Trace

_W3C = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_GOOGLE = re.compile(r"([0-9a-fA-F]{32})/([0-9]{1,20})(?:;o=([0-9]))?")


def trace_of(traceparent: str, cloud_trace_context: str) -> Trace | None:
    """Return what the header `traceparent` says, or else `X-Cloud-Trace-Context`.

    None if neither names a trace and a span in it.
    """
    found = _W3C.fullmatch(traceparent)
    if found is not None:
        return _valid(found[1], found[2], sampled=int(found[3], 16) & 1 == 1)
    found = _GOOGLE.fullmatch(cloud_trace_context)
    if found is None or int(found[2]) >= 2**64:
        return None
    return _valid(found[1].lower(), f"{int(found[2]):016x}", sampled=found[3] == "1")


def _valid(trace_id: str, span_id: str, *, sampled: bool) -> Trace | None:
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return Trace(trace_id, span_id, sampled)
