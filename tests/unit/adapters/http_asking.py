"""One request to a server that answers with these bytes."""

from contextlib import closing

from adapters.http_connection import (
    Connection,
    Response,
)
from tests.servers.raw import RawServer

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"


def ask(connection: Connection) -> Response:
    connection.ask("POST", "/x", {"Content-Length": "0"})
    return connection.answer()


def head_of(data: bytes) -> Response:
    with RawServer([data]) as server, closing(connected(server)) as connection:
        return ask(connection)


def connected(server: RawServer) -> Connection:
    connection = Connection(server.origin.removeprefix("http://"), 5.0)
    connection.connect()
    return connection
