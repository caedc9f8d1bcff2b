"""A digest that runs beside the transfer says what one in line would say."""

import hashlib
import threading
import time

import pytest

from transfer.overlapped import BLOCKS_BEHIND, Overlapped

BLOCKS = [bytes([number]) * 100_000 for number in range(20)]


def test_the_digest_is_that_of_all_blocks_in_their_order() -> None:
    digest = Overlapped(hashlib.md5())
    for block in BLOCKS:
        digest.update(block)

    assert digest.digest() == hashlib.md5(b"".join(BLOCKS)).digest()


def test_a_digest_of_nothing_is_there_at_once() -> None:
    assert Overlapped(hashlib.sha256()).digest() == hashlib.sha256().digest()


def test_the_transfer_goes_on_while_a_block_is_hashed() -> None:
    may_end = threading.Event()

    class Slow:
        def update(self, data: bytes, /) -> None:
            assert may_end.wait(10)

        def digest(self) -> bytes:
            return b""

    digest = Overlapped(Slow())

    digest.update(b"hashed while the next block travels")
    may_end.set()  # is reached only if `update` did not wait

    assert digest.digest() == b""


def test_it_is_never_more_than_a_few_blocks_behind() -> None:
    may_go_on = threading.Semaphore(0)
    taken: list[int] = []

    class Stepwise:
        def update(self, data: bytes, /) -> None:
            assert may_go_on.acquire(timeout=10)

        def digest(self) -> bytes:
            return b""

    digest = Overlapped(Stepwise())

    def send() -> None:
        for number in range(BLOCKS_BEHIND + 3):
            digest.update(b"x")
            taken.append(number)

    sender = threading.Thread(target=send)
    sender.start()
    sender.join(0.2)

    assert len(taken) == BLOCKS_BEHIND
    may_go_on.release()
    sender.join(0.2)
    assert len(taken) == BLOCKS_BEHIND + 1
    may_go_on.release(BLOCKS_BEHIND + 3)
    sender.join(10)
    assert digest.digest() == b""


def test_a_digest_that_fails_fails_the_transfer() -> None:
    class Broken:
        def update(self, data: bytes, /) -> None:
            raise ValueError("broken")

        def digest(self) -> bytes:
            return b""

    digest = Overlapped(Broken())
    digest.update(b"x")

    with pytest.raises(ValueError, match="broken"):
        digest.digest()


def test_many_that_are_forgotten_leave_no_thread_each() -> None:
    before = threading.active_count()
    for _ in range(200):
        Overlapped(hashlib.md5()).update(b"x" * 10_000)

    assert threading.active_count() < before + 40


class AlwaysBehind:
    """Slower than its blocks come."""

    def update(self, data: bytes, /) -> None:
        time.sleep(0.002)

    def digest(self) -> bytes:
        return b""


def test_many_that_are_always_behind_starve_no_other() -> None:
    ends = time.monotonic() + 10
    over = threading.Event()

    def feed() -> None:
        endless = Overlapped(AlwaysBehind())
        while not over.is_set() and time.monotonic() < ends:
            endless.update(b"x")

    feeders = [threading.Thread(target=feed) for _ in range(40)]  # more than a pool has threads
    for feeder in feeders:
        feeder.start()
    other = Overlapped(hashlib.md5())
    for _ in range(3 * BLOCKS_BEHIND):
        other.update(b"block")
    found, left = other.digest(), ends - time.monotonic()
    over.set()
    for feeder in feeders:
        feeder.join()

    assert found == hashlib.md5(b"block" * 3 * BLOCKS_BEHIND).digest()
    assert left > 2
