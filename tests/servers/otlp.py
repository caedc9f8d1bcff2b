"""A receiver of OTLP over HTTP, as a collector or Google Cloud is one. It keeps what it is sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Receiver:
    """Where telemetry arrives."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.bodies: list[tuple[str, bytes]] = []
        self.authorizations: set[str | None] = set()
        self.arrived = threading.Condition()

    def spans(self) -> list[Span]:
        found = [ExportTraceServiceRequest.FromString(b) for p, b in self.bodies if "trace" in p]
        return [
            span
            for request in found
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def metrics(self) -> dict[str, set[str]]:
        """The names of the metrics that each instance sent."""
        names: dict[str, set[str]] = {}
        for path, body in self.bodies:
            if "metrics" not in path:
                continue
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                told = {a.key: a.value.string_value for a in resource.resource.attributes}
                mine = names.setdefault(told["service.instance.id"], set())
                mine |= {m.name for scope in resource.scope_metrics for m in scope.metrics}
        return names


@contextmanager
def otlp_receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.arrived:
                receiver.bodies.append((self.path, body))
                receiver.authorizations.add(self.headers["Authorization"])
                receiver.arrived.notify_all()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
