"""What the machine lacks for some tests: told as a skip to a person, never to CI."""

import os
from typing import NoReturn

import pytest


def lack(missing: Exception) -> NoReturn:
    """Give the test up, with the reason and what to install.

    The README promises that the tests run on any machine with Python. What needs more is skipped
    there, and says so. CI has it all: what is not shown there is a failure, or a skip could hide
    for ever that nobody runs these tests.
    """
    if os.environ.get("CI"):
        pytest.fail(str(missing))
    pytest.skip(str(missing))
