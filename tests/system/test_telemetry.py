"""A running service is watched from outside: its log, its traces, its numbers."""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.servers.otlp import Receiver, otlp_receiver
from tests.servers.ports import free_port
from tests.servers.raw import RawServer, answer
from tests.system.backends import Embedded
from tests.system.service import START_SECONDS, Service, environment_for

WORKERS = 2
MESSAGES = 12
TRACE = "105445aa7843bc8bf206b12000100000"
PARENT = "00f067aa0ba902b7"
NO_KEY = b"<Error><Code>NoSuchKey</Code></Error>"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE[::-1]}-{PARENT}-00"
SIGNATURE = hashlib.sha256(b"canary of the telemetry").hexdigest()
QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIACANARY0000000000%2F20260811%2Feu-west-2"
    "%2Fs3%2Faws4_request&X-Amz-Date=20260811T093015Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
    f"&X-Amz-Signature={SIGNATURE}"
)
BODY = 1000 * b"heron"
ETAG = f'"{hashlib.md5(BODY).hexdigest()}"'
STEPS = ["check", "stat", "get", "create", "stream", "verify", "finish", "publish", "mark"]
METRICS = {
    "landfall_requests_total",
    "landfall_request_duration_seconds",
    "landfall_landed_bytes_total",
    "landfall_lag_seconds",
    "landfall_unannounced_total",
    "landfall_slo_messages_total",
    "landfall_transfers_in_flight",
    "landfall_transfers_limit",
}


