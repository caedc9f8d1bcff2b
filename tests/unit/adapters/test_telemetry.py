"""What is counted, who sends it, and what happens when nobody takes it."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.oauth2.credentials import Credentials
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from adapters.telemetry import start_telemetry
from adapters.telemetry_google import new_session, place
from adapters.telemetry_metrics import Metrics
from adapters.telemetry_otlp import export_metrics
from adapters.telemetry_prometheus import serve_metrics
from tests.fakes import message_for
from tests.servers.otlp import otlp_receiver
from tests.servers.ports import free_port
from tests.servers.raw import RawServer, answer
from transfer.admission import Admission
from transfer.phases import Phase
from transfer.watching import Request

ROOT = Path(__file__).parents[3]


def values_of(reader: InMemoryMetricReader, name: str) -> Mapping[str, float]:
    """The value of each series of a metric, by its labels' values."""
    data = reader.get_metrics_data()
    assert data is not None
    return {
        ",".join(str(value) for value in (point.attributes or {}).values()): point.value
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
        if metric.name == name and isinstance(point, NumberDataPoint)
    }


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


def test_what_alerts_ask_for_is_there_before_the_first_message(
    reader: InMemoryMetricReader,
) -> None:
    Metrics(MeterProvider([reader]).get_meter("test"), Admission(7))

    assert values_of(reader, "landfall_unannounced_total") == {"": 0}
    assert values_of(reader, "landfall_slo_messages_total") == {"good": 0, "bad": 0}
    assert values_of(reader, "landfall_transfers_limit") == {"": 7}


def test_transfers_in_flight_are_those_that_run(reader: InMemoryMetricReader) -> None:
    admission = Admission(7)
    Metrics(MeterProvider([reader]).get_meter("test"), admission)

    with admission.transfer("lambda"), admission.transfer("lambda"):
        assert values_of(reader, "landfall_transfers_in_flight") == {"": 2}
    assert values_of(reader, "landfall_transfers_in_flight") == {"": 0}


def test_a_landing_that_nobody_may_have_heard_of_is_counted(reader: InMemoryMetricReader) -> None:
    metrics = Metrics(MeterProvider([reader]).get_meter("test"), Admission(7))
    long_ago = datetime.now(UTC) - timedelta(days=1)

    metrics.count(
        Request(
            "POST",
            "/processmessage",
            0,
            operation="processMessage",
            message=message_for(b"x", event_time=long_ago),
            phases=[Phase("publish", 1, 2, failed=True)],
            outcome="failed",
            reason="NOTIFY_UNAVAILABLE",
            answered_at=datetime.now(UTC).timestamp(),
        )
    )

    requests = values_of(reader, "landfall_requests_total")
    assert requests["processMessage,failed,NOTIFY_UNAVAILABLE"] == 1
    assert values_of(reader, "landfall_unannounced_total") == {"": 1}
    assert values_of(reader, "landfall_slo_messages_total")["bad"] == 1


def test_google_is_told_the_zone_that_its_metadata_server_knows() -> None:
    with RawServer([answer(b"projects/42/zones/europe-west1-b")]) as metadata:
        found = place("my-project", f"127.0.0.1:{metadata.port}")

        assert metadata.headers["metadata-flavor"] == "Google"
    expected = {"gcp.project_id": "my-project", "cloud.availability_zone": "europe-west1-b"}
    assert found == expected


def test_a_zone_that_nobody_knows_is_left_out() -> None:
    assert place("my-project", f"127.0.0.1:{free_port()}") == {"gcp.project_id": "my-project"}


def test_google_is_sent_the_accounts_token() -> None:
    with otlp_receiver() as receiver:
        session = new_session(Credentials(token="canary-token"))
        session.post(f"{receiver.url}/v1/traces", data=b"", timeout=10)

    assert receiver.authorizations == {"Bearer canary-token"}


