"""What our worker relies on in gunicorn, which promises none of it.

After an upgrade that breaks this: read gunicorn/workers/gthread.py and gunicorn/http/ anew, adapt
handlers/worker.py and handlers/connection.py, run tests/unit/handlers/test_arriving.py and
tests/system/test_slow_clients.py, and only then change what is written here.
"""

import ast
import inspect
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import gunicorn
import pytest
from gunicorn import util
from gunicorn.config import Config
from gunicorn.errors import ConfigError
from gunicorn.http import body, message, parser, unreader, wsgi
from gunicorn.http.parser import RequestParser
from gunicorn.http2 import negotiation
from gunicorn.workers import base, gthread
from gunicorn.workers.gthread import TConn, ThreadWorker

from handlers.arriving import LINE_BYTES
from handlers.connection import Connection
from handlers.worker import Worker

ROOT = Path(__file__).parents[2]

SIGNATURES = {
    "__init__": "(self, *args, **kwargs)",
    "_cap_keepalive": "(self, deadline)",
    "_keepalive_after": "(self, conn, keepalive)",
    "accept": "(self, listener)",
    "check_config": "(cfg, log)",
    "enqueue_req": "(self, conn)",
    "finish_request": "(self, conn, fs)",
    "handle": "(self, conn)",
    "handle_error": "(self, req, client, addr, exc)",
    "handle_request": "(self, req, conn)",
    "init_process": "(self)",
    "murder_keepalived": "(self, force=False)",
    "wait_for_and_dispatch_events": "(self, timeout)",
}
"""Of the methods that our worker overrides."""

OF_A_SOCKET = {"recv", "send", "sendall", "settimeout", "gettimeout", "setblocking", "shutdown"} | {
    "close"
}
UNREACHED = {"do_handshake", "sendfile"}
"""Used for TLS and for files, which check_config refuses."""


def test_it_is_the_version_that_the_worker_was_written_for() -> None:
    assert gunicorn.__version__ == "27.0.1"
    assert "gunicorn==27.0.1" in (ROOT / "requirements.txt").read_text()


def test_the_worker_overrides_these_methods_and_no_others() -> None:
    ours = {name for name in vars(Worker) if hasattr(ThreadWorker, name)}

    assert {n for n in ours if inspect.isroutine(getattr(Worker, n))} == set(SIGNATURES)


@pytest.mark.parametrize("name", SIGNATURES)
def test_an_overridden_method_is_called_as_before(name: str) -> None:
    theirs = inspect.signature(getattr(ThreadWorker, name))

    assert str(theirs) == SIGNATURES[name]
    assert list(inspect.signature(getattr(Worker, name)).parameters) == list(theirs.parameters)


def names_in(*functions: Any) -> set[str]:
    """Return all attributes and globals that these functions use, nested ones too."""
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for function in functions
        for node in ast.walk(ast.parse(inspect.cleandoc("\n" + inspect.getsource(function))))
        if isinstance(node, ast.Attribute | ast.Name)
    }


def test_the_loop_calls_what_the_worker_overrides() -> None:
    assert names_in(ThreadWorker.run) >= {
        *("murder_keepalived", "_cap_keepalive", "wait_for_and_dispatch_events"),
        *("nr_conns", "worker_connections", "set_accept_enabled", "alive", "graceful_timeout"),
    }
    assert {"register", "accept"} <= names_in(ThreadWorker.set_accept_enabled)
    assert {"tpool", "submit", "handle", "finish_request"} <= names_in(ThreadWorker.enqueue_req)
    assert {"poller", "select", "data", "fileobj"} <= names_in(
        ThreadWorker.wait_for_and_dispatch_events
    )


def test_a_thread_waits_for_a_client_only_by_its_socket() -> None:
    """`wait_for_data` would poll; it is not reached for a connection whose data is ready."""
    handle = inspect.getsource(ThreadWorker.handle)
    assert "self._keepalive_after(conn, self.handle_request(req, conn))" in handle

    assert "if not conn.initialized and not conn.data_ready:" in handle
    assert handle.count("wait_for_data") == 1
    assert "handle_error(req, conn.sock, conn.client, e)" in handle


