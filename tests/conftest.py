"""Servers that cost too much to be started for each test."""

import os
from collections.abc import Iterator

import pytest

from tests.servers.pubsub import EmulatorMissing, PubSubEmulator


@pytest.fixture(scope="session")
def pubsub_emulator() -> Iterator[str]:
    """The address of Google's Pub/Sub emulator, as in PUBSUB_EMULATOR_HOST."""
    try:
        emulator = PubSubEmulator()
    except EmulatorMissing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with emulator:
        yield emulator.address