ANSWERING = (
    "import logging, os, sys\n"
    "from adapters.telemetry import start_telemetry\n"
    "from transfer.admission import Admission\n"
    "from transfer.watching import Request\n"
    "logging.basicConfig(stream=sys.stdout)\n"
    "telemetry = start_telemetry(Admission(7), sys.argv[1], None, 1, None)\n"
    "print(telemetry.answered(Request('POST', '/', 0)), flush=True)\n"
    "os._exit(0)  # without the seconds of a last try"
)


def test_a_receiver_that_is_not_there_keeps_nothing_from_running() -> None:
    assert printed_by(ANSWERING, f"http://127.0.0.1:{free_port()}") == ["None"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5000"),  # more than the queue holds
        ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "canary"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "canary"),  # read while it is imported
    ],
)
def test_a_setting_that_opentelemetry_does_not_take_is_told_and_keeps_nothing_from_running(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    *told, answered = printed_by(ANSWERING, f"http://127.0.0.1:{free_port()}")

    assert answered == "None"
    assert {"OTEL_BSP_*,", "OTEL_METRIC_EXPORT_*,", "OTEL_SPAN_*"} <= set(told)
    assert not [word for word in told if "canary" in word]


def test_readers_that_nobody_reads_from_are_shut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_METRICS_EXEMPLAR_FILTER", "canary")
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "50")
    program = ANSWERING.replace("os._exit", "import time; time.sleep(0.5); os._exit")

    told = printed_by(program, f"http://127.0.0.1:{free_port()}")

    assert told.count("MetricReader") <= 1  # its last words; else ten complaints


def printed_by(program: str, *arguments: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ended.stdout.split()


def test_without_an_account_nothing_is_sent_to_google_and_the_log_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))

    telemetry = start_telemetry(Admission(7), "https://telemetry.googleapis.com", None, 1, None)

    assert telemetry.traces is None
    assert "run as a service account" in caplog.text


def test_the_accounts_token_is_never_sent_in_the_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    account = tmp_path / "account.json"
    account.write_text(
        '{"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}'
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))

    telemetry = start_telemetry(Admission(7), "http://telemetry.googleapis.com", None, 1, "p")

    assert telemetry.traces is None
    assert "write https://telemetry.googleapis.com" in caplog.text


@pytest.mark.parametrize("headers", ['api-key="canary"', "api-key: canary", "api-key=a,canary"])
def test_a_receivers_key_that_is_written_wrongly_is_not_in_the_log(
    headers: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", headers)
    with otlp_receiver() as receiver:
        reader = export_metrics(receiver.url, None)
        reader.shutdown()

    assert "canary" not in caplog.text


def test_a_worker_without_a_free_port_works_on_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with neighbours() as port:
        reader = serve_metrics(port, workers=1)

    assert "No port from METRICS_PORT on is free" in caplog.text
    reader.shutdown()


@contextmanager
def neighbours() -> Iterator[int]:
    """Take two ports, one after the other, and give the first."""
    while True:
        port = free_port()
        with ExitStack() as taken:
            try:
                for each in (port, port + 1):
                    taken.enter_context(socket.create_server(("127.0.0.1", each)))
            except OSError:
                continue
            yield port
            return


def test_nothing_of_it_is_imported_unless_a_setting_asks_for_it(tmp_path: Path) -> None:
    program = (
        "import sys, main\n"
        "main.start({'API_KEYS': '[{\"name\": \"a\", \"sha256\": \"' + 64 * 'a' + '\"}]',\n"
        "            'SOURCE_BUCKETS': '*', 'LANDING_BUCKET': sys.argv[1],\n"
        "            'NOTIFICATION_TOPIC': sys.argv[2]})\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )

    loaded = set(
        printed_by(program, f"file:{tmp_path}/bucket", f"sqlite:{tmp_path}/notifications.db")
    )

    assert "flask" in loaded
    assert not loaded & {"opentelemetry", "prometheus_client"}
