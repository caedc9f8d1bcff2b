"""What is deployed to Lambda: small, complete, and quick to start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.aws import pack, unpack

MAX_BYTES = 100_000
MAX_IMPORT_SECONDS = 0.150
TRIES = 5
# Lambda's folder cannot be written, so each cold start compiles the modules: nor here.
IMPORT = """
import sys, time
sys.dont_write_bytecode = True
import boto3, urllib3
before = time.perf_counter()
import forwarder.lambda_function
print(time.perf_counter() - before)
print(sorted(m for m in sys.modules if m.split(".")[0] in ("transfer", "handlers", "flask")))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack(tmp_path_factory.mktemp("package"))


def test_it_is_small_and_the_same_each_time(package: Path, tmp_path: Path) -> None:
    size = package.stat().st_size
    print(f"package: {size} bytes")
    assert size < MAX_BYTES
    assert pack(tmp_path).read_bytes() == package.read_bytes()


@pytest.mark.alone
def test_it_imports_alone_and_hardly_longer_than_boto3(package: Path, tmp_path: Path) -> None:
    folder = unpack(package, tmp_path)
    taken = []
    for _ in range(TRIES):
        printed = subprocess.run(
            [sys.executable, "-c", IMPORT],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout.splitlines()
        taken.append(float(printed[0]))
        assert printed[1] == "[]"
    print("import beyond boto3, ms:", [round(seconds * 1000) for seconds in sorted(taken)])
    assert min(taken) < MAX_IMPORT_SECONDS
