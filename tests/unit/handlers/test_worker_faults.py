"""A failed accept, a thread that cannot start and a lost client do not end the worker; it stops."""

import errno
import socket
import threading
import time
from typing import Any

import pytest

from tests.unit.handlers.running_worker import (
    CLOSING,
    GET,
    LARGE,
    LATE_SECONDS,
    Running,
    running,
    seconds_to_end,
)


class Exhausted:
    """A pool whose next thread cannot be started a few times."""

    def __init__(self, pool: Any, times: int) -> None:
        self._pool, self.times = pool, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def submit(self, *args: Any) -> Any:
        if self.times:
            self.times -= 1
            raise RuntimeError("can't start new thread")
        return self._pool.submit(*args)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ECONNABORTED])
def test_a_failed_accept_does_not_end_the_worker(number: int) -> None:
    with running(number, times=3) as one, one.connect(GET) as client:
        assert client.recv(4096).endswith(b"heron")


def test_what_was_dropped_in_the_same_round_of_events_is_left_alone() -> None:
    """The poller found it ready before another connection took its place."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = Running(listener)
        with one.connect(), one.connect():
            one.worker.accept(listener)
            one.worker.accept(listener)
            first, second = (key.data for key in list(one.worker.poller.get_map().values()))
            one.worker.murder_keepalived(force=True)

            first(None)
            second(None)

        assert one.worker.nr_conns == 0
        one.worker.poller.close()
        one.worker.method_queue.close()
        one.worker.tmp.close()


def test_what_fails_for_one_connection_ends_that_one_alone() -> None:
    """First a new connection, then one that waited for its client."""
    with running() as one, one.connect(GET[:-2]) as waits:
        one.worker.tpool = Exhausted(one.worker.tpool, times=2)
        with one.connect(GET) as new:
            assert seconds_to_end(new) < LATE_SECONDS
        waits.sendall(b"\r\n")
        assert waits.recv(4096) == b""
        assert one.worker.tpool.times == 0
        with one.connect(CLOSING) as client:
            assert client.recv(4096).endswith(b"heron")

        ends = time.monotonic() + 5
        while one.worker.nr_conns and time.monotonic() < ends:
            time.sleep(0.02)
        assert one.worker.nr_conns == 0


def test_a_stopping_worker_answers_what_comes_and_waits_no_longer_than_needed() -> None:
    with running() as one:
        idle, half, deaf = one.connect(GET), one.connect(b"GET /"), one.connect(LARGE)
        assert idle.recv(4096)
        stopping = threading.Thread(target=one.stop)
        stopping.start()
        time.sleep(0.2)
        idle.sendall(GET)
        assert b"Connection: close" in idle.recv(4096)
        stopping.join(3.5)
        assert not stopping.is_alive()
        for client in (idle, half, deaf):
            client.close()
