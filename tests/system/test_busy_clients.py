"""Clients whose requests follow each other closely: a thread may stay with one, if nobody waits."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.system.backends import Embedded
from tests.system.service import Service, serving

ANSWERED_SECONDS = 20.0
"""Far more than any answer takes, and far less than the busy one would go on."""


@contextmanager
def one_thread(folder: Path) -> Iterator[Service]:
    settings = {"WEB_CONCURRENCY": "1", "GUNICORN_CMD_ARGS": "--threads 1"}
    with serving(folder, Embedded(folder), **settings) as service:
        yield service


def status(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_a_busy_client_keeps_the_only_thread_from_nobody(tmp_path: Path) -> None:
    stop, answers = threading.Event(), list[int]()

    def be_busy() -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)) as mine:
            while not stop.is_set():
                answers.append(status(mine))

    with one_thread(tmp_path) as service:
        busy = threading.Thread(target=be_busy, daemon=True)
        busy.start()
        try:
            for _ in range(20):
                other = http.client.HTTPConnection("127.0.0.1", service.port, ANSWERED_SECONDS)
                with closing(other):
                    assert status(other) == 200
        finally:
            stop.set()
            busy.join(30)

    assert set(answers) == {200}


def test_a_client_that_pauses_is_answered_on_the_same_connection(tmp_path: Path) -> None:
    with (
        one_thread(tmp_path) as service,
        closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)) as one,
    ):
        assert status(one) == 200
        wire = one.sock
        for pause in (0.0, 0.001, 0.02, 0.2):
            time.sleep(pause)
            assert status(one) == 200
            assert one.sock is wire
