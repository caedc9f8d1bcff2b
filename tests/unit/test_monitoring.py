"""The dashboard and the alerts: what Cloud Monitoring takes, about metrics that there are."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from google.cloud.monitoring_dashboard_v1 import Dashboard
from google.cloud.monitoring_v3 import AlertPolicy
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry
from promql_parser import MatchOp, VectorSelector

from adapters.telemetry_metrics import Metrics
from handlers.errors import TABLE
from handlers.spec import read_operations
from tests.unit.transfer.test_watching import answered
from transfer.admission import Admission

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "dashboard.json"
ALERTS = sorted((ROOT / "deploy" / "alerts").glob("*.json"))
OUTCOMES = {"landed", "already-landed", "superseded", "done", "refused", "failed"}
OF_PUBSUB = {
    "pubsub.googleapis.com/subscription/num_undelivered_messages",
    "pubsub.googleapis.com/subscription/oldest_unacked_message_age",
    "pubsub.googleapis.com/subscription/dead_letter_message_count",
}
"""https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-pubsub"""


def strings_of(value: object, *names: str) -> Iterator[str]:
    """Every string that stands under one of these names, however deep."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in names and isinstance(each, str):
                yield each
            yield from strings_of(each, *names)
    elif isinstance(value, list):
        for each in value:
            yield from strings_of(each, *names)


def read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


def selectors_of(file: Path) -> list[VectorSelector]:
    found: list[VectorSelector] = []

    def visit(node: object) -> None:
        if isinstance(node, VectorSelector):
            found.append(node)

    for query in strings_of(read(file), "query", "prometheusQuery"):
        promql_parser.walk(promql_parser.parse(query), visit)
    return found


def new_metrics() -> tuple[Metrics, CollectorRegistry]:
    registry = CollectorRegistry()
    reader = PrometheusMetricReader(
        disable_target_info=True, scope_info_enabled=False, registry=registry
    )
    return Metrics(MeterProvider([reader]).get_meter("test"), Admission(1)), registry


@cache
def exported() -> Mapping[str | None, set[str]]:
    """The labels of each sample that the code shows to Prometheus, by name."""
    metrics, registry = new_metrics()
    metrics.count(answered("landed", after=1))
    labels: dict[str | None, set[str]] = {}
    for family in registry.collect():
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


def test_the_dashboard_is_one_of_cloud_monitoring() -> None:
    dashboard = Dashboard.from_json(DASHBOARD.read_text("utf-8"))

    assert dashboard.display_name == "Landfall"
    assert len(dashboard.mosaic_layout.tiles) == 12
    assert all(tile.widget.xy_chart.data_sets for tile in dashboard.mosaic_layout.tiles)


def test_no_tile_lies_on_another() -> None:
    layout = read(DASHBOARD)["mosaicLayout"]
    taken: set[tuple[int, int]] = set()
    for tile in layout["tiles"]:
        left, top = tile.get("xPos", 0), tile.get("yPos", 0)
        assert left + tile["width"] <= layout["columns"]
        cells = {(left + x, top + y) for x in range(tile["width"]) for y in range(tile["height"])}
        assert not taken & cells
        taken |= cells


@pytest.mark.parametrize("file", ALERTS, ids=lambda file: file.stem)
def test_an_alert_is_a_policy_that_names_its_part_of_the_runbook(file: Path) -> None:
    policy = AlertPolicy.from_json(file.read_text("utf-8"))
    runbook = (ROOT / "docs" / "operations.md").read_text("utf-8")

    assert policy.conditions
    assert policy.severity in (AlertPolicy.Severity.CRITICAL, AlertPolicy.Severity.WARNING)
    anchors = re.findall(r"docs/operations\.md#([a-z-]+)", policy.documentation.content)
    assert anchors == [file.stem]
    assert f"### {file.stem}\n" in runbook


def test_the_runbook_has_no_alert_that_is_not_there() -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text("utf-8")
    section = runbook.partition("\n## Alerts\n")[2].partition("\n## ")[0]

    assert set(re.findall(r"^### ([a-z-]+)$", section, re.M)) == {file.stem for file in ALERTS}


@pytest.mark.parametrize("file", [DASHBOARD, *ALERTS], ids=lambda file: file.stem)
def test_every_query_asks_for_what_the_code_exports(file: Path) -> None:
    operations = {operation.id for operation in read_operations(ROOT / "openapi.yaml")}
    values = {
        "outcome": OUTCOMES,
        "reason": {*TABLE, ""},
        "operation": operations,
        "verdict": {"good", "bad"},
    }
    for selector in selectors_of(file):
        assert selector.name in exported()
        for matcher in selector.matchers.matchers:
            assert matcher.name in exported()[selector.name]
            regex = matcher.op in (MatchOp.Re, MatchOp.NotRe)
            wanted = matcher.value.split("|") if regex else [matcher.value]
            assert set(wanted) <= values[matcher.name]


@pytest.mark.parametrize("file", [DASHBOARD, *ALERTS], ids=lambda file: file.stem)
def test_what_is_grouped_by_is_a_label(file: Path) -> None:
    labels = set.union(*exported().values())
    for query in strings_of(read(file), "query", "prometheusQuery"):
        for group in re.findall(r"by \(([a-z, ]+)\)", query):
            assert set(group.split(", ")) <= labels


def test_what_is_asked_of_pub_sub_is_a_metric_of_it() -> None:
    filters = [f for file in (DASHBOARD, *ALERTS) for f in strings_of(read(file), "filter")]
    asked = {re.findall(r'metric\.type="([^"]+)"', each)[0] for each in filters}

    assert asked == OF_PUBSUB


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    shown = {selector.name for selector in selectors_of(DASHBOARD)}
    suffixes = re.compile(r"_(bucket|count|sum)$")

    ours = {suffixes.sub("", name or "") for name in exported()}
    assert {suffixes.sub("", name or "") for name in shown} == ours


def test_the_reasons_that_alert_are_counted_from_0_on() -> None:
    """The first sample of a series is no rise: an alert would miss the first failure."""
    _, registry = new_metrics()
    there = {
        sample.labels["reason"]
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "landfall_requests_total"
    }

    asked = {
        reason
        for file in ALERTS
        for selector in selectors_of(file)
        for matcher in selector.matchers.matchers
        if matcher.name == "reason" and matcher.op in (MatchOp.Re, MatchOp.Equal)
        for reason in matcher.value.split("|")
    }
    assert len(asked) > 3
    assert asked <= there
