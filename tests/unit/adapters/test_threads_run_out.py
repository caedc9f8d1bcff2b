"""A moment in which no thread can be started is no end: the next who asks tries again."""

import threading
import time
from collections.abc import Iterator

import pytest

from adapters.cut_offs import CutOffs
from adapters.late_client import LateClient

TOO_MUCH = 1 << 46
"""Bytes for a stack that no machine has."""


@pytest.fixture
def no_threads() -> Iterator[None]:
    before = threading.stack_size(TOO_MUCH)
    yield
    threading.stack_size(before)


class Line:
    is_cut = False

    def cut(self) -> None:
        self.is_cut = True


def test_a_client_is_made_later(no_threads: None) -> None:
    client = LateClient(lambda: "client", 1)
    with pytest.raises(RuntimeError):
        client.get()

    threading.stack_size(0)

    assert client.get() == "client"


def test_connections_are_cut_off_later(no_threads: None) -> None:
    cut_offs, line = CutOffs(), Line()
    with pytest.raises(RuntimeError):
        cut_offs.watch(line, time.monotonic() + 60)

    threading.stack_size(0)
    cut_offs.watch(line, time.monotonic() + 0.1)

    ends = time.monotonic() + 5
    while not line.is_cut and time.monotonic() < ends:
        time.sleep(0.01)
    assert line.is_cut
