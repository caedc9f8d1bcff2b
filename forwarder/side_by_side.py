"""Objects forwarded at the same time, because each only waits: for S3, and for Landfall."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from forwarder.events import S3Object
from forwarder.failures import NotForwarded, unexpected, where_raised
from forwarder.forwarding import Forwarder, Outcome
from forwarder.report import tell_failure, tell_outcome

LOG = logging.getLogger(__name__)

AT_ONCE = 10
# With less time than this left, an object is not begun.
LEAST_SECONDS = 3


@dataclass(frozen=True)
class Tried:
    """An object, and what became of it."""

    one: S3Object
    result: Outcome | NotForwarded
    seconds: float


def forward_all(
    forwarder: Forwarder, objects: Sequence[S3Object], seconds: float, request_id: str | None
) -> list[Tried]:
    """Forward all, in at most this many seconds, and return them in their order.

    No failure stops the others. What is not done in time has failed.
    """
    ends = time.monotonic() + seconds
    pool = ThreadPoolExecutor(AT_ONCE)
    futures = [pool.submit(_forward, forwarder, one, ends, request_id) for one in objects]
    wait(futures, timeout=max(seconds, 1))
    # Nothing waits for what hangs: its own timeouts end it, and its message comes again.
    pool.shutdown(wait=False, cancel_futures=True)
    return [
        _ended(one, future, seconds, request_id)
        for one, future in zip(objects, futures, strict=True)
    ]


def _forward(forwarder: Forwarder, one: S3Object, ends: float, request_id: str | None) -> Tried:
    began = time.monotonic()
    result = _result(forwarder, one, ends - began)
    seconds = time.monotonic() - began
    if isinstance(result, Outcome):
        tell_outcome(one, result, seconds, request_id)
    else:
        tell_failure(one, result, request_id)
    return Tried(one, result, seconds)


def _result(forwarder: Forwarder, one: S3Object, seconds: float) -> Outcome | NotForwarded:
    if seconds < LEAST_SECONDS:
        return _no_time("begin")
    try:
        return forwarder.forward(one, seconds)
    except NotForwarded as failure:
        return failure
    except Exception as error:  # noqa: BLE001 - no failure may stop the others
        LOG.error("%s", where_raised(error))
        return NotForwarded("UNEXPECTED", unexpected(error))


def _ended(one: S3Object, future: Future[Tried], seconds: float, request_id: str | None) -> Tried:
    if future.done() and not future.cancelled():
        return future.result()
    failure = _no_time("end")
    tell_failure(one, failure, request_id)
    return Tried(one, failure, seconds)


def _no_time(what: str) -> NotForwarded:
    return NotForwarded(
        "NO_TIME",
        f"no time left in this invocation to {what}: if it happens often, raise the timeout of "
        "the function or lower its batch size",
    )
