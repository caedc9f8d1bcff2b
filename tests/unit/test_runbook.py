"""The runbook knows every answer, and its costs are what they are said to be."""

import re
from pathlib import Path
from typing import Any

import yaml

from handlers.errors import TABLE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
APP: dict[str, Any] = yaml.safe_load((ROOT / "app.yaml").read_text("utf-8"))
HOURS = 730
"""Of a month, as the clouds count it."""
ROUNDING = 0.0051
_PRODUCT = re.compile(r"([\d,.]+) \u00d7 ([\d.]+) = ([\d,.]+)")


def number(text: str) -> float:
    return float(text.replace(",", ""))


def tables(text: str) -> list[list[list[str]]]:
    """The cells of each table, row by row."""
    found = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [[row.strip("|").split("|") for row in table.splitlines()] for table in found]


def test_the_runbook_tells_what_to_do_about_every_reason() -> None:
    [reasons] = [
        table
        for table in tables((DOCS / "operations.md").read_text("utf-8"))
        if table[0][0].strip() == "reason"
    ]

    told = [reason for row in reasons for reason in re.findall(r"`([A-Z_]+)`", row[0])]

    assert sorted(told) == sorted(TABLE)


def test_the_sums_of_the_costs_are_right() -> None:
    sums = 0
    for table in tables((DOCS / "costs.md").read_text("utf-8")):
        columns = list(zip(*table[2:], strict=True))
        for *cells, last in columns:
            products = [found for cell in cells for found in _PRODUCT.findall(cell)]
            for amount, price, dollars in products:
                assert abs(number(amount) * number(price) - number(dollars)) < ROUNDING
            if products:
                total = sum(number(c) for _, _, c in products)
                assert f"**{total:,.2f}**" == last.strip()
                sums += 1

    assert sums == 4


def test_the_runbook_and_the_costs_count_the_instances_of_app_yaml() -> None:
    scaling, machine = APP["automatic_scaling"], APP["resources"]
    least, most = scaling["min_num_instances"], scaling["max_num_instances"]
    target = scaling["cpu_utilization"]["target_utilization"]
    amounts = {
        "vCPU": HOURS * least * machine["cpu"],
        "memory": int(HOURS * least * machine["memory_gb"]),
        "disk": least * machine["disk_size_gb"],
    }

    operations = (DOCS / "operations.md").read_text("utf-8")
    costs = (DOCS / "costs.md").read_text("utf-8").partition("## Each month")[2]

    assert f"| {least} to {most}, by CPU over {target:.0%}".replace("%", " %") in operations
    for what, amount in amounts.items():
        [row] = re.findall(rf"\| App Engine, {what}\b.*", costs)
        assert f"| {amount:,} \u00d7" in row
