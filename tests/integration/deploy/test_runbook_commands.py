"""What an operator copies from the runbook in the night is what gcloud takes."""

import re
import shlex
from pathlib import Path

from tests.integration.deploy.conftest import ROOT
from tests.integration.deploy.gcloud_flags import problems_of

RUNBOOK = ROOT / "docs" / "operations.md"
_SHELL = {"|", "&&", ")", ">"}
"""What ends a command, once the shell has read it."""


def commands_of(text: str) -> list[list[str]]:
    """The arguments of each gcloud in the blocks of code, names to be put in made small."""
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    found = []
    for line in lines:
        reader = shlex.shlex(line, posix=True, punctuation_chars=True)
        reader.whitespace_split = True
        words = list(reader)
        for start in (i for i, word in enumerate(words) if word == "gcloud"):
            rest = words[start + 1 :]
            end = next((i for i, word in enumerate(rest) if word in _SHELL), len(rest))
            found.append([re.sub(r"\b[A-Z-]{3,}\b", lambda name: name[0].lower(), word)
                          for word in rest[:end]])  # fmt: skip
    return found


def test_gcloud_s_own_parser_takes_every_command_of_the_runbook(tmp_path: Path) -> None:
    commands = commands_of(RUNBOOK.read_text("utf-8"))

    problems = problems_of(commands, tmp_path)

    assert len(commands) > 10
    assert {" ".join(c): p for c, p in zip(commands, problems, strict=True) if p} == {}
