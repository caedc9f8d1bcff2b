"""The scripts pass shellcheck."""

import subprocess
import sys
from pathlib import Path

from tests.integration.deploy.conftest import ROOT


def test_the_scripts_pass_shellcheck() -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"

    ended = subprocess.run(
        [shellcheck, "-x", "-a", "deploy/gcp.sh", "deploy/teardown.sh"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout == ""
    assert ended.returncode == 0
