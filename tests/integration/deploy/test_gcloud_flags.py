"""Every command of the scripts and of the README is one that the installed gcloud understands."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.deploy.conftest import HERE, ROOT, Followed
from tests.missing import lack


def test_gclouds_own_parser_takes_every_command(followed: Followed, tmp_path: Path) -> None:
    commands = [argv for step in followed.steps for argv in step.commands]
    unknown = ["pubsub", "topics", "create", "landed", "--no-such-flag"]

    *problems, refused = judged([*commands, unknown], tmp_path)

    assert refused is not None
    assert "unrecognized arguments: --no-such-flag" in refused
    assert {" ".join(c): p for c, p in zip(commands, problems, strict=True) if p} == {}


def judged(commands: list[list[str]], home: Path) -> list[str | None]:
    program = shutil.which("gcloud")
    sdk = Path(program).resolve().parents[1] if program else Path()
    if not (sdk / "lib" / "googlecloudsdk").is_dir():
        lack(FileNotFoundError("gcloud is not there: install the Google Cloud CLI"))
    bundled = sdk / "platform" / "bundledpythonunix" / "bin" / "python3"
    python = str(bundled) if bundled.exists() else sys.executable
    ended = subprocess.run(
        [python, "-S", str(HERE / "gcloud_parser.py"), str(sdk)],
        input=json.dumps(commands),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "CLOUDSDK_CONFIG": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    problems: list[str | None] = json.loads(ended.stdout)
    return problems
