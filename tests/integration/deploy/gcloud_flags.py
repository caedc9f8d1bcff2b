"""The installed gcloud's own parser, asked about commands without running them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.integration.deploy.conftest import HERE, ROOT
from tests.missing import lack


def problems_of(commands: list[list[str]], home: Path) -> list[str | None]:
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
