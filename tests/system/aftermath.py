"""When the load is over: the second net, then what was given up, then the judgement."""

import re
import subprocess
import sys

from tests.servers.versioned_s3 import Temper, VersionedS3
from tests.system.backends import Backend
from tests.system.service import ROOT
from tests.system.verdict import Verdict, judge
from tests.system.workload import Workload

WALK_SECONDS = 300


def settle(
    s3: VersionedS3, workload: Workload, backend: Backend, environment: dict[str, str]
) -> Verdict:
    """Do what an operator does after an outage, and say how it ended. The service must run."""
    s3.temper = Temper()
    given_up = len(workload.tally.given_up)
    healed = _walk(environment)
    workload.redrive()
    left = _walk(environment)
    verdict = judge(s3.versions, workload, backend)
    verdict.figures["messages given up, and redriven later"] = given_up
    verdict.figures["announced by the second net"] = healed
    if left:
        verdict.wrong["silent"].append(f"{left} after the walk")
    return verdict


def _walk(environment: dict[str, str]) -> int:
    """Let the second net look at every object; return how many it had to announce."""
    command = [sys.executable, "reconcile.py", "walk", "--patience", "0"]
    walked = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
        timeout=WALK_SECONDS, check=True,
    )  # fmt: skip
    found = re.search(r"(\d+) announced just now", walked.stdout)
    assert found, walked.stdout
    return int(found[1])
