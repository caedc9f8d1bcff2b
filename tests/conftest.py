"""Servers that cost too much to be started for each test, and how many examples are generated."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.missing import lack
from tests.servers.pubsub import EmulatorMissing, PubSubEmulator

# The same examples in every run of the tests; new ones, and many, in the soak.
settings.register_profile("tests", derandomize=True, max_examples=1_000, deadline=None)
settings.register_profile("soak", max_examples=100_000, deadline=None)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def pubsub_emulator() -> Iterator[str]:
    """The address of Google's Pub/Sub emulator, as in PUBSUB_EMULATOR_HOST."""
    try:
        emulator = PubSubEmulator()
    except EmulatorMissing as missing:
        lack(missing)
    with emulator:
        yield emulator.address
