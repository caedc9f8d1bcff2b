"""Any user of a machine may read the arguments of its programs, so no secret is one.

https://cwe.mitre.org/data/definitions/214.html
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = (
    "*.py",
    "Makefile",
    "deploy/**/*",
    "forwarder/**/*.py",
    "bench/**/*.py",
    "tests/servers/*",
)
SECRET = re.compile(
    r"--(?:[a-z]+-)*(?:auth-key|secret|password|passwd|access-token)s?(?:-[a-z]+)*\b"
)
MAY = {"--secret=", "--secret"}
"""gcloud's: of Secret Manager, the name alone."""


def test_the_pattern_finds_what_it_should() -> None:
    found = "--auth-key x --aws-secret-access-key=x --password x --access-token x"

    assert len(SECRET.findall(found)) == 4


@pytest.mark.parametrize("place", PLACES)
def test_no_program_is_given_a_secret_as_an_argument(place: str) -> None:
    files = [file for file in ROOT.glob(place) if file.is_file() and file.suffix != ".pyc"]
    given = {
        (file.name, option)
        for file in files
        for option in SECRET.findall(file.read_text("utf-8"))
        if option not in MAY
    }

    assert files
    assert given == set()
