"""Metrics and spans by OTLP over HTTP, sent now and then from a thread.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import logging

import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Tracer

EXPORT_SECONDS = 5.0
"""Of one export, also of the last one when the process ends."""

# At WARNING it writes down what it cannot read of OTEL_EXPORTER_OTLP_HEADERS: often a key. That
# the receiver then refuses what is sent is logged all the same.
logging.getLogger("opentelemetry.util.re").setLevel(logging.ERROR)


def export_metrics(endpoint: str, session: requests.Session | None) -> MetricReader:
    exporter = OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=EXPORT_SECONDS, session=session)
    return PeriodicExportingMetricReader(exporter)


def export_spans(endpoint: str, session: requests.Session | None, where: Resource) -> Tracer:
    """Return a tracer whose every span is sent: who asks for one has decided that already."""
    exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=EXPORT_SECONDS, session=session)
    provider = TracerProvider(ALWAYS_ON, where)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider.get_tracer("landfall")
