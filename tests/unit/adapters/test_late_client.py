"""A client is made once, when it is wanted, and nobody waits for it for ever."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from adapters.late_client import LateClient


def test_nothing_is_made_before_it_is_wanted() -> None:
    made: list[object] = []

    LateClient(lambda: made.append(object()), 1)

    assert made == []


def test_threads_that_want_it_at_once_get_the_same() -> None:
    def slow() -> object:
        time.sleep(0.05)
        return object()

    client = LateClient(slow, 5)

    with ThreadPoolExecutor(8) as pool:
        got = {id(one) for one in pool.map(lambda _: client.get(), range(16))}

    assert len(got) == 1


def test_who_waits_too_long_gives_up_and_the_next_gets_it() -> None:
    released, made = Event(), []

    def hanging() -> str:
        released.wait(10)
        made.append("once")
        return "client"

    client = LateClient(hanging, 0.05)
    started = time.monotonic()

    for _ in range(3):
        with pytest.raises(TimeoutError):
            client.get()

    assert time.monotonic() - started < 1
    released.set()
    assert LateClient(client.get, 5).get() == "client"
    assert made == ["once"]


def test_what_prevents_it_is_told_and_it_is_tried_again() -> None:
    failures = [OSError("first"), ValueError("second")]

    def failing() -> str:
        if failures:
            raise failures.pop(0)
        return "client"

    client = LateClient(failing, 5)

    with pytest.raises(OSError, match="first"):
        client.get()
    with pytest.raises(ValueError, match="second"):
        client.get()
    assert client.get() == "client"
