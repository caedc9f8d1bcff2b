"""In every state that two or three workers can get into, the protocol's promises hold."""

import pytest

from tests.model.explorer import explore
from tests.model.numbering import renumbered, tokens_of
from tests.model.replay import Code, Replay
from tests.model.settings import SHORT
from tests.model.states import Setting


@pytest.mark.parametrize("name", SHORT)
def test_all_promises_hold_with(name: str) -> None:
    setting = SHORT[name]

    report = explore(setting)

    print(f"{name}: {report}")
    ends = {"landed", "already-landed", None}
    ends |= {"superseded"} if len(setting.unnamed) < len(setting.versions) - 1 else set()
    ends |= {"ANNOUNCED", "KNOWN"}  # at the end of all, at least
    assert report.ends >= ends
