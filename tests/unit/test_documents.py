"""What is written beside the code agrees with it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from handlers.errors import TABLE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def yaml_file(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_the_readme_lists_the_settings_that_are_read() -> None:
    code = (ROOT / "settings.py").read_text("utf-8")
    read = set(re.findall(r'"([A-Z][A-Z0-9_]{3,})"', code)) - {
        "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL",
    }  # fmt: skip

    cells = [line.split("|")[1] for line in section("Settings").splitlines() if line[:2] == "| "]
    listed = {name for cell in cells for name in re.findall(r"`([A-Z0-9_]+)`", cell)}

    assert listed == read


def test_the_readme_lists_the_reasons_with_their_status() -> None:
    listed = {}
    for line in section("Answers").splitlines():
        cells = line.split("|")
        if len(cells) > 2 and re.match(r" \d", cells[1]):
            for reason in re.findall(r"`([A-Z_]{5,})`", cells[2]):
                listed[reason] = {int(code) for code in re.findall(r"\d{3}", cells[1])}

    assert set(listed) == set(TABLE)
    assert all(TABLE[reason][0] in codes for reason, codes in listed.items())


def test_the_deployment_sets_only_what_the_readme_lists() -> None:
    app = yaml_file("app.yaml")

    assert app["env_variables"].keys() <= set(re.findall(r"`([A-Z0-9_]+)`", section("Settings")))


def test_every_pinned_package_has_a_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-appengine.txt"):
        pins = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text("utf-8").strip())
        assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)


def test_the_black_box_imports_nothing_of_ours() -> None:
    """Told by a fresh interpreter, which is asked what it has loaded."""
    program = (
        "import importlib, pkgutil, sys, tests.system\n"
        "for module in pkgutil.iter_modules(tests.system.__path__, 'tests.system.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    ours = {
        "main",
        "settings",
        "listening",
        "handlers",
        "transfer",
        "adapters",
        "diagnosis",
        "forwarder",
    }
    assert not ours & set(ended.stdout.split())
    assert "tests" in ended.stdout.split()
