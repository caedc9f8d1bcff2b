"""A project of Google Cloud that is not there, for the scripts in deploy/."""

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
README = ROOT / "README.md"
README_TEARDOWN = "deploy/teardown.sh --project=my-project"
GCP = ("deploy/gcp.sh", "--project=my-test-project", "--source-buckets=images-*,models")
TEARDOWN = ("deploy/teardown.sh", "--project=my-test-project")
LOOKS = {
    "describe",
    "list",
    "get-iam-policy",
    "get-key-string",
    "access",
    "ls",
    "get-value",
    "pull",
}
"""Verbs that change nothing."""
KINDS = (
    "services", "bindings", "notifications", "deployed", "app", "app versions", "services api-keys",
    "secrets", "pubsub topics", "pubsub subscriptions", "storage buckets", "iam service-accounts",
    "endpoints services", "monitoring dashboards", "alpha monitoring policies",
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a script ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Cloud:
    """What the stand-ins were told, and what there is by now."""

    home: Path

    def run(self, *command: str, stdin: str = "", terminal: bool = False) -> Ended:
        """Run `bash COMMAND...` in the clone, with the stand-ins first on the path."""
        path = f"{self.home / 'bin'}:{os.environ['PATH']}"
        environment = {"PATH": path, "STANDIN": str(self.home), "HOME": str(self.home)}
        ours, theirs = pty.openpty() if terminal else (None, subprocess.PIPE)
        with subprocess.Popen(
            ["/usr/bin/env", "bash", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            if ours is None:
                out, err = process.communicate(stdin, timeout=60)
                return Ended(process.returncode, out, err)
            os.close(theirs)
            _, err = process.communicate(
                stdin, timeout=60
            )  # what it prints fits a terminal's buffer
        return Ended(process.returncode, read_all(ours), err)

    def commands(self, name: str = "record.jsonl") -> list[list[str]]:
        file = self.home / name
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line)["argv"] for line in lines]

    def changes(self) -> list[str]:
        """The recorded commands that change something."""
        return [shlex.join(argv) for argv in self.commands() if not is_look(argv)]

    def forget(self) -> None:
        """Begin a new record; what there is stays."""
        for name in ("record.jsonl", "curls.jsonl"):
            (self.home / name).unlink(missing_ok=True)

    def copy(self, home: Path) -> "Cloud":
        """Return another project, in which the same is there."""
        other = new_cloud(home)
        shutil.copy(self.home / "state.json", home)
        return other

    def make(self, kind: str, name: str, value: str = "") -> None:
        """Let something be there that the scripts did not make."""
        state = self.state
        state[kind][name] = value
        (self.home / "state.json").write_text(json.dumps(state))

    @property
    def state(self) -> dict[str, dict[str, Any]]:
        state: dict[str, dict[str, Any]] = json.loads((self.home / "state.json").read_text())
        return state

    @property
    def key(self) -> str:
        """The only API key."""
        (key,) = self.state["services api-keys"].values()
        return str(key)


def is_look(argv: list[str]) -> bool:
    return bool(LOOKS & {word for word in argv if not word.startswith("--")})


def read_all(terminal: int) -> str:
    parts = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:  # how Linux tells that the other side has closed
        pass
    os.close(terminal)
    return b"".join(parts).decode().replace("\r\n", "\n")


def new_cloud(home: Path) -> Cloud:
    state: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    state["projects"] = {"my-test-project": ""}
    (home / "state.json").write_text(json.dumps(state))
    (home / "bin").mkdir()
    for name, program in (("gcloud", "gcloud_standin"), ("curl", "curl_standin")):
        begin = f"import sys; sys.path.insert(0, {str(HERE)!r}); import {program}"
        stand_in(home, name, f"#!{sys.executable} -IS\n{begin}\nsys.exit({program}.main())\n")
    for name in ("sleep", "make"):
        stand_in(home, name, f'#!/bin/sh\necho "$@" >>{home / name}')
    stand_in(home, "aws", f'#!/bin/sh\necho "$@" >>{home / "aws"}; cat >{home / "aws-stdin"}')
    return Cloud(home)


def stand_in(home: Path, name: str, program: str) -> None:
    file = home / "bin" / name
    file.write_text(program)
    file.chmod(0o755)


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    """An empty project."""
    return new_cloud(tmp_path)


@dataclass(frozen=True)
class Step:
    """One command of the README, how it ended, and what gcloud and curl were told meanwhile."""

    command: str
    ended: Ended
    changes: list[str]
    commands: list[list[str]]
    curls: list[list[str]]
    state: dict[str, dict[str, Any]]
    """What is there afterwards."""


@dataclass(frozen=True)
class Followed:
    """The README's deployment section, followed to its end."""

    cloud: Cloud
    steps: list[Step]

    def step(self, beginning: str, *, dry: bool = False) -> Step:
        (found,) = [
            step
            for step in self.steps
            if step.command.startswith(beginning) and ("--dry-run" in step.command) is dry
        ]
        return found


@pytest.fixture(scope="session")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """Somebody follows the README on a terminal, and answers y."""
    cloud, steps = new_cloud(tmp_path_factory.mktemp("followed")), []
    section = re.search(
        r"^## Deploy\n(.*?)^## ", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert section
    blocks = "".join(re.findall(r"^```\n(.*?)^```", section[1], re.DOTALL | re.MULTILINE))
    for command in re.split(r"\n(?! )", blocks.strip()):
        ended = cloud.run("-o", "pipefail", "-c", command, stdin="y\n", terminal=True)
        curls = cloud.commands("curls.jsonl")
        steps.append(Step(command, ended, cloud.changes(), cloud.commands(), curls, cloud.state))
        cloud.forget()
    return Followed(cloud, steps)


@pytest.fixture(scope="session")
def torn_down(followed: Followed, tmp_path_factory: pytest.TempPathFactory) -> Step:
    """What was made by following the README is removed from a copy."""
    cloud, command = followed.cloud.copy(tmp_path_factory.mktemp("torn-down")), README_TEARDOWN
    ended = cloud.run("-c", command, stdin="y\n")
    return Step(command, ended, cloud.changes(), cloud.commands(), [], cloud.state)
