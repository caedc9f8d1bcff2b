"""Requests generated from openapi.yaml against a running service: `python -m tests.soak.schema`.

Two of schemathesis' checks are left out. They expect every body that fits the schema to be
accepted, and every other to be refused as such; but a message also needs a URL that S3 signed,
and the key is looked at before the body.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.system.backends import Embedded
from tests.system.service import API_KEY, PROGRAMS, ROOT, serving

LEFT_OUT = "positive_data_acceptance,negative_data_rejection"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000, help="per operation and phase")
    examples = str(parser.parse_args().examples)
    with TemporaryDirectory() as folder, serving(Path(folder), Embedded(Path(folder))) as service:
        command = [str(PROGRAMS / "schemathesis"), "run", "openapi.yaml"]
        command += ["--url", f"http://127.0.0.1:{service.port}", "--header", f"x-api-key:{API_KEY}"]
        command += ["--exclude-checks", LEFT_OUT, "--continue-on-failure"]
        command += ["--max-examples", examples, "--generation-database", "none", "--no-color"]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
