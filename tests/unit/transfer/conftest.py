"""The fixture that both of the protocol's test files use."""

from pathlib import Path

import pytest

from tests.unit.transfer.house import House, new_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    return new_house(tmp_path / "bucket")
