"""Keys change without a restart, and a bad change changes nothing."""

import logging
import threading

import pytest

from transfer.api_keys import ApiKey
from transfer.errors import Misconfigured
from transfer.key_ring import KeyRing

OLD, NEW = (ApiKey("old", b"1" * 32),), (ApiKey("new", b"2" * 32),)


def test_new_keys_are_in_force_after_the_next_read() -> None:
    source = [OLD]
    ring = KeyRing(lambda: source[0])
    source[0] = NEW
    assert ring.keys == OLD

    ring.refresh()

    assert ring.keys == NEW


def test_only_a_change_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    KeyRing(lambda: OLD).refresh()

    assert caplog.messages == []


@pytest.mark.parametrize("failure", [ValueError("not JSON"), Misconfigured("forbidden")])
def test_keys_stay_when_they_cannot_be_read_again(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Exception | tuple[ApiKey, ...]] = [OLD, failure]

    def read() -> tuple[ApiKey, ...]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    ring = KeyRing(read)
    ring.refresh()

    assert ring.keys == OLD
    assert str(failure) in caplog.text


def test_a_failure_that_nobody_foresaw_does_not_end_the_reading(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers: list[Exception | tuple[ApiKey, ...]] = [OLD, OSError(24, "Too many open files"), NEW]
    again = threading.Event()

    def read() -> tuple[ApiKey, ...]:
        answer = answers.pop(0) if len(answers) > 1 else NEW
        if isinstance(answer, Exception):
            raise answer
        if answer is NEW:
            again.set()
        return answer

    ring = KeyRing(read, seconds=0.01)
    ring.start()

    assert again.wait(10)
    ring.stop()
    assert "Too many open files" in caplog.text


def test_without_keys_there_is_no_ring() -> None:
    def read() -> tuple[ApiKey, ...]:
        raise ValueError("no keys")

    with pytest.raises(ValueError, match="no keys"):
        KeyRing(read)


def test_it_reads_in_the_background_until_it_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reads, again = 0, threading.Event()

    def read() -> tuple[ApiKey, ...]:
        nonlocal reads
        reads += 1
        if reads >= 3:
            again.set()
        return OLD if reads < 2 else NEW

    ring = KeyRing(read, seconds=0.01)
    ring.start()
    assert again.wait(10)
    ring.stop()

    assert ring.keys == NEW
    assert "API keys in force: new" in caplog.text
