"""Clients that never end their requests: health still answers, and they are let go.

Each holds a thread for at most ten seconds; there are 20 threads in each of two workers.
"""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest

from tests.system.backends import Embedded
from tests.system.service import API_KEY, Service, serving

pytestmark = pytest.mark.alone

HEAD = f"POST /processmessage HTTP/1.1\r\nHost: x\r\nx-api-key: {API_KEY}\r\n"
HALVES = (
    b"POST /process",
    HEAD.encode(),
    f"{HEAD}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{{".encode(),
)
DRIP_SECONDS = 0.5
CUT_SECONDS = 10 + 2


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with serving(folder, Embedded(folder)) as service:
        yield service


@contextmanager
def half_requests(service: Service, number: int) -> Iterator[list[socket.socket]]:
    """Open them, a third of each kind, and send a byte now and then on each.

    So no timeout per read would notice.
    """
    stop = threading.Event()
    with ExitStack() as stack:
        open_ones = [
            stack.enter_context(socket.create_connection(("127.0.0.1", service.port), 30))
            for _ in range(number)
        ]
        for index, connection in enumerate(open_ones):
            connection.sendall(HALVES[index % len(HALVES)])

        def drip() -> None:
            while not stop.wait(DRIP_SECONDS):
                for connection in open_ones:
                    with suppress(OSError):
                        connection.sendall(b"x")

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        yield open_ones
        stop.set()
        dripping.join(5)


def seconds_to_health(service: Service) -> float:
    began = time.monotonic()
    status, _ = service.send(b"", method="GET", path="/healthz", key=None)
    assert status == 200
    return time.monotonic() - began


def wait_until_cut(connection: socket.socket, ends: float) -> None:
    """Raise TimeoutError if the service keeps the connection for longer."""
    with suppress(ConnectionError):
        while True:
            connection.settimeout(max(0.01, ends - time.monotonic()))
            if not connection.recv(4096):
                return


def test_health_answers_at_once_beside_twelve_half_requests(service: Service) -> None:
    with half_requests(service, 12) as connections:
        ends = time.monotonic() + CUT_SECONDS

        times = []
        while time.monotonic() < ends - CUT_SECONDS / 2:
            times.append(seconds_to_health(service))
            time.sleep(0.05)

        for connection in connections:
            wait_until_cut(connection, ends)
    assert max(times) < 1
    assert "Traceback" not in service.log.read_text()


def test_a_client_that_says_nothing_is_let_go(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        wait_until_cut(connection, time.monotonic() + CUT_SECONDS)


def test_a_connection_is_kept_for_the_next_request(service: Service) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)) as connection:
        for _ in range(3):
            connection.request("GET", "/healthz")
            assert connection.getresponse().read()
            assert connection.sock is not None


def test_clients_that_do_not_close_after_their_answer_hold_nobody_up(service: Service) -> None:
    """gunicorn alone waits for each of them on its only loop."""
    request = f"{HEAD}Connection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    with ExitStack() as stack:
        for _ in range(20):
            connection = socket.create_connection(("127.0.0.1", service.port), 30)
            stack.enter_context(connection).sendall(f"{request}\r\n{{}}".encode())
        time.sleep(0.5)  # all are answered by now, and stay open

        assert seconds_to_health(service) < 1