def test_a_connection_is_made_as_before() -> None:
    assert str(inspect.signature(TConn.__init__)) == "(self, cfg, sock, client, server)"
    assert {"sock", "initialized", "data_ready", "parser", "timeout"} <= names_in(TConn.__init__)
    assert gthread.STOP_KEEPALIVE_LINGER == 2.0


def methods_of_sockets(module: ModuleType | Any) -> Iterator[str]:
    """Yield what is called on whatever is named like a socket."""
    yield from re.findall(r"\b(?:client_|timeoutable_)?sock\.(\w+)\(", inspect.getsource(module))


def test_gunicorn_uses_nothing_of_a_socket_that_a_connection_lacks() -> None:
    places = [body, message, parser, unreader, wsgi, base.Worker, ThreadWorker.handle]
    places += [ThreadWorker.handle_request, ThreadWorker._keepalive_after, TConn.init]  # noqa: SLF001
    places += [util.write, util.write_chunk, util.write_nonblock, util.close_graceful, util.close]
    used = {method for place in places for method in methods_of_sockets(place)}

    of_modules = {"ssl_wrap_socket", "is_http2_negotiated"}  # gunicorn.sock, for TLS
    assert used - of_modules <= OF_A_SOCKET | UNREACHED
    assert set(dir(Connection)) >= OF_A_SOCKET


def test_send_is_used_for_100_continue_and_for_nothing_else() -> None:
    """A connection drops it, as it has sent its own before the body arrived."""
    text = "".join(inspect.getsource(m) for m in (wsgi, gthread, util, base, parser, message))

    assert re.findall(r"\.send\((.*)\)", text) == [r'b"HTTP/1.1 100 Continue\r\n\r\n"']


def test_the_parser_reads_by_recv_and_shows_what_it_did_not_use() -> None:
    one = RequestParser(Config(), type("Empty", (), {"recv": lambda *_: b""})(), ("x", 1))

    assert one.unreader.take_buffered() == b""
    assert {"sock", "recv"} <= names_in(unreader.SocketUnreader.chunk)
    assert "must_close" in names_in(message.Message.force_close, message.Message.should_close)
    assert str(inspect.signature(RequestParser.finish_body)) == (
        "(self, deadline=None, max_bytes=None)"
    )


def settings() -> Config:
    config = Config()
    config.set("sendfile", False)  # noqa: FBT003 - gunicorn's signature
    config.set("http_parser", "python")
    return config


class NoLog:
    def warning(self, *_: object) -> None:
        """Nothing is to be warned of."""


def test_the_settings_that_are_served_are_taken() -> None:
    Worker.check_config(settings(), NoLog())

    assert not negotiation.prior_knowledge_allowed(settings(), ("127.0.0.1", 1))
    assert not negotiation.upgrade_allowed(settings(), ("127.0.0.1", 1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("certfile", "x.pem"),
        ("keyfile", "x.pem"),
        ("http_protocols", "h2,h1"),
        ("http2_cleartext", "upgrade"),
        ("http2_cleartext", "prior-knowledge"),
        ("protocol", "uwsgi"),
        ("proxy_protocol", "auto"),
        ("sendfile", None),
        ("http_parser", "auto"),
    ],
)
def test_no_setting_opens_another_protocol(name: str, value: object) -> None:
    config = settings()
    config.set(name, value)

    with pytest.raises(ConfigError, match=name):
        Worker.check_config(config, NoLog())


def test_a_line_is_as_long_as_gunicorn_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEYS", '[{"name": "x", "sha256": "' + 64 * "0" + '"}]')
    monkeypatch.setenv("SOURCE_BUCKETS", "*")

    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["limit_request_line"] == LINE_BYTES
