"""Metrics and traces through OpenTelemetry: imported only if a setting asks for them."""

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.metrics import Meter, NoOpMeter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource

from adapters.telemetry_metrics import Metrics
from adapters.telemetry_traces import Traces
from transfer.admission import Admission
from transfer.errors import Misconfigured
from transfer.watching import Request

if TYPE_CHECKING:
    import requests

GOOGLE = "telemetry.googleapis.com"
_log = logging.getLogger("landfall.telemetry")


@dataclass(frozen=True)
class Telemetry:
    """Watches requests. Exports run on threads of their own, in each worker."""

    metrics: Metrics
    traces: Traces | None = None

    def answered(self, request: Request) -> str | None:
        self.metrics.count(request)
        return self.traces.show(request) if self.traces else None


def start_telemetry(
    admission: Admission,
    otlp_endpoint: str | None,
    metrics_port: int | None,
    workers: int,
    project: str | None,
) -> Telemetry:
    """Begin to export. What does not work is logged: it keeps no message from landing.

    To `otlp_endpoint` all goes by OTLP; at `GOOGLE` is Google Cloud, which wants to know who sends.
    At `metrics_port` Prometheus finds the metrics.
    """
    where = _process()
    readers: list[MetricReader] = []
    traces = None
    if metrics_port is not None:
        from adapters.telemetry_prometheus import serve_metrics

        readers.append(serve_metrics(metrics_port, workers))
    if otlp_endpoint is not None:
        with _optional():
            from adapters.telemetry_otlp import export_metrics, export_spans

            session, where = _sender(otlp_endpoint, where, project)
            readers.append(export_metrics(otlp_endpoint, session))
            traces = Traces(export_spans(otlp_endpoint, session, where))
    return Telemetry(Metrics(_meter(readers, where), admission), traces)


def _meter(readers: Sequence[MetricReader], where: Resource) -> Meter:
    """Return one that counts for nobody if OpenTelemetry does not take its settings."""
    meter: Meter = NoOpMeter("landfall")
    with _optional(), ExitStack() as complaining:
        for reader in readers:
            complaining.callback(reader.shutdown)  # or each would, for ever
        meter = MeterProvider(readers, where).get_meter("landfall")
        complaining.pop_all()
    return meter


@contextmanager
def _optional() -> Iterator[None]:
    """Log what keeps this from working."""
    try:
        yield
    except Misconfigured as error:
        _log.error("Nothing is sent to OTEL_EXPORTER_OTLP_ENDPOINT: %s", error)
    except Exception as error:  # noqa: BLE001 - OpenTelemetry's; its text may hold a value
        _log.error(
            "Metrics or traces are missing, for OpenTelemetry does not take its settings (%s): "
            "correct or unset OTEL_BSP_*, OTEL_METRIC_EXPORT_*, OTEL_SPAN_* and whatever else of "
            "OTEL_* is in the environment.", type(error).__name__,
        )  # fmt: skip


def _process() -> Resource:
    """Each worker is an instance of its own: their counters must not be mixed."""
    machine = os.environ.get("GAE_INSTANCE") or socket.gethostname()
    return Resource.create(
        {"service.name": "landfall", "service.instance.id": f"{machine}-{os.getpid()}"}
    )


def _sender(
    endpoint: str, where: Resource, project: str | None
) -> tuple["requests.Session | None", Resource]:
    """Raise Misconfigured if Google Cloud is to be sent to, and nobody is there to do it, or in
    the clear: each request carries the account's token.
    """
    receiver = urlsplit(endpoint)
    if receiver.hostname != GOOGLE:
        return None, where
    if receiver.scheme != "https":
        raise Misconfigured(f"Google Cloud takes telemetry over TLS only: write https://{GOOGLE}.")
    from adapters.telemetry_google import find_account, new_session, place

    credentials, own_project = find_account()
    return new_session(credentials), where.merge(Resource(dict(place(project or own_project))))
