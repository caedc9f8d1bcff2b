"""The runbook knows every answer, and its costs are what they are said to be."""

import re
from pathlib import Path

from handlers.errors import TABLE

DOCS = Path(__file__).parents[2] / "docs"
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
