"""What requests did, counted with OpenTelemetry.

The names are Prometheus' own, so that they are the same at `/metrics` and in Google Cloud.
https://prometheus.io/docs/practices/naming/
"""

from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from transfer.admission import Admission
from transfer.watching import Request

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_FROM_THE_START = (
    ("landed", ""),
    ("already-landed", ""),
    ("superseded", ""),
    ("failed", "MISCONFIGURED"),
    ("failed", "INTERNAL"),
    ("failed", "SOURCE_CORRUPT"),
    ("failed", "OVERLOADED"),
    ("refused", "API_KEY_MISSING"),
    ("refused", "API_KEY_INVALID"),
)


class Metrics:
    """The instruments. What alerts ask for is there from the start, as 0."""

    def __init__(self, meter: Meter, admission: Admission) -> None:
        self._requests = meter.create_counter(
            "landfall_requests_total", description="Requests answered, but for health"
        )
        self._duration = meter.create_histogram(
            "landfall_request_duration_seconds", "s", "From a request's arrival to its answer",
            explicit_bucket_boundaries_advisory=SECONDS,
        )  # fmt: skip
        self._bytes = meter.create_counter(
            "landfall_landed_bytes_total", "By", "Bytes of the objects that were landed"
        )
        self._lag = meter.create_histogram(
            "landfall_lag_seconds", "s", "From the event of S3 to the landing",
            explicit_bucket_boundaries_advisory=SECONDS,
        )  # fmt: skip
        self._unannounced = meter.create_counter(
            "landfall_unannounced_total",
            description="Requests that left a landed object without a sure announcement",
        )
        self._in_time = meter.create_counter(
            "landfall_slo_messages_total",
            description="Messages by verdict: landed and announced within 60 s + size / 10 MB/s?",
        )
        meter.create_observable_gauge(
            "landfall_transfers_in_flight", [_observe(lambda: admission.transfers)],
            description="Transfers that run now",
        )  # fmt: skip
        meter.create_observable_gauge(
            "landfall_transfers_limit", [_observe(lambda: admission.max_transfers)],
            description="MAX_TRANSFERS: more at once are answered OVERLOADED",
        )  # fmt: skip
        self._begin_with_zero()

    def count(self, request: Request) -> None:
        operation, outcome = request.operation, request.outcome
        self._requests.add(
            1, {"operation": operation, "outcome": outcome, "reason": request.reason}
        )
        self._duration.record(request.seconds, {"operation": operation, "outcome": outcome})
        if outcome == "landed":
            self._bytes.add(request.bytes)
            if request.lag is not None:
                self._lag.record(request.lag)
        if request.unannounced:
            self._unannounced.add(1)
        if request.in_time is not None:
            self._in_time.add(1, {"verdict": "good" if request.in_time else "bad"})

    def _begin_with_zero(self) -> None:
        """Or the first of a kind would not count as a rise."""
        for outcome, reason in _FROM_THE_START:
            self._requests.add(
                0, {"operation": "processMessage", "outcome": outcome, "reason": reason}
            )
        self._bytes.add(0)
        self._unannounced.add(0)
        for verdict in ("good", "bad"):
            self._in_time.add(0, {"verdict": verdict})


def _observe(number: Callable[[], int]) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: [Observation(number())]
