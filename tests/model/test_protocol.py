"""In every state that two or three workers can get into, the protocol's promises hold."""

import pytest

from tests.model.explorer import explore
from tests.model.settings import SHORT


@pytest.mark.parametrize("name", SHORT)
def test_every_promise_holds_in_every_state_with(name: str) -> None:
    setting = SHORT[name]

    report = explore(setting)

    expected = {"landed", "already-landed", None, "ANNOUNCED", "KNOWN"}
    older = range(len(setting.versions) - 1)
    expected |= {"superseded"} if setting.unnamed.isdisjoint(older) else set()
    expected |= {"FAILED"} if setting.faults.wrong else set()
    assert report.ends == expected  # or the model would not have seen all there is
