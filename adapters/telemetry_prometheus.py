"""`/metrics` in Prometheus' format, on loopback.

Each worker process counts for itself, so each has a port of its own: Prometheus scrapes them all,
and adds up. https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import logging

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import MetricReader
from prometheus_client import CollectorRegistry, start_http_server

_HOST = "127.0.0.1"
_log = logging.getLogger("landfall.telemetry")


def serve_metrics(first_port: int, workers: int) -> MetricReader:
    """Serve at the first free port from `first_port` on; twice as many as there are workers are
    tried, because old and new ones overlap when gunicorn reloads.
    """
    registry = CollectorRegistry()
    for port in range(first_port, first_port + 2 * workers):
        try:
            start_http_server(port, _HOST, registry)
        except OSError:  # another worker has it
            continue
        _log.info("Metrics of this worker: http://%s:%d/metrics", _HOST, port)
        break
    else:
        _log.error("No port from METRICS_PORT on is free: this worker shows no metrics.")
    return PrometheusMetricReader(
        disable_target_info=True, scope_info_enabled=False, registry=registry
    )
