"""app.yaml is taken by Google's own loader, and says what the service and its spec say."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import SettingsInvalid, read_settings
from tests.missing import lack

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "app.yaml").read_text("utf-8")
APP: dict[str, Any] = yaml.safe_load(TEXT)
SPEC: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text("utf-8"))
SYSTEMS = {"ubuntu22": {"3.12", "3.13"}, "ubuntu24": {"3.14"}}
"""https://cloud.google.com/appengine/docs/flexible/lifecycle/support-schedule"""
# The loader calls every flexible runtime `vm`, and prefixes what is to be executed.
LOADER = """
import sys
from google.appengine.api import appinfo
try:
    app = appinfo.LoadSingleAppInfo(sys.stdin.read())
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
print(app.runtime, app.env, app.entrypoint, app.service_account, app.endpoints_api_service.name)
"""


def load(text: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, since the loader lies apart from all other packages."""
    folder = Path(sys.prefix, "appengine")
    if not folder.is_dir():
        lack(Exception("App Engine's loader is missing: `make .venv/done` installs it."))
    return subprocess.run(
        [sys.executable, "-c", LOADER],
        env={**os.environ, "PYTHONPATH": str(folder)},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def test_google_s_loader_takes_it_as_it_is_meant() -> None:
    loaded = load(TEXT)

    assert loaded.returncode == 0, loaded.stderr
    account, host = APP["service_account"], SPEC["host"]
    assert loaded.stdout.split() == ["vm", "flex", "exec", "gunicorn", account, host]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("liveness_check:", "livelyness_check:"),
        ("rollout_strategy: managed", "rollout_strategy: fixed"),
        ("min_num_instances: 2", "min_num_instances: two"),
    ],
)
def test_google_s_loader_refuses_what_is_wrong(right: str, wrong: str) -> None:
    assert right in TEXT

    assert load(TEXT.replace(right, wrong)).returncode == 1


def test_the_runtime_is_one_that_the_tests_run_on_and_google_supports() -> None:
    runtime = APP["runtime_config"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    newest = re.search(r"<= \(3, (\d+)\)", makefile)

    assert newest is not None
    assert runtime["runtime_version"] in SYSTEMS[runtime["operating_system"]]
    assert int(runtime["runtime_version"].removeprefix("3.")) <= int(newest[1])


def test_the_gateway_is_that_of_the_spec() -> None:
    assert APP["endpoints_api_service"]["name"] == SPEC["host"]


def test_health_is_asked_on_paths_that_are_open() -> None:
    for check, path in (("liveness_check", "/healthz"), ("readiness_check", "/readyz")):
        assert APP[check]["path"] == path
        assert SPEC["paths"][path]["get"]["security"] == []


def test_the_entrypoint_finds_the_app_and_the_port() -> None:
    names = ("wsgi_app", "bind", "workers", "graceful_timeout")
    program = "import json, os, runpy; found = runpy.run_path('gunicorn.conf.py'); "
    program += f"print(json.dumps([*(found[name] for name in {names}), os.umask(0)]))"
    environment = {**os.environ, **APP["env_variables"], "GAE_SERVICE": "default", "PORT": "8123"}

    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    app, bind, workers, graceful, umask = json.loads(told.stdout)

    assert APP["entrypoint"] == "gunicorn"
    assert (app, bind) == ("main:app", "0.0.0.0:8123")
    assert workers == APP["resources"]["cpu"]
    assert graceful < 30
    assert umask == 0o077


def test_the_settings_can_be_read_and_hold_no_secret() -> None:
    settings = read_settings(APP["env_variables"])

    assert settings.api_keys_secret
    assert not settings.api_keys
    with pytest.raises(SettingsInvalid):
        read_settings({**APP["env_variables"], "LANDING_BUCKET": "my-landing-bucket"})


def test_what_the_service_imports_is_uploaded() -> None:
    ignored = set((ROOT / ".gcloudignore").read_text("utf-8").split())
    needed = {"adapters/", "handlers/", "transfer/", "main.py", "settings.py", "listening.py"}
    needed |= {"app.yaml", "openapi.yaml", "gunicorn.conf.py", "requirements.txt"}
    needed |= {"reconcile.py", "doctor.py"}

    assert not needed & ignored
    assert {"tests/", "forwarder/", ".git", ".venv/"} <= ignored
