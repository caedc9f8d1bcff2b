"""Clients that leave things half done: health still answers, and they are let go.

None of them may hold one of the service's threads, of which there are 20 in each of two workers.
"""

import http.client
import re
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.system.backends import Embedded
from tests.system.service import API_KEY, Service, serving

pytestmark = pytest.mark.alone

HEAD = f"POST /processmessage HTTP/1.1\r\nHost: x\r\nx-api-key: {API_KEY}\r\n"
JSON = "Content-Type: application/json\r\n"
HALVES = (
    b"",
    b"POST /process",
    HEAD.encode(),
    f"{HEAD}{JSON}Content-Length: 60000\r\n\r\n{{".encode(),
    f"{HEAD}{JSON}Transfer-Encoding: chunked\r\n\r\nffff\r\n{{".encode(),
    f"{HEAD}{JSON}Content-Length: 60000\r\nExpect: 100-continue\r\n\r\n".encode(),
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HT",
)
"""Nothing, parts of a line, a head, a body and a chunk, no body though asked for, a half behind."""
WHOLE = f"{JSON}Content-Length: 2\r\n\r\n{{}}"
DRIP_SECONDS = 0.5
CUT_SECONDS = 10 + 2
HELD_SECONDS = 1.0
REPEATED_CONNECT_SECONDS = 3.0
"""Beside more connects than the kernel queues: it repeats one that it dropped after a second. A
stalled service answers after 9 s or more."""
"""Far less than a client that holds a thread makes others wait, and more than any answer takes."""
CONNECTIONS = 30
RESET = struct.pack("ii", 1, 0)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with serving(folder, Embedded(folder)) as service:
        yield service


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One worker that takes few connections."""
    folder = tmp_path_factory.mktemp("small")
    settings = {
        "WEB_CONCURRENCY": "1",
        "GUNICORN_CMD_ARGS": f"--threads 4 --worker-connections {CONNECTIONS}",
    }
    with serving(folder, Embedded(folder), **settings) as service:
        yield service


def connect(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), 30)


def all_of(client: socket.socket) -> bytes:
    """Return what comes until the service closes."""
    return b"".join(iter(lambda: client.recv(4096), b""))


@contextmanager
def half_requests(service: Service, number: int) -> Iterator[list[socket.socket]]:
    """Open them, as many of each kind, and send a byte now and then on most.

    So no timeout per read would notice.
    """
    stop = threading.Event()
    with ExitStack() as stack:
        open_ones = [stack.enter_context(connect(service)) for _ in range(number)]
        for index, connection in enumerate(open_ones):
            connection.sendall(HALVES[index % len(HALVES)])
        drips = [c for index, c in enumerate(open_ones) if HALVES[index % len(HALVES)]]

        def drip() -> None:
            while not stop.wait(DRIP_SECONDS):
                for connection in drips:
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


def assert_health_holds(service: Service, times: int = 10, seconds: float = HELD_SECONDS) -> None:
    assert max(seconds_to_health(service) for _ in range(times)) < seconds


def wait_until_cut(connection: socket.socket, ends: float) -> None:
    """Raise TimeoutError if the service keeps the connection for longer."""
    with suppress(ConnectionError):
        while True:
            connection.settimeout(max(0.01, ends - time.monotonic()))
            if not connection.recv(4096):
                return


def test_health_answers_at_once_beside_a_hundred_half_requests_and_all_are_cut(
    service: Service,
) -> None:
    with half_requests(service, 100) as connections:
        ends = time.monotonic() + CUT_SECONDS

        times = []
        while time.monotonic() < ends - CUT_SECONDS / 2:
            times.append(seconds_to_health(service))
            time.sleep(0.05)

        for connection in connections:
            wait_until_cut(connection, ends)
    assert max(times) < HELD_SECONDS
    assert "Traceback" not in service.log.read_text()


def test_a_connection_is_kept_for_the_next_request(service: Service) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)) as connection:
        for _ in range(3):
            connection.request("GET", "/healthz")
            assert connection.getresponse().read()
            assert connection.sock is not None


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_clients_that_do_not_close_after_their_answer_hold_nobody_up(
    small: Service, version: str
) -> None:
    request = f"POST / HTTP/{version}\r\nHost: x\r\nConnection: close\r\n{WHOLE}".encode()
    began = time.monotonic()
    with ExitStack() as stack:
        clients = []
        for _ in range(60):
            clients.append(stack.enter_context(connect(small)))
            clients[-1].sendall(request)
        assert_health_holds(small, 3)

        for client in clients:
            assert b" 401 " in all_of(client)
    assert time.monotonic() - began < 2 * HELD_SECONDS


def test_clients_that_read_no_answer_hold_nobody_up(small: Service) -> None:
    requests = 2000 * b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(8):
            client = socket.socket()
            stack.enter_context(client).setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", small.port))
            client.settimeout(0)
            with suppress(BlockingIOError):
                client.send(requests)
        time.sleep(0.3)

        assert_health_holds(small)


def test_who_opens_connections_without_end_keeps_nobody_out(small: Service) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(small)) for _ in range(4 * CONNECTIONS)]
        for client in clients:
            with suppress(OSError):
                client.sendall(HALVES[1])

        assert_health_holds(small, seconds=REPEATED_CONNECT_SECONDS)
        wait_until_cut(clients[0], time.monotonic() + HELD_SECONDS)


def test_a_client_that_resets_half_way_leaves_nothing(small: Service) -> None:
    for half in HALVES:
        for _ in range(CONNECTIONS // 2):
            with connect(small) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                client.sendall(half)

    assert_health_holds(small)


def test_a_client_that_sends_all_it_has_to_say_and_waits_is_answered(small: Service) -> None:
    with connect(small) as client:
        client.sendall(f"{HEAD}{WHOLE}".encode())
        client.shutdown(socket.SHUT_WR)

        assert b"INVALID_MESSAGE" in all_of(client)


def test_pipelined_requests_are_answered_in_order(small: Service) -> None:
    with connect(small) as client:
        client.sendall(f"{HEAD}{WHOLE}GET /healthz HTTP/1.1\r\n\r\n".encode())
        client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        answer = all_of(client)

    assert re.findall(rb"HTTP/1\.\d (\d+) ", answer) == [b"400", b"200", b"200"]


def test_a_refused_body_that_is_not_read_ends_the_connection(small: Service) -> None:
    with connect(small) as client:
        client.sendall(f"POST / HTTP/1.1\r\n{JSON}Content-Length: 99999\r\n\r\n".encode())
        client.sendall(1000 * b"x")

        assert b"\r\nConnection: close\r\n" in all_of(client)


@pytest.mark.parametrize("size", [60_000, 200_000, 2_000_000])
def test_curl_is_answered_whatever_it_sends(small: Service, tmp_path: Path, size: int) -> None:
    """It waits for `100 Continue`, and reads its answer only after it has sent its body."""
    (tmp_path / "body").write_bytes(size * b" ")
    told = subprocess.run(
        [
            *("curl", "-sS", "-H", "Expect: 100-continue", "-H", f"x-api-key: {API_KEY}"),
            *("-H", "Content-Type: application/json", "--data-binary", f"@{tmp_path}/body"),
            *("-w", " %{http_code} %{time_total}", f"http://127.0.0.1:{small.port}/processmessage"),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    code, seconds = told.split()[-2:]

    assert code == ("400" if size == 60_000 else "413")
    assert float(seconds) < HELD_SECONDS


def test_half_requests_do_not_hold_up_the_end(small: Service) -> None:
    """The last test, as it ends the service."""
    with half_requests(small, 20):
        assert small.end() < 5
