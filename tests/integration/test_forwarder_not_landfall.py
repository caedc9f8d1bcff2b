"""An endpoint that is not Landfall and answers all the same: nothing of it passes for done."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from forwarder import send
from forwarder.lambda_function import ForwardingFailed
from tests.integration.conftest import API_KEY, BUCKET, Answer, RecordingServer
from tests.integration.events import forward
from tests.integration.test_endpoint import STRANGERS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("answer", STRANGERS.values(), ids=STRANGERS)
def test_the_function_fails(answer: Answer, s3: Any, endpoint: RecordingServer) -> None:
    endpoint.answers = [answer]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    with pytest.raises(ForwardingFailed, match="not as Landfall does") as failed:
        forward("one")
    assert API_KEY not in str(failed.value)


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_one_object_sent_by_hand_is_not_landed(
    options: list[str],
    s3: Any,
    endpoint: RecordingServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.answers = [STRANGERS["health page"]]
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    monkeypatch.setattr(sys, "argv", ["send", f"s3://{BUCKET}/one", *options])
    assert send.main() == send.NOT_LANDED
    assert "not as Landfall does" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
@pytest.mark.parametrize("name", ["health page", "status alone", "another object", "log intake"])
def test_a_run_of_sync_ends_at_once(
    name: str, options: list[str], s3: Any, endpoint: RecordingServer
) -> None:
    endpoint.answers = [STRANGERS[name]]
    s3.put_object(Bucket=BUCKET, Key="run/1", Body=b"1")
    program = [sys.executable, "-m", "forwarder.sync", f"s3://{BUCKET}/run/", *options]
    ended = subprocess.run(
        program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert "not as Landfall does" in ended.stderr
    assert "landed before" not in ended.stdout + ended.stderr
    assert len(endpoint.requests) == 1
