"""The port behind which the stand-in for Cloud Storage answers."""

import re
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.servers.cloud_storage_api import Response
from tests.servers.cloud_storage_faults import Body, Dropped, Request
from tests.servers.cloud_storage_sessions import span_of

_OBJECT = r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>.+)"
_UPLOAD = r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o"
_ROUTES = (
    ("state", "GET", r"/_test/state"),
    ("bucket", "GET", r"/storage/v1/b/(?P<bucket>[^/]+)"),
    ("permissions", "GET", r"/storage/v1/b/(?P<bucket>[^/]+)/iam/testPermissions"),
    ("list", "GET", r"/storage/v1/b/(?P<bucket>[^/]+)/o"),
    ("stat", "GET", _OBJECT),
    ("media", "GET", "/download" + _OBJECT),
    ("patch", "PATCH", _OBJECT),
    ("delete", "DELETE", _OBJECT),
    ("compose", "POST", _OBJECT + "/compose"),
    ("upload", "POST", _UPLOAD),
    ("put", "PUT", _UPLOAD),
    ("cancel", "DELETE", _UPLOAD),
)


class Server(ThreadingHTTPServer):
    """Reads requests and sends what `respond` makes of them; Dropped ends the connection."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Callable[[Request], Response]) -> None:
        super().__init__(address, _Handler)
        self.respond = respond
        self._connections: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._connections):  # else idle clients keep their threads
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # the other end went away, or the test did
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        request = self._request()
        self.close_connection |= request.kind == "chunked"  # its body stays unread
        try:
            response = self.server.respond(request)
        except Dropped:
            self.close_connection = True
        else:
            self._send(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _request(self) -> Request:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length", 0))
        route, named = _route(self.command, path)
        query_lists = parse_qs(query, keep_blank_values=True)
        return Request(
            _kind(route, query_lists, self.headers),
            unquote(named.get("bucket", "")),
            unquote(named.get("name", "")),
            query_lists,
            self.headers,
            Body(self.rfile, length),
            span_of(self.headers.get("Content-Range"), length),
        )

    def _send(self, response: Response) -> None:
        path, start, count = response.part or (None, 0, len(response.body))
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in (204, 304):
            self.send_header("Content-Length", str(count))
        self.end_headers()
        self.wfile.write(response.body)
        if path and count:
            self.wfile.flush()
            with path.open("rb") as file:
                self.connection.sendfile(file, start, count)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of the tests clean."""


def _route(method: str, path: str) -> tuple[str, dict[str, str]]:
    for route, its_method, pattern in _ROUTES:
        match = re.fullmatch(pattern, path)
        if match and method == its_method:
            return route, match.groupdict()
    return "unknown", {}


def _kind(route: str, query: Mapping[str, list[str]], headers: Message) -> str:
    if "Transfer-Encoding" in headers:
        return "chunked"
    if route == "stat" and query.get("alt") == ["media"]:
        return "media"
    if route == "upload" and query.get("uploadType") == ["multipart"]:
        return "multipart"
    if route == "upload" and query.get("uploadType") == ["resumable"]:
        return "create-session"
    if route == "put" and headers.get("Content-Range", "").startswith("bytes */"):
        return "status"
    return route