@dataclass
class Watched:
    """What came out of a service that had some messages and was ended."""

    receiver: Receiver
    service: Service
    pages: list[str]
    """`/metrics` of each worker."""

    def line(self, key: str) -> dict[str, Any]:
        lines = self.service.requests()
        (line,) = [each for each in lines if each.get("source", {}).get("key") == key]
        return line

    def total(self, name: str, **labels: str) -> float:
        """The sum over all workers, as Prometheus makes it."""
        found = (re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", page, re.M) for page in self.pages)
        return sum(
            float(value)
            for told, value in (sample for samples in found for sample in samples)
            if all(f'{label}="{wanted}"' in told for label, wanted in labels.items())
        )


def send(service: Service, origin: str, key: str, trace: str) -> int:
    url = f"{origin}/pictures/{key}?{QUERY}"
    fields = {"Bucket": "pictures", "ObjectKey": key, "ETag": ETAG, "PresignedUrl": url}
    fields["EventTime"] = "2026-03-14T09:26:53.589Z"
    body = json.dumps({"inputMessage": fields}).encode()
    return service.send(body, headers={"traceparent": trace})[0]


def pages_from(first_port: int) -> list[str]:
    """What the workers show; a service is ready as soon as one of them is, so wait for all."""
    deadline = time.monotonic() + START_SECONDS
    while len(pages := _pages(first_port)) < WORKERS and time.monotonic() < deadline:
        time.sleep(0.1)
    return pages


def _pages(first_port: int) -> list[str]:
    pages = []
    for port in range(first_port, first_port + 2 * WORKERS):
        try:
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
                pages.append(page.read().decode())
        except URLError:
            continue
    return pages


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder: Path = tmp_path_factory.mktemp("watched")
    port = free_port()
    with (
        otlp_receiver() as receiver,
        RawServer([answer(BODY, ETag=ETAG)]) as good,
        RawServer([answer(NO_KEY, "404 Not Found")]) as empty,
    ):
        environment = environment_for(
            Embedded(folder),
            S3_ENDPOINTS=f"{good.origin},{empty.origin}",
            WEB_CONCURRENCY=str(WORKERS),
            LOG_LEVEL="DEBUG",
            GOOGLE_CLOUD_PROJECT="my-project",
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            METRICS_PORT=str(port),
        )
        service = Service(folder, environment)
        service.start()
        try:
            pages_from(port)
            assert send(service, good.origin, "sampled", SAMPLED) == 200
            assert send(service, empty.origin, "gone", SAMPLED) == 410
            assert send(service, good.origin, "unsampled", UNSAMPLED) == 200
            assert send(service, good.origin, "unsampled", UNSAMPLED) == 200
            keys = [f"more-{number}" for number in range(MESSAGES - 4)]
            with ThreadPoolExecutor(8) as pool:
                asked = (pool.submit(send, service, good.origin, k, UNSAMPLED) for k in keys)
                assert {each.result() for each in list(asked)} == {200}
            service.send(b"{}", key="wrong", headers={"traceparent": SAMPLED})
            pages = pages_from(port)
        finally:
            service.end()  # what is not sent yet is sent now
        yield Watched(receiver, service, pages)


def test_the_trace_of_a_request_shows_its_phases(watched: Watched) -> None:
    spans = watched.receiver.spans()
    (request,) = [span for span in spans if _attribute(span, "aws.s3.key") == "sampled"]
    phases = [span for span in spans if span.parent_span_id == request.span_id]

    assert (request.name, request.kind) == ("POST processMessage", request.SPAN_KIND_SERVER)
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
    assert [phase.name for phase in phases] == STEPS
    assert {phase.trace_id.hex() for phase in phases} == {TRACE}
    times = [time for p in phases for time in (p.start_time_unix_nano, p.end_time_unix_nano)]
    whole = [request.start_time_unix_nano, *times, request.end_time_unix_nano]
    assert whole == sorted(whole)


def test_a_phase_that_failed_is_shown_as_such(watched: Watched) -> None:
    spans = watched.receiver.spans()
    (request,) = [span for span in spans if _attribute(span, "aws.s3.key") == "gone"]

    assert _attribute(request, "error.type") == "SOURCE_GONE"
    failed = [span.name for span in spans
              if span.parent_span_id == request.span_id and span.status.code]  # fmt: skip
    assert failed == ["get"]


def test_only_what_the_sender_samples_is_traced_and_no_stranger_can(watched: Watched) -> None:
    requests = [span for span in watched.receiver.spans() if span.kind == span.SPAN_KIND_SERVER]

    assert {_attribute(span, "aws.s3.key") for span in requests} == {"sampled", "gone"}
    assert {span.trace_id.hex() for span in watched.receiver.spans()} == {TRACE}


def test_the_line_in_the_log_leads_to_the_span(watched: Watched) -> None:
    (span,) = [s for s in watched.receiver.spans() if _attribute(s, "aws.s3.key") == "sampled"]
    line = watched.line("sampled")

    name = f"projects/my-project/traces/{TRACE}"
    assert line["logging.googleapis.com/trace"] == name
    assert line["logging.googleapis.com/spanId"] == span.span_id.hex()
    assert line["logging.googleapis.com/trace_sampled"] is True
    assert line["severity"] == "INFO"
    assert list(line["phases"]) == STEPS
    assert line["lagMs"] > 0


def test_every_line_is_one_of_cloud_logging_gunicorns_own_too(watched: Watched) -> None:
    lines = [json.loads(line) for line in watched.service.log.read_text().splitlines()]

    assert all({"severity", "message", "time"} <= line.keys() for line in lines)
    assert {line["logger"] for line in lines} >= {"gunicorn.error", "landfall.requests"}


def test_each_worker_has_a_page_of_its_own_and_together_they_count_all(watched: Watched) -> None:
    landed = MESSAGES - 2  # one repeat, one that is gone
    count = "landfall_requests_total"

    assert len(watched.pages) == WORKERS
    assert watched.total(count, operation="processMessage", outcome="landed") == landed
    assert watched.total(count, outcome="already-landed") == 1
    assert watched.total(count, outcome="refused", reason="SOURCE_GONE") == 1
    assert watched.total(count, outcome="refused", reason="API_KEY_INVALID") == 1
    assert watched.total(count) == MESSAGES + 1
    assert watched.total("landfall_request_duration_seconds_count") == MESSAGES + 1
    assert watched.total("landfall_landed_bytes_total") == landed * len(BODY)
    assert watched.total("landfall_lag_seconds_count") == landed
    assert watched.total("landfall_slo_messages_total", verdict="bad") == landed  # a late event
    assert watched.total("landfall_unannounced_total") == 0
    assert watched.total("landfall_transfers_in_flight") == 0
    assert watched.total("landfall_transfers_limit") == WORKERS * 16


def test_each_worker_sends_the_same_metrics_to_a_collector(watched: Watched) -> None:
    sent = watched.receiver.metrics()

    assert len(sent) == WORKERS
    assert set.union(*sent.values()) == METRICS


def test_no_secret_is_in_the_telemetry(watched: Watched) -> None:
    written = b"".join(body for _, body in watched.receiver.bodies)
    written += "".join(watched.pages).encode() + watched.service.log.read_bytes()

    assert b"sampled" in written
    for secret in (SIGNATURE[:16], SIGNATURE[-16:], "AKIACANARY", "canary-api-key", "X-Amz-"):
        assert secret.encode() not in written


def _attribute(span: Any, name: str) -> str:
    return "".join(a.value.string_value for a in span.attributes if a.key == name)
